# Types for the compiled advance.py.

cimport cython
from scoring.arrays cimport whole_t
from scoring.bands cimport earlier
from scoring.falls cimport find_fall, held_until
from scoring.flags cimport next_expiry
from scoring.lead cimport Lead
from scoring.plan cimport Plan
from scoring.score cimport Curve

cdef whole_t NEVER, SECOND_MS

@cython.locals(held_ms=whole_t, expires_ms=whole_t)
cpdef int advance(Plan plan, Lead lead, whole_t to_ms, list notices) except -1

@cython.locals(curve=Curve, score=cython.double)
cdef _fall(Plan plan, Lead lead, list notices)
