# Types for the compiled bands.py.

cimport cython
from scoring.arrays cimport whole_t
from scoring.falls cimport find_fall, second_after
from scoring.flags cimport next_expiry
from scoring.lead cimport Lead
from scoring.plan cimport Plan
from scoring.score cimport Curve
from scoring.terms cimport Lines

cdef whole_t NEVER

@cython.locals(lines=tuple, line=Lines, band=cython.int)
cpdef int band_below(Plan plan, Lead lead, double score) except -1

@cython.locals(lines=tuple, line=Lines, band=cython.int)
cpdef int band_after_input(Plan plan, Lead lead, double score) except -1

@cython.locals(falls_ms=whole_t)
cpdef whole_t look_ahead(Plan plan, Lead lead) except -1

cpdef whole_t earlier(whole_t one_ms, whole_t other_ms) noexcept
