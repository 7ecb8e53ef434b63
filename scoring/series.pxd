# Types for the compiled series.py.

cimport cython
from cpython.array cimport array
from scoring.arrays cimport whole_t, append_word, first_place_from, insert_word, put_word, remove_words, word_at, word_t

cdef int COUNT_BITS, DROP_AT_ONCE
cdef word_t TOTAL

@cython.locals(length=cython.Py_ssize_t, last=word_t, full=word_t)
cpdef bint add(array series, whole_t stamp, word_t how_many=*, word_t most=*) except -1

@cython.locals(place=cython.Py_ssize_t, before=word_t, is_new=cython.bint, room=word_t)
cdef bint _add_to_old(array series, whole_t stamp, word_t how_many, word_t most) except -1

@cython.locals(place=cython.Py_ssize_t, left=whole_t)
cpdef bint take_away(array series, whole_t stamp, whole_t how_many=*) except -1

cpdef whole_t first_stamp_of(array series) noexcept

@cython.locals(length=cython.Py_ssize_t, place=cython.Py_ssize_t)
cpdef whole_t count_since(array series, whole_t first_stamp) noexcept
cpdef whole_t count_between(array series, whole_t first_stamp, whole_t end_stamp) noexcept

@cython.locals(place=cython.Py_ssize_t, before=word_t, word=word_t)
cpdef list entries_since(array series, whole_t first_stamp)

@cython.locals(gone=whole_t)
cpdef int drop_first(array series, Py_ssize_t how_many) except -1

@cython.locals(old=cython.Py_ssize_t)
cpdef Py_ssize_t drop_old(array series, whole_t first_stamp) except -1

cdef word_t _total_before(array series, Py_ssize_t place) noexcept

@cython.locals(later=cython.Py_ssize_t)
cdef int _add_from(array series, Py_ssize_t place, whole_t how_many) noexcept
