# Types for the compiled limits.py.

cimport cython
from cpython.array cimport array
from scoring.arrays cimport append_word, remove_words, word_at, word_t

cdef int BUCKET_AT, BUCKETS_MAX
cdef word_t COUNTED

cpdef word_t attribute_bucket(value) except? 0xFFFFFFFFFFFFFFFF

@cython.locals(counted=word_t, length=cython.Py_ssize_t, place=cython.Py_ssize_t, counts=cython.bint)
cpdef bint offer(array table, word_t bucket, word_t times) except -1
