# Types for the compiled inputs.py.

cimport cython
from schemas.accepted cimport Signal
from schemas.codec cimport decode_object, read_signal

@cython.final
@cython.freelist(1000)
@cython.no_gc
cdef class Input:
    # In the order of inputs.py: it is that of the constructor's arguments.
    cdef readonly object record
    cdef readonly long long timestamp_ms
    cdef readonly object origin, said, model, refused

@cython.locals(signal=Signal)
cpdef Input read_input(record, long long timestamp_ms)

cdef int _check_key(record, str lead_id) except -1

@cython.locals(given=Input, leads=list, profiled=list, until_ms=cython.longlong, last=dict)
cpdef mentions(inputs)
