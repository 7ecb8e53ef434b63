# Types for the compiled lead.py.

cimport cython
from cpython.array cimport array
from scoring.arrays cimport unseen, whole_t, word_t, zeros

cdef double _FAR
cdef int _STEPS

cpdef double coarse(double ceiling) noexcept

@cython.final
@cython.no_gc
cdef class Lead:
    cdef public whole_t as_of, latest, mark, wake, surged
    cdef public double ceiling
    cdef public whole_t band, segment, known
    cdef public object status
    cdef public word_t fit
    cdef public bint is_profiled
    cdef public whole_t model, machines
    cdef public Py_ssize_t buckets
    cdef public array counts, ids, arrivals, occurred, facts
    cdef public dict parts
    cdef public list flags

    cpdef array part(self, int tag)
