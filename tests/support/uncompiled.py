"""The product as plain Python, where compiled modules lie beside the sources.

    python -m pytest -p tests.support.uncompiled tests/laws    all laws by the sources
    python -m tests.support.uncompiled < states                what the sources make of each state, a line each

Importing this file is what does it; it has to come before the first import of the product.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from types import ModuleType

from tests.support.compiled import FOLDERS, ROOT


class Sources(MetaPathFinder):
    """Finds the modules of folders with compiled ones by their sources alone."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The source of such a module; everything else is left to others."""
        source = ROOT / f"{fullname.replace('.', '/')}.py"
        return spec_from_file_location(fullname, source) if source.parent in FOLDERS and source.is_file() else None


def _only_sources() -> None:
    loaded = [name for name in sys.modules if name.startswith(("schemas.", "scoring.", "streams.lane."))]
    if loaded:
        raise RuntimeError(f"{loaded[0]} was imported before the sources were chosen")
    sys.meta_path.insert(0, Sources())


def _main() -> None:
    from scoring import packing, state
    from tests.support.states import outcome

    sys.stdout.write(f"{state.IS_COMPILED or packing.IS_COMPILED}\n")
    for line in sys.stdin:
        sys.stdout.write(outcome(bytes.fromhex(line)) + "\n")


_only_sources()
if __name__ == "__main__":
    _main()
