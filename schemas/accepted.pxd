# Types for the compiled accepted.py.

cimport cython

cpdef bint is_blank(value) except -1

@cython.final
@cython.freelist(1000)
@cython.no_gc
cdef class Signal:
    cdef readonly str id, lead_id, kind
    cdef readonly long long occurred_ms
    cdef readonly bint machine
    cdef readonly dict attributes
