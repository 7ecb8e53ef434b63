"""How a reader of a document refuses it."""

from __future__ import annotations

from tests.support.reference.model import BadModel


def require(holds: bool, what: str) -> None:
    """Raises BadModel, naming what does not hold."""
    if not holds:
        raise BadModel(what)
