# Types for the compiled terms.py.

from scoring.arrays cimport whole_t, word_t


cdef class LimitPlan:
    cdef readonly int tag, times
    cdef readonly str per
    cdef readonly bint by_value


cdef class SteppedPlan:
    cdef readonly int tag
    cdef readonly whole_t unit_ms, span_ms
    cdef readonly bint fades


cdef class RulePlan:
    cdef readonly int slot, points
    cdef readonly word_t bit
    cdef readonly double rate
    cdef readonly tuple where
    cdef readonly LimitPlan limit
    cdef readonly SteppedPlan stepped


cdef class KindPlan:
    cdef readonly int slot, gain
    cdef readonly tuple rules
    cdef readonly word_t by_value
    cdef readonly bint engages, takes, may_lower


cdef class WindowStep:
    cdef readonly whole_t at_least
    cdef readonly int points


cdef class WindowPlan:
    cdef readonly tuple tags, steps
    cdef readonly whole_t hours
    cdef readonly int group, most
    cdef readonly bint ascends


cdef class QuietPlan:
    cdef readonly whole_t after_ms, every_ms, at_most
    cdef readonly int points, group


cdef class SteppedTerm:
    cdef readonly SteppedPlan stepped
    cdef readonly int points, group


cdef class SlotPoints:
    cdef readonly int slot, points


cdef class DecayTerm:
    cdef readonly double rate
    cdef readonly int group
    cdef readonly tuple rules


cdef class Lines:
    cdef readonly double enter, leave


cdef class SegmentPlan:
    cdef readonly object name
    cdef readonly tuple where, lines
    cdef readonly object threshold


cdef class Clamp:
    cdef readonly str name
    cdef readonly int group
    cdef readonly double low, high
