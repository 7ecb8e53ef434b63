# Types for the compiled batch.py.

cimport cython
from schemas.accepted cimport Signal
from scoring.advance cimport advance
from scoring.lead cimport Lead
from scoring.plan cimport Plan
from scoring.state cimport encode_lead
from streams.lane.inputs cimport Input

cdef class Batch:
    cdef public Plan plan
    cdef public long long partition
    cdef public dict leads
    cdef public object outputs, partition_of
    cdef public long long until_ms
    cdef public bint keeps_journal
    cdef public object erasures
    cdef public dict profiles, touched, lowered, outcomes
    cdef public list applied, told
    cdef public dict gone
    cdef public set stray
    cdef public set _updated
    cdef public list _timers
    cdef bint _is_erasing

    cpdef _fire_until(self, long long instant_ms)
    cpdef _watch(self, str lead_id, Lead lead)
    @cython.locals(given=Input)
    cpdef apply(self, inputs)
    cpdef _apply(self, Input given)
    @cython.locals(lead_id=str, lead=Lead, after=Lead, wake=cython.longlong, ceiling=cython.double, notices=list)
    cpdef _apply_to_lead(self, Input given, said)
    cpdef tuple _step(self, Lead lead, said, long long timestamp_ms, list notices)
    cpdef _count(self, Input given, outcome)
    cpdef _note(self, Input given)
