# Types for the compiled arrays.pyx, and for whoever calls it from C.

from cpython.array cimport array

ctypedef unsigned long long word_t
ctypedef long long whole_t

cpdef word_t word_at(array words, Py_ssize_t place) noexcept
cpdef void put_word(array words, Py_ssize_t place, word_t word) noexcept
cpdef int append_word(array words, word_t word) except -1
cpdef int insert_word(array words, Py_ssize_t place, word_t word) except -1
cpdef int remove_words(array words, Py_ssize_t first, Py_ssize_t how_many) except -1
cpdef Py_ssize_t last_place_before(array words, Py_ssize_t end, word_t word) noexcept
cpdef Py_ssize_t first_place_from(array words, word_t least) noexcept
cpdef double number_at(array numbers, Py_ssize_t place) noexcept
cpdef void put_number(array numbers, Py_ssize_t place, double number) noexcept
cpdef void add_number(array numbers, Py_ssize_t place, double more) noexcept
cpdef array zeros(Py_ssize_t how_many)
cpdef array unseen(array things)
