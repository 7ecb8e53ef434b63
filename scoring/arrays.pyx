"""arrays.py in the types of C: the same steps, on the memory of the arrays."""

from array import array as new_array
from cpython.array cimport array, clone, resize_smart
from libc.string cimport memmove

cdef extern from "Python.h":
    void PyObject_GC_UnTrack(void *thing)

cdef array _doubles = new_array("d")


cpdef word_t word_at(array words, Py_ssize_t place) noexcept:
    return words.data.as_ulonglongs[place]


cpdef void put_word(array words, Py_ssize_t place, word_t word) noexcept:
    words.data.as_ulonglongs[place] = word


cpdef int append_word(array words, word_t word) except -1:
    cdef Py_ssize_t length = len(words)
    resize_smart(words, length + 1)
    words.data.as_ulonglongs[length] = word
    return 0


cpdef int insert_word(array words, Py_ssize_t place, word_t word) except -1:
    cdef Py_ssize_t length = len(words)
    cdef word_t *at
    resize_smart(words, length + 1)
    at = words.data.as_ulonglongs + place
    memmove(at + 1, at, (length - place) * sizeof(word_t))
    at[0] = word
    return 0


cpdef int remove_words(array words, Py_ssize_t first, Py_ssize_t how_many) except -1:
    cdef Py_ssize_t left = len(words) - how_many
    cdef word_t *at = words.data.as_ulonglongs + first
    memmove(at, at + how_many, (left - first) * sizeof(word_t))
    resize_smart(words, left)
    return 0


cpdef Py_ssize_t last_place_before(array words, Py_ssize_t end, word_t word) noexcept:
    cdef word_t *at = words.data.as_ulonglongs
    cdef Py_ssize_t place = end - 1
    while place >= 0 and at[place] != word:
        place -= 1
    return place


cpdef Py_ssize_t first_place_from(array words, word_t least) noexcept:
    cdef word_t *at = words.data.as_ulonglongs
    cdef Py_ssize_t first = 0, middle, end = len(words)
    while first < end:
        middle = (first + end) // 2
        if at[middle] < least:
            first = middle + 1
        else:
            end = middle
    return first


cpdef double number_at(array numbers, Py_ssize_t place) noexcept:
    return numbers.data.as_doubles[place]


cpdef void put_number(array numbers, Py_ssize_t place, double number) noexcept:
    numbers.data.as_doubles[place] = number


cpdef void add_number(array numbers, Py_ssize_t place, double more) noexcept:
    numbers.data.as_doubles[place] += more


cpdef array zeros(Py_ssize_t how_many):
    return unseen(clone(_doubles, how_many, True))


cpdef array unseen(array things):
    PyObject_GC_UnTrack(<void *> things)
    return things
