"""Compiles the inner loop of the scoring where there is a C compiler; where there is none, it runs as it is.

Everything else that is to be said of the package is in pyproject.toml.
"""

from __future__ import annotations

import os

from Cython.Build import cythonize
from setuptools import Extension, setup

HOT = (
    *("schemas.accepted", "schemas.codec", "schemas.instants"),
    *("scoring.advance", "scoring.arrays", "scoring.bands", "scoring.calendar", "scoring.falls", "scoring.fold"),
    *("scoring.lead", "scoring.limits", "scoring.memory", "scoring.packing", "scoring.score", "scoring.series"),
    *("scoring.state", "streams.lane.batch", "streams.lane.inputs", "streams.lane.steps"),
)
"""What runs for each event: plain Python, with its types in .pxd files; arrays.py has a twin in arrays.pyx."""

WARM = (
    *("scoring.conditions", "scoring.explain", "scoring.flags", "scoring.notices", "scoring.plan", "scoring.terms"),
    "streams.lane.outputs",
)
"""What runs for each change, and what the above needs to know of a plan in its types."""

DIRECTIVES = {
    "annotation_typing": False,  # the types are those of the .pxd: an `int` of Python may be of any size
    "initializedcheck": False,  # a memory view is there from the constructor on
    "cpow": True,  # only positive numbers are raised to a power
}


def _extension(name: str, optimized: str) -> Extension:
    """Without debugging symbols it compiles twice as fast, and runs as fast."""
    path = name.replace(".", "/")
    source = f"{path}.pyx" if os.path.exists(f"{path}.pyx") else f"{path}.py"
    return Extension(name, [source], extra_compile_args=[optimized, "-g0"] if os.name == "posix" else [])


extensions = cythonize(
    [_extension(name, "-O2") for name in HOT] + [_extension(name, "-O1") for name in WARM],
    compiler_directives=DIRECTIVES,
    build_dir="build",
    quiet=True,
)
for extension in extensions:
    extension.optional = True  # cythonize does not keep it
setup(ext_modules=extensions, options={"build_ext": {"parallel": os.cpu_count()}})
