# Types for the compiled codec.py.

cimport cython
from schemas.accepted cimport Signal

cdef long long AHEAD_MAX_MS, BEHIND_MAX_MS, LATEST_MS, YEAR_2000_MS

cpdef dict decode_object(value)

@cython.locals(signal=Signal)
cpdef Signal read_signal(dict members, default_kind, timestamp_ms)

@cython.locals(known_ms=cython.longlong)
cpdef check_instant(long long occurred_ms, timestamp_ms)

cdef Signal _read_good_signal(dict members, default_kind)
cdef Signal _read_any_signal(dict members, default_kind)
