"""Retract: a signal taken out of every decay, limit, window and total, by name and within the newest 32."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.reference.examples import NOON, OPEN, commanded, opened, steps
from tests.unit.worked import final, run, told

ONE, NEXT_DAY = "2026-03-02T13:00:00Z", "2026-03-03T12:00:00Z"


def retract(signal_id: str, occurred_at: str = ONE, /, kind: str = "email.opened") -> dict[str, Any]:
    """One of the lead's signals turned out to be a machine's."""
    return commanded("retract", occurred_at, kind=kind, signal_id=signal_id)


@pytest.mark.parametrize(
    "decay",
    [{}, {"half_life": "90m"}, {"fades_over": "24h"}, {"fades_over": "9d"}, {"expires_after": "3h"}],
    ids=str,
)
def test_its_weight_goes_whatever_the_decay(decay: dict[str, str]) -> None:
    """What is left is what the other signals weigh, at once and later; late ones too."""
    model = {"rules": [OPEN | decay]}
    late = opened(2, "2026-03-02T11:20:00Z") | {"timestamp": NOON}
    kept, both = [opened(1, NOON)], [opened(1, NOON), late, retract("e-2")]
    for at in (ONE, "2026-03-02T13:37:00Z", NEXT_DAY):
        assert final(model, both, at) == pytest.approx(final(model, kept, at), abs=1e-6)


@pytest.mark.parametrize(
    "decay", [{}, {"half_life": "90m"}, {"fades_over": "24h"}, {"expires_after": "3h"}], ids=str
)
def test_nothing_is_left_of_the_only_signal(decay: dict[str, str]) -> None:
    """Exactly nothing."""
    lead = told({"rules": [OPEN | decay]}, [opened(1, NOON), retract("e-1")], ONE)
    assert (lead["score"], lead["contributions"], lead["windows"]) == (0, [], {})


@pytest.mark.parametrize("per", ["day", "week", "ever", "message_id"])
def test_its_place_in_a_limit_is_free_again(per: str) -> None:
    """One more counts in its bucket, and not two."""
    model = {"rules": [OPEN | {"limit": {"times": 1, "per": per}}]}
    lines = [opened(1, NOON, message_id="m"), retract("e-1"), opened(2, ONE, message_id="m")]
    assert final(model, lines, ONE) == 10
    assert final(model, [*lines, opened(3, ONE, message_id="m")], ONE) == 10


def test_what_a_limit_had_refused_gives_no_place_back() -> None:
    """The second open did not count: taking it out frees nothing."""
    model = {"rules": [OPEN | {"limit": {"times": 1, "per": "day"}}]}
    lines = [opened(1, NOON), opened(2, NOON), retract("e-2"), opened(3, ONE)]
    assert final(model, lines, ONE) == 10


def test_each_rule_has_its_own_bucket_back() -> None:
    """Of several rules that counted it, by other attributes each; and of the right signal among others."""
    by_message = OPEN | {"id": "m", "points": 1, "limit": {"times": 1, "per": "message_id"}}
    by_plan = OPEN | {"id": "p", "points": 100, "limit": {"times": 1, "per": "plan"}}
    model = {"rules": [by_message, by_plan], "scale": {"max": 1000}}
    lines = [
        opened(1, NOON, message_id="a", plan="x"),
        opened(2, NOON, message_id="a", plan="y"),
        opened(3, NOON, message_id="b", plan="y"),
        retract("e-2"),
    ]
    assert final(model, lines, ONE) == 102
    again = [opened(4, ONE, message_id="a", plan="y"), opened(5, ONE, message_id="c", plan="x")]
    assert final(model, [*lines, *again], ONE) == 203


def test_buckets_are_found_beyond_the_newest_32() -> None:
    """60 opens, each a bucket of its own or in one of three: the 32nd newest still finds its own."""
    model = {"rules": [OPEN | {"points": 1, "limit": {"times": 2, "per": "message_id"}}], "scale": {"max": 1000}}
    lines = [opened(number, NOON, message_id=f"m-{number // 3}") for number in range(60)]
    assert final(model, lines, ONE) == 40
    freed = [*lines, retract("e-28"), opened(99, ONE, message_id="m-9"), opened(98, ONE, message_id="m-9")]
    assert final(model, freed, ONE) == 40
    assert final(model, [*lines, retract("e-29"), opened(99, ONE, message_id="m-9")], ONE) == 40


def test_it_leaves_windows_and_rolling_counts() -> None:
    """A step that it made is lost again."""
    window = {"id": "w", "count": "email.opened", "within": "24h", "steps": [{"at_least": 2, "points": 30}]}
    model = {"rules": [OPEN], "windows": [window]}
    lines = [opened(1, NOON), opened(2, NOON)]
    assert final(model, lines, ONE) == 50
    lead = told(model, [*lines, retract("e-2")], ONE)
    assert (lead["score"], lead["windows"]) == (10, {"email.opened": {"24h": 1, "7d": 1, "30d": 1}})


def test_it_leaves_what_is_usual() -> None:
    """The total of its day, and the rise, are what they would be without it."""
    model = {"rules": [OPEN], "surge": {"points": 10, "within": "24h"}}
    lines = [opened(1, "2026-02-20T12:00:00Z"), opened(2, "2026-02-20T12:00:00Z"), opened(3, NOON)]
    assert [one["usual"] for one in run(model, lines, NOON)["changes"]][-1] == pytest.approx(20 / 28)
    lines.insert(2, retract("e-2", NOON))
    assert [one["usual"] for one in run(model, lines, NOON)["changes"]][-1] == pytest.approx(10 / 28)


@pytest.mark.parametrize(
    ("signal_id", "kind", "found"),
    [
        ("e-8", "email.opened", True),
        ("e-7", "email.opened", False),
        ("e-39", "email.clicked", False),
        ("e-99", "email.opened", False),
    ],
)
def test_it_finds_the_newest_32(signal_id: str, kind: str, *, found: bool) -> None:
    """Of 40 the 32nd newest, not the 33rd; by kind and id; what it does not find is ignored."""
    lines = [opened(number, NOON) for number in range(40)]
    answer = run({"rules": [OPEN | {"points": 1}]}, [*lines, retract(signal_id, kind=kind)], ONE)
    assert answer["leads"][0]["score"] == 40 - found
    assert answer["ignored"].get("command", 0) == (not found)


def test_it_is_not_taken_out_twice() -> None:
    """A retracted one keeps its place among the 32, its id is remembered, and a second word finds nothing."""
    lines = [opened(number, NOON) for number in range(33)]
    lines += [retract("e-5"), retract("e-5"), retract("e-0"), opened(5, ONE)]
    answer = run({"rules": [OPEN | {"points": 1}]}, lines, ONE)
    assert (answer["leads"][0]["score"], answer["ignored"]) == (32, {"duplicate": 1, "machine": 0, "command": 2})


def test_the_latest_of_an_id_is_taken_first() -> None:
    """An id that came again after the memory for repeats stands for two signals."""
    model = {"rules": [OPEN | {"half_life": "24h"}]}
    later = "2026-03-05T12:00:00Z"
    lines = [opened(1, NOON), opened(1, later)]
    assert final(model, lines, later) == pytest.approx(10 + 10 / 8)
    assert final(model, [*lines, retract("e-1", later)], later) == pytest.approx(10 / 8)
    assert final(model, [*lines, retract("e-1", later), retract("e-1", later)], later) == 0


def test_the_bands_are_looked_at_without_an_alert() -> None:
    """Down when points go, up when a loss goes; by cause `retract`, and a word about an unknown lead is ignored."""
    bad = {"id": "bad", "kind": "email.bounced", "points": -30}
    bands = [{"name": "hot", "enter": 20, "leave": 10, "alert": True}]
    model = {"rules": [OPEN | {"points": 40}, bad], "bands": bands}
    bounced = opened(9, NOON, kind="email.bounced")
    up = run(model, [bounced, opened(1, NOON), retract("e-9", kind="email.bounced")], ONE)
    assert steps(up) == [("cold to hot", "retract", ONE)]
    assert up["changes"][0]["alert"] is False
    down = run(model, [opened(1, NOON), retract("e-1")], ONE)
    assert steps(down)[-1] == ("hot to cold", "retract", ONE)
    assert run(model, [retract("e-1")], ONE)["ignored"]["command"] == 1


def test_as_of_and_the_latest_engagement_stay() -> None:
    """The quiet is counted from the retracted signal on."""
    model = {"rules": [OPEN], "inactivity": {"after": "36h", "points": -4, "every": "7d", "at_most": 1}}
    lines = [opened(1, NOON), opened(2, NEXT_DAY), retract("e-2", NEXT_DAY)]
    assert final(model, lines, "2026-03-04T12:00:00Z") == 10
    assert final(model, lines, "2026-03-05T00:00:00Z") == 6
