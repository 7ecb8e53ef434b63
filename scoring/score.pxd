# Types for the compiled score.py.

cimport cython
from cpython.array cimport array
from scoring.arrays cimport whole_t, add_number, number_at, put_number, zeros
from scoring.flags cimport caps
from scoring.lead cimport Lead, coarse
from scoring.plan cimport Plan
from scoring.series cimport count_since
from scoring.terms cimport Clamp, DecayTerm, QuietPlan, SlotPoints, SteppedPlan, SteppedTerm, WindowPlan, WindowStep

cdef whole_t END_OF_TIME_MS, HOUR_MS, NEVER
cdef double _PARTS_OF_A_POINT, _NEAR_A_HALF, _POINTS_MAX

@cython.final
@cython.freelist(8)
cdef class Curve:
    cdef readonly Plan plan
    cdef readonly dict parts
    cdef readonly array points
    cdef readonly whole_t mark
    cdef array _base
    cdef list _caps
    cdef whole_t _latest

    @cython.locals(place=cython.Py_ssize_t, term=DecayTerm, rule=SlotPoints, points=cython.double)
    cdef int _weigh(self, array counts) except -1
    cpdef double score(self, whole_t at_ms) except? -1e300
    cpdef array group_sums(self, whole_t at_ms)
    @cython.locals(plan=Plan, fixed=array, term=SteppedTerm, window=WindowPlan, count=whole_t, cap=cython.double)
    cpdef Piece piece(self, whole_t at_ms)
    @cython.locals(plan=Plan, fixed=array, term=SteppedTerm, window=WindowPlan, most=cython.int, cap=cython.double)
    cpdef double ceiling(self, whole_t at_ms) except? -1e300
    @cython.locals(plan=Plan, parts=dict, term=SteppedTerm, window=WindowPlan, first=whole_t)
    cpdef whole_t next_jump_ms(self, whole_t at_ms) except *
    @cython.locals(quiet=QuietPlan)
    cdef Piece _piece(self, array fixed, whole_t at_ms, double cap)

@cython.locals(curve=Curve)
cpdef double score_now(Plan plan, Lead lead) except? -1e300

@cython.final
@cython.freelist(8)
cdef class Piece:
    cdef double _cap
    cdef Curve _curve
    cdef array _fixed

    @cython.locals(curve=Curve, place=cython.Py_ssize_t, term=SteppedTerm)
    cpdef bint only_falls(self) except -1
    @cython.locals(curve=Curve, sums=array, place=cython.Py_ssize_t, term=DecayTerm, each=SteppedTerm, points=cython.double, at_ms=whole_t)
    cpdef array sums(self, whole_t rising_ms, whole_t falling_ms)
    @cython.locals(plan=Plan, sums=array, clamp=Clamp, group=cython.int, total=cython.double)
    cpdef double lowest(self, whole_t first_ms, whole_t last_ms) except? -1e300

cpdef double within(double points, double low, double high) noexcept

@cython.locals(scaled=cython.double, whole=cython.double, beyond_a_half=cython.double)
cpdef double rounded(double points) except? -1e300

cpdef double decayed_points(Lead lead, int slot, double rate, int points, whole_t at_ms) except? -1e300

@cython.locals(stepped=SteppedPlan, first=whole_t, stamp=whole_t, count=whole_t, weight=cython.double)
cpdef double stepped_points(SteppedTerm term, series, whole_t at_ms) except? -1e300

cpdef whole_t first_alive(SteppedPlan stepped, whole_t at_ms) except? -1
cpdef whole_t first_hour(whole_t hours, whole_t at_ms) noexcept

@cython.locals(first=whole_t, count=whole_t)
cpdef whole_t window_count(dict parts, tuple tags, whole_t hours, whole_t at_ms) except -1

@cython.locals(step=WindowStep, reached=cython.int)
cpdef int step_points(WindowPlan window, whole_t count) except? -1000000

@cython.locals(times=whole_t)
cpdef whole_t inactivity_points(QuietPlan quiet, whole_t quiet_ms) except? -1

@cython.locals(first_ms=whole_t, steps=whole_t)
cdef whole_t _next_quiet_step(QuietPlan quiet, whole_t latest, whole_t at_ms) except? -1
