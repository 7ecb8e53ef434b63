"""`python -m tests.mutants.worker NAME`: `leadline worker` without one guard."""

from __future__ import annotations

import sys

from streams.cli import main
from tests.mutants.edits import applied
from tests.mutants.table import by_name

if __name__ == "__main__":
    with applied(by_name(sys.argv[1]).edits):
        main(["worker"])
