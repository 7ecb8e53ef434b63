"""Compiles the inner loop of the scoring where there is a C compiler. Where there is none, the same files run as they are.

Everything else that is to be said of the package is in pyproject.toml.
"""

from __future__ import annotations

from Cython.Build import cythonize
from setuptools import Extension, setup

COMPILED = ("packing", "state")
"""Of scoring/: plain Python, each with its types in a .pxd of the same name."""

DIRECTIVES = {
    "annotation_typing": False,  # the types are those of the .pxd: an `int` of Python may be of any size
    "wraparound": False,  # no index is negative
    "initializedcheck": False,  # a memory view is there from the constructor on
}

setup(
    ext_modules=cythonize(
        [Extension(f"scoring.{name}", [f"scoring/{name}.py"], optional=True) for name in COMPILED],
        compiler_directives=DIRECTIVES,
        build_dir="build",
        quiet=True,
    )
)
