# Types for the compiled falls.py. Times in _Search are whole seconds.

cimport cython
from scoring.arrays cimport whole_t
from scoring.flags cimport next_expiry
from scoring.lead cimport Lead
from scoring.plan cimport Plan
from scoring.score cimport Curve, Piece
from scoring.terms cimport Lines

cdef whole_t LATEST_MS, NEVER, SECOND_MS, _FIRST_STRETCH_S, _NO_FALL, _STRETCH_GROWS
cdef int _GUESSES_MAX

cpdef whole_t second_after(whole_t instant_ms) noexcept

@cython.locals(curve=Curve, line=Lines, first=whole_t, end=whole_t, last=whole_t, fall=whole_t, search=_Search)
cpdef whole_t find_fall(Plan plan, Lead lead, whole_t from_ms) except -1

@cython.locals(curve=Curve, line=Lines, end_ms=whole_t, ahead_ms=whole_t)
cpdef whole_t held_until(Plan plan, Lead lead, whole_t from_ms, whole_t to_ms) except -1

@cython.final
cdef class _Search:
    cdef Piece piece
    cdef double leave

    cdef double lowest(self, whole_t first, whole_t last) except? -1e300
    @cython.locals(top=cython.double, lowest=cython.double, stretch=whole_t, last=whole_t, fall=whole_t)
    cdef whole_t first_fall(self, whole_t first, whole_t end) except *
    @cython.locals(pending=list, guess=whole_t, toward=whole_t, before=whole_t, split=whole_t, end=whole_t, guesses=cython.int)
    cdef whole_t _fall_within(self, whole_t first, whole_t last, double top, double lowest) except *
    @cython.locals(end=whole_t, lowest=cython.double)
    cdef whole_t _leave_behind(self, whole_t first, list pending) except *
    cdef whole_t _guess(self, whole_t length, double top, double lowest, int guesses) except *
    cdef whole_t _meets(self, whole_t length, double top, double lowest) except *
