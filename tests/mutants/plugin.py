"""`pytest -p tests.mutants.plugin --mutant NAME`: the tests, and the workers that they start, without one guard."""

from __future__ import annotations

import sys

import pytest

from tests.mutants.edits import applied
from tests.mutants.table import by_name


def pytest_addoption(parser: pytest.Parser) -> None:
    """The name of a mutant."""
    parser.addoption("--mutant", required=True, help="The guard that is off: see tests/mutants/table.py.")


def pytest_configure(config: pytest.Config) -> None:
    """From the beginning to the end."""
    name = config.getoption("--mutant")
    without = applied(by_name(name).edits)
    without.__enter__()
    config.add_cleanup(lambda: without.__exit__(None, None, None))
    patch = pytest.MonkeyPatch()
    patch.setattr("tests.support.workers.WORKER", (sys.executable, "-m", "tests.mutants.worker", name))
    config.add_cleanup(patch.undo)
