# Types for the compiled state.py.

cimport cython
from scoring.arrays cimport unseen
from scoring.lead cimport Lead
from scoring.packing cimport Reader, Writer

@cython.locals(writer=Writer, start=cython.Py_ssize_t, end=cython.Py_ssize_t, ids=cython.Py_ssize_t, rules=cython.Py_ssize_t)
cpdef bytes encode_lead(Lead lead)

@cython.locals(ceiling=cython.double, steps=cython.longlong, is_fine=cython.bint, switches=cython.int)
cdef _write_head(Writer writer, Lead lead)

@cython.locals(lead=Lead, rules=cython.Py_ssize_t, ids=cython.Py_ssize_t, newest=cython.Py_ssize_t, parts=cython.Py_ssize_t, start=cython.Py_ssize_t, end=cython.Py_ssize_t, tag=cython.Py_ssize_t)
cdef _read(Reader reader)

@cython.locals(switches=cython.ulonglong)
cdef _read_head(Reader reader, Lead lead)
