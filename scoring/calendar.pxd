# Types for the compiled calendar.py.

from scoring.arrays cimport whole_t

cdef whole_t DAY_MS
cdef whole_t _EPOCH_ORDINAL

cpdef whole_t utc_day(whole_t instant_ms) noexcept
