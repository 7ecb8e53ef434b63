# Types for the compiled steps.py.

cimport cython

@cython.final
cdef class Steps:
    cdef public dict next_offset
    cdef Py_ssize_t _batch_records
    cdef double _topic_wait_s
    cdef dict _waiting, _pulled, _first_ms
    cdef object _open, _unread

    @cython.locals(taken=list, topics=list, queues=list, stamps=list, turn=cython.Py_ssize_t, waiting=dict)
    cpdef list take(self, present_ms)
    cpdef give_back(self, taken)
    cpdef _note_positions(self, list taken)
