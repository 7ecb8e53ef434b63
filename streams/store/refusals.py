"""What a script's refusal means for the operator, in words: what is there, what was expected, what to do.

Shared with the double in `tests/support/doubles`, so that both refuse in the same words.
"""

from __future__ import annotations

import re

from streams.lane.ports import Halted, StoreRefused


def refusal(where: str, what: str, stored: str, ours: str, key_type: str = "") -> StoreRefused:
    """The error for one `{'REFUSED', what, stored, ours, key_type}`; `where` names the Redis and the lane.

    It ends in a log, so that no lead is named in it.
    """
    shown = _OF_A_LEAD.sub(r"\1...", stored) if what == "type" else stored
    return StoreRefused(f"{where} {_TEXTS[what].format(stored=shown, ours=ours, key_type=key_type)}")


def rebuilt(where: str, partition: int) -> Halted:
    """The error for `{'REBUILT'}`: the lane has no owner but the rebuild."""
    return Halted(
        f"{where} is being rebuilt; the lane goes on by itself when that is done. If no `leadline rebuild` runs "
        f"any more, `leadline rebuild --partition {partition}` finishes what it has begun."
    )


_OF_A_LEAD = re.compile(r"(:(?:lead|profile|history|told):).+", re.DOTALL)
"""In a key: what comes before a lead's id, and that."""

_TEXTS = {
    "layout": (
        "was scored with the layout {stored} (partitions:hash), and the topics now have {ours}: a lead's place "
        "would change. If partitions were added, set LEADLINE_PREFIX to a name not used yet: the scores are "
        "then computed anew from the topics. Otherwise check LEADLINE_REDIS and LEADLINE_PREFIX"
    ),
    "environment": (
        "belongs to the environment {stored!r}, and this worker to {ours!r}: check LEADLINE_REDIS, "
        "LEADLINE_PREFIX and LEADLINE_ENVIRONMENT"
    ),
    "format": (
        "holds states of format {stored}, and this leadline knows formats up to {ours}: start the version that "
        "wrote them, or a newer one"
    ),
    "type": (
        "holds a {ours} under the key {stored}, where leadline keeps a {key_type}: give this installation a "
        "prefix of its own (LEADLINE_PREFIX), or remove that key (SCAN with TYPE {ours} finds it)"
    ),
    "outbox": (
        "has an outbox that ends with entry {stored}, and the lane expected {ours}: something else writes to "
        "it; find out what before the worker starts again"
    ),
    "rights": (
        "does not let our user run {stored} on {ours}, so a commit could stop half-way: give the user the rights "
        "that deploy/SECURITY.md lists"
    ),
}
