"""`python -m streams.cli`: the command where it is not installed, and how the sandbox starts its worker."""

from __future__ import annotations

from streams.cli import main

main(prog_name="leadline")
