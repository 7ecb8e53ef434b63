"""Compiled modules of the scoring: whether they run, and that none is older than its source.

A test run after an edit would else test what was compiled before it. So all compiled modules are removed as soon as
one is older than its source or its types, and the plain Python runs until `make install` compiles again.
"""

from __future__ import annotations

from pathlib import Path

SCORING = Path(__file__).parents[2] / "scoring"
COMPILED = (".so", ".pyd")


def compiled_modules() -> list[Path]:
    """The compiled modules that lie beside their sources."""
    return sorted(path for path in SCORING.iterdir() if path.suffix in COMPILED)


def remove_stale() -> None:
    """Remove all compiled modules if one of them is not of today's source."""
    found = compiled_modules()
    if any(_is_stale(module) for module in found):
        for module in found:
            module.unlink(missing_ok=True)


def _is_stale(module: Path) -> bool:
    name = module.name.split(".")[0]
    sources = [path for suffix in (".py", ".pxd") if (path := SCORING / f"{name}{suffix}").exists()]
    return not sources or any(source.stat().st_mtime > module.stat().st_mtime for source in sources)
