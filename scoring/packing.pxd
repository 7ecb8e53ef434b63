# Types for the compiled packing.py: words are 64 bits, and `words` is the memory of an array, not a copy.

cimport cython

ctypedef unsigned long long word_t


cdef int ALERT_TIMES, BUCKET_AT, COUNT_BITS, DAY_TOTALS, EARLIER_GAINS, LIMIT_TABLE, LIMIT_VALUES
cdef int FACT_MASK_AT, FACT_POINTS_AT, GAIN_AT, GAIN_SLOT_AT, ID_BYTES
cdef word_t FACT_MASK, FACT_SLOT, GAIN_POINTS
cdef long long _DISTANCE_END, _GAINS_END_MS
cdef word_t _BUCKET_BYTES_MAX, COUNTED, _FACT_POINTS_END, _STAMPS_END, TOTAL
cdef long long NEVER

@cython.final
cdef class Writer:
    cdef readonly long long as_of
    cdef readonly Py_ssize_t at
    cdef unsigned char[::1] out
    cdef word_t[::1] words
    cdef Py_ssize_t tables_start
    cdef Py_ssize_t tables_end

    cpdef int number(self, word_t value) except -1
    cdef int byte(self, unsigned char value) except -1
    cpdef int distance(self, long long distance) except -1
    cpdef int instant(self, long long instant) except -1
    @cython.locals(_=cython.int)
    cdef int fixed(self, word_t word, int size_bytes) except -1
    @cython.locals(first=cython.Py_ssize_t, slot=cython.Py_ssize_t, used=cython.uint)
    cpdef int counts(self, Py_ssize_t rules) except -1
    @cython.locals(place=cython.Py_ssize_t, back=cython.Py_ssize_t, end=cython.Py_ssize_t, later=cython.longlong)
    cpdef int log(self, Py_ssize_t start, Py_ssize_t ids, Py_ssize_t newest) except -1
    @cython.locals(place=cython.Py_ssize_t, same=cython.Py_ssize_t, fact=cython.ulonglong)
    cdef int facts(self, Py_ssize_t start, Py_ssize_t end) except -1
    @cython.locals(place=cython.Py_ssize_t)
    cpdef int part(self, Py_ssize_t tag, Py_ssize_t start, Py_ssize_t end) except -1
    @cython.locals(place=cython.Py_ssize_t, word=cython.ulonglong, before=cython.ulonglong)
    cdef int series(self, Py_ssize_t start, Py_ssize_t end) except -1
    @cython.locals(place=cython.Py_ssize_t, width=cython.int)
    cdef int table(self, Py_ssize_t start, Py_ssize_t end) except -1
    @cython.locals(place=cython.Py_ssize_t, found=cython.Py_ssize_t, bucket=cython.ulonglong)
    cdef int values(self, Py_ssize_t start, Py_ssize_t end) except -1
    cdef int gain(self, word_t word) except -1


@cython.final
cdef class Reader:
    cdef long long as_of
    cdef public Py_ssize_t at
    cdef readonly bytes packed
    cdef public word_t[::1] words
    cdef Py_ssize_t tables_start
    cdef Py_ssize_t tables_end

    @cython.locals(byte=cython.ulonglong, value=cython.ulonglong, shift=cython.int)
    cpdef word_t number(self) except? 0xFFFFFFFFFFFFFFFF
    @cython.locals(value=cython.ulonglong)
    cdef word_t number_below(self, word_t end) except? 0xFFFFFFFFFFFFFFFF
    cpdef word_t count(self) except? 0xFFFFFFFFFFFFFFFF
    cpdef Py_ssize_t length(self) except -1
    cpdef long long start(self)
    @cython.locals(value=cython.ulonglong)
    cpdef long long distance(self)
    @cython.locals(value=cython.ulonglong)
    cpdef long long instant(self)
    cdef long long before(self, long long instant, long long distance)
    @cython.locals(word=cython.ulonglong, place=cython.int, byte=cython.ulonglong)
    cdef word_t fixed(self, int size_bytes) except? 0xFFFFFFFFFFFFFFFF
    @cython.locals(slot=cython.Py_ssize_t, bits_at=cython.Py_ssize_t)
    cpdef int counts(self, Py_ssize_t rules) except -1
    @cython.locals(place=cython.Py_ssize_t, back=cython.Py_ssize_t, end=cython.Py_ssize_t, later=cython.longlong)
    cpdef int log(self, Py_ssize_t start, Py_ssize_t ids, Py_ssize_t newest) except -1
    @cython.locals(place=cython.Py_ssize_t, back=cython.Py_ssize_t, slot=cython.ulonglong, mask=cython.ulonglong)
    cdef int facts(self, Py_ssize_t start, Py_ssize_t end) except -1
    @cython.locals(place=cython.Py_ssize_t)
    cpdef int part(self, Py_ssize_t tag, Py_ssize_t start, Py_ssize_t end) except -1
    @cython.locals(place=cython.Py_ssize_t, stamp=cython.ulonglong, total=cython.ulonglong)
    cdef int series(self, Py_ssize_t start, Py_ssize_t end) except -1
    @cython.locals(place=cython.Py_ssize_t, width=cython.int, bucket=cython.ulonglong)
    cdef int table(self, Py_ssize_t start, Py_ssize_t end) except -1
    @cython.locals(found=cython.ulonglong)
    cdef word_t value(self) except? 0xFFFFFFFFFFFFFFFF
    @cython.locals(occurred_ms=cython.longlong, slot=cython.ulonglong)
    cdef word_t gain(self) except? 0xFFFFFFFFFFFFFFFF
