"""Compiled modules: whether they run, and that none is older than its source.

A test run after an edit would else test what was compiled before it. So all compiled modules are removed as soon as
one is older than its source or any types, and the plain Python runs until `make install` compiles again.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT / "schemas", ROOT / "scoring", ROOT / "streams" / "lane")
COMPILED = (".so", ".pyd")


def compiled_modules() -> list[Path]:
    """The compiled modules that lie beside their sources."""
    return sorted(path for folder in FOLDERS for path in folder.iterdir() if path.suffix in COMPILED)


def remove_stale() -> None:
    """Remove all compiled modules if one of them is not of today's source, or types have changed since the last."""
    found = compiled_modules()
    types = max((path.stat().st_mtime for folder in FOLDERS for path in folder.glob("*.p[xy][dx]")), default=0.0)
    if any(map(_is_stale, found)) or types > max((path.stat().st_mtime for path in found), default=types):
        for module in found:
            module.unlink(missing_ok=True)


def _is_stale(module: Path) -> bool:
    source = module.parent / f"{module.name.split('.')[0]}.py"
    return not source.exists() or source.stat().st_mtime > module.stat().st_mtime
