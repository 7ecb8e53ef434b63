# Types for the compiled fold.py.

cimport cython
from cpython.array cimport array
from schemas.accepted cimport Signal
from scoring.advance cimport advance
from scoring.arrays cimport whole_t, add_number, number_at, word_t
from scoring.bands cimport band_after_input, look_ahead
from scoring.lead cimport Lead
from scoring.limits cimport offer
from scoring.memory cimport is_repeat, pack_fact, remember, signal_hash
from scoring.plan cimport Plan
from scoring.score cimport Curve, first_alive, first_hour, score_now
from scoring.series cimport add, drop_first, drop_old, first_stamp_of
from scoring.terms cimport KindPlan, LimitPlan, Lines, RulePlan, SteppedPlan

cdef int DAY_TOTALS, DAYS_MAX, HALF_LIVES_MAX, KIND_BUCKETS_MAX, KIND_SERIES, LIMIT_VALUES, ROLLING_HOURS_MAX, RULE_SERIES
cdef whole_t HOUR_MS, NEVER, SECOND_MS
cdef double ROUNDING

@cython.final
@cython.freelist(8)
@cython.no_gc
cdef class Counted:
    cdef readonly list rules, values
    cdef readonly word_t mask
    cdef readonly int gain
    cdef readonly bint takes

    cdef int add(self, RulePlan rule) except -1

@cython.locals(known=word_t, occurred_ms=whole_t)
cpdef tuple apply_signal(Plan plan, Lead lead, Signal signal, whole_t timestamp_ms, list notices)

@cython.locals(occurred_ms=whole_t, kind=KindPlan, counted=Counted, lowers=cython.bint, surges=cython.bint, scored=cython.bint, previous_score=cython.double)
cdef int _apply(Plan plan, Lead lead, Signal signal, word_t known, whole_t timestamp_ms, list notices) except -1

cdef bint _may_lower(Plan plan, Lead lead, KindPlan kind, Counted counted) except -1
cdef bint _may_move(Plan plan, Lead lead, KindPlan kind, int gain) except -1

@cython.locals(lines=tuple, line=Lines)
cdef double _next_line(Plan plan, Lead lead) except? -1e300

@cython.locals(slot=cython.int)
cdef bint _may_rise(Plan plan, Lead lead) except -1

@cython.locals(curve=Curve, score=cython.double, band=cython.int)
cdef int _evaluate(Plan plan, Lead lead, double previous_score, list notices) except -1

@cython.locals(counted=Counted, rule=RulePlan, limit=LimitPlan, bucket=word_t)
cdef Counted _offer(Plan plan, Lead lead, KindPlan kind, whole_t occurred_ms, dict attributes)

cdef bint _meets(RulePlan rule, dict attributes) except -1

@cython.locals(rule=RulePlan, totals=array)
cdef int _count(Plan plan, Lead lead, KindPlan kind, Counted counted, whole_t occurred_ms) except -1

cdef int _add_weight(Plan plan, Lead lead, RulePlan rule, whole_t occurred_ms) except -1

@cython.locals(rule=RulePlan)
cdef int _move_mark(Plan plan, Lead lead, whole_t to_ms) except -1

@cython.locals(stamp=whole_t, alive=whole_t, series=array)
cdef int _add_step(Lead lead, SteppedPlan stepped, whole_t occurred_ms) except -1

@cython.locals(alive=whole_t, series=array)
cdef int _add_to_window(Lead lead, KindPlan kind, whole_t hour) except -1

@cython.locals(oldest=whole_t, words=array)
cdef int _forget_oldest_hour(Lead lead) except -1
