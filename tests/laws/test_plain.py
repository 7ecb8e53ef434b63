"""The scoring where there is no C compiler: the sources themselves hold what their compiled twins do."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.support.compiled import ROOT, compiled_modules

HELD = (
    "tests/unit/test_scoring_falls.py",
    "tests/unit/test_scoring_limits.py",
    "tests/unit/test_scoring_series.py",
    "tests/laws/test_reference_small.py",
    *(f"tests/laws/test_reference_random.py::test_random_models_and_leads_agree[{seed}]" for seed in range(6)),
)
"""The arithmetic of the parts, and of random models and leads against the slow reference."""

PLAIN_S = 240
"""A minute on a machine that does nothing else."""


@pytest.mark.timeout(PLAIN_S + 10)
def test_plain_sources_agree_with_the_reference() -> None:
    """In a process that finds no compiled module; the tests that need none to be compiled run there, too."""
    if not compiled_modules():
        pytest.skip("there is no compiled module: what all other tests run is the plain one")
    plain = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.support.uncompiled", "-p", "no:cacheprovider", *HELD],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PLAIN_S,
        check=False,
    )
    assert plain.returncode == 0, plain.stdout[-4000:]
    assert re.search(r"^\d+ passed in ", plain.stdout, re.MULTILINE), plain.stdout[-400:]
