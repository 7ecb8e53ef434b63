# Types for the compiled memory.py.

cimport cython
from cpython.array cimport array
from scoring.arrays cimport whole_t, append_word, last_place_before, remove_words, word_at, word_t
from scoring.lead cimport Lead
from scoring.plan cimport Plan
from scoring.terms cimport KindPlan

cdef int EARLIER_GAINS, FACT_MASK_AT, FACT_POINTS_AT, GAIN_AT, GAIN_SLOT_AT, IDS_MAX, LIMIT_VALUES, NEWEST_MAX
cdef word_t FACT_MASK, FACT_SLOT, GAIN_POINTS, _RETRACTED
cdef whole_t REPEAT_WITHIN_MS

cpdef word_t signal_hash(str kind, str signal_id) except? 0xFFFFFFFFFFFFFFFF
@cython.locals(place=cython.Py_ssize_t, arrival=whole_t)
cpdef bint is_repeat(Lead lead, word_t known, whole_t timestamp_ms) except -1
cpdef word_t pack_fact(word_t slot, word_t rules, word_t points) noexcept
cpdef int slot_of(word_t fact) noexcept
cpdef word_t counted_by(word_t fact) noexcept
cpdef word_t rules_of(word_t fact) noexcept
cpdef word_t points_of(word_t fact) noexcept
cpdef bint gave_points(word_t fact) noexcept
cpdef int remember(Plan plan, Lead lead, word_t known, whole_t timestamp_ms, whole_t occurred_ms, word_t fact) except -1

@cython.locals(counted=word_t, how_many=cython.int)
cpdef int values_of(KindPlan kind, word_t fact) noexcept

@cython.locals(occurred_ms=word_t, fact=word_t, gain=word_t, how_many=cython.int, values=array)
cdef int _leave_newest(Plan plan, Lead lead) except -1

@cython.locals(gains=array, too_many=cython.Py_ssize_t, place=cython.Py_ssize_t)
cdef int _forget_gains(Lead lead) except -1
