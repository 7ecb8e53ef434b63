# Types for the compiled flags.py.

from scoring.arrays cimport whole_t
from scoring.lead cimport Lead
from scoring.plan cimport Plan

cpdef whole_t next_expiry(Lead lead) except? -1
cpdef list caps(Plan plan, Lead lead)
cpdef list named_caps(Plan plan, Lead lead)
