"""The table of outages: made of what Prometheus has kept of its alerts."""

from __future__ import annotations

from collections.abc import Iterable

from tests.operations.outages import Spell, spells, table
from tests.support.servers.prometheus import Series

BEGAN_S = 1_000.0


def kept(alert: str, state: str, times: Iterable[int]) -> Series:
    """One series of `ALERTS`: there at these seconds of the run."""
    return Series({"alertname": alert, "alertstate": state}, [(BEGAN_S + at_s, 1.0) for at_s in times])


def test_a_spell_begins_pending_and_may_fire() -> None:
    """Two series of one alert are one spell; what comes back much later is another."""
    told = [
        kept("Away", "pending", [10, 15, 20]),
        kept("Away", "firing", [25, 30, 35]),
        kept("Away", "pending", [200, 205]),
        kept("Behind", "pending", [12]),
    ]
    assert spells(told, BEGAN_S) == [
        Spell("Away", 10.0, 25.0, 35.0),
        Spell("Behind", 12.0, None, 12.0),
        Spell("Away", 200.0, None, 205.0),
    ]


def test_the_table_counts_from_the_beginning_of_what_goes_wrong() -> None:
    """Nothing, one that fired and was over, one that did not come to fire, one that fires still."""
    phases = [("nothing", 0.0, 60.0), ("an outage", 100.0, 160.0), ("another", 300.0, 400.0)]
    found = [
        Spell("Away", 105.0, 140.0, 170.0),
        Spell("Behind", 120.0, None, 150.0),
        Spell("Late", 310.0, 320.0, 450),
    ]
    assert table(phases, found, 450.0)[2:] == [
        "| nothing | 60 s | none | | |",
        "| an outage | 60 s | `Away` | 40 s | 70 s |",
        "| an outage | 60 s | `Behind` | does not: over before | 50 s |",
        "| another | 100 s | `Late` | 20 s |  |",
    ]
