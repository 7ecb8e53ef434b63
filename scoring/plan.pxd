# Types for the compiled plan.py.

cimport cython
from scoring.arrays cimport whole_t, word_t
from scoring.calendar cimport utc_day
from scoring.lead cimport Lead
from scoring.limits cimport attribute_bucket
from scoring.terms cimport KindPlan, LimitPlan, QuietPlan

@cython.final
cdef class Plan:
    cdef readonly object model, fit_sums
    cdef object _day
    cdef readonly whole_t ordinal, window_hours
    cdef readonly list rules
    cdef readonly tuple bands, names, kinds, windows, slots, decays, terms, stepped, fading_losses, stepped_losses
    cdef readonly tuple clamps, fit, segments, scale
    cdef readonly dict kind_slots, groups, by_kind
    cdef readonly KindPlan other
    cdef readonly int sums
    cdef readonly double low, high, first_ceiling
    cdef readonly bint jumps_fall
    cdef readonly QuietPlan quiet
    cdef readonly object fit_places
    cdef readonly word_t flagging

    cpdef whole_t day(self, whole_t instant_ms) except *
    cpdef word_t bucket(self, LimitPlan limit, whole_t occurred_ms, dict attributes) except? 0xFFFFFFFFFFFFFFFF
    cpdef KindPlan kind(self, str kind)
    cpdef tuple lines(self, Lead lead)
