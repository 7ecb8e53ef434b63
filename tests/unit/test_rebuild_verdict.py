"""What is to be told after a rebuild, how far it computes, and with which model it begins: the pure parts."""

from __future__ import annotations

import pytest

from schemas.topics import COMMANDS, INPUT_NAMES
from scoring.document import default_text
from streams.lane.gaps import Inputs
from streams.lane.ports import Bounds
from streams.lane.position import Position
from streams.rebuild.losses import Loss, ends, first_model, losses, obstacles
from streams.rebuild.told import BAND, FLAG, SURGE, Word
from streams.rebuild.verdict import Look, judge, merged, subjects_between
from streams.store.commit import HISTORY_LENGTH

OPENS, CLICKS = INPUT_NAMES[:2]
WARM, HOT = Word("w", (1, 1), BAND, "warm", 100), Word("h", (1, 2), BAND, "hot", 200)
WRONG = Word("x", (1, 3), BAND, "cold", 300)
DOUBT = FLAG + "doubt"
RAISED, LIFTED = Word("r", (1, 4), DOUBT, "raised", 400), Word("l", (1, 5), DOUBT, "lifted", 500)
SURGED = Word("s", (1, 6), SURGE, "", 600)


@pytest.mark.parametrize(
    ("made", "told", "differing", "expected"),
    [
        pytest.param([WARM, HOT], [WARM, HOT], set(), "", id="all is as it was told"),
        pytest.param([WARM, HOT, SURGED], [WARM], set(), "hs", id="what was never told"),
        pytest.param([WARM, HOT], [WARM, HOT, WRONG], set(), "h", id="the last word was wrong"),
        pytest.param([WARM, HOT], [HOT], set(), "hw", id="an earlier one comes late: the last one comes again"),
        pytest.param([WARM, HOT], [WARM, HOT], {BAND}, "h", id="Redis had another band"),
        pytest.param([RAISED], [RAISED, LIFTED], set(), "r", id="a flag that is up was said to be lifted"),
        pytest.param([WARM], [WARM, SURGED], set(), "", id="a surge cannot be unsaid"),
        pytest.param([WARM], [WARM], {DOUBT}, "", id="a flag that Redis alone had was never told"),
    ],
)
def test_the_last_word_is_right(made: list[Word], told: list[Word], differing: set[str], expected: str) -> None:
    """By the ids of the changes that are told."""
    verdict = judge(made, told, differing, 0)
    assert ("".join(sorted(verdict.told)), dict(verdict.made_up)) == ("".join(sorted(expected)), {})


def test_what_never_happened_is_made_up_for() -> None:
    """Unless it was neutral, or so much happened that the reason may be forgotten."""
    assert dict(judge([], [HOT, RAISED], set(), 0).made_up) == {BAND: "hot", DOUBT: "raised"}
    assert dict(judge([], [WRONG, LIFTED], set(), 0).made_up) == {}
    many = [Word(f"{n}", (1, n), DOUBT, "raised", n) for n in range(HISTORY_LENGTH)]
    assert dict(judge(many, [HOT, *many], set(), 0).made_up) == {}


def test_what_was_said_before_the_outputs_memory_counts_as_told() -> None:
    """Without it a Redis that was emptied would tell of a year."""
    assert judge([WARM, HOT], [], set(), 150).told == {"h"}
    assert judge([WARM, HOT], [], set(), 250).told == frozenset()


def test_both_sources_are_put_in_order() -> None:
    """Each change once, where it was told last."""
    again = WARM._replace(place=(2, 9))
    assert merged([again], [WARM, HOT]) == [HOT, again]


def test_looks_differ_by_subject() -> None:
    """Where there was no look before, nobody was misled."""
    after = Look("hot", frozenset({"doubt", "rival"}))
    assert subjects_between(None, after) == set()
    assert subjects_between(Look("warm", frozenset({"rival", "old"})), after) == {BAND, DOUBT, FLAG + "old"}
    assert subjects_between(after, after) == set()


def position(**fields: str) -> Position:
    """A lane that has scored OPENS up to 100, and CLICKS up to 7."""
    return Position.read({f"offset:{OPENS}": "100", f"offset:{CLICKS}": "7", "model_body": "", **fields})


BOUNDS = {OPENS: Bounds(20, 500), CLICKS: Bounds(9, 30)}


def test_a_lane_is_computed_up_to_where_it_stands() -> None:
    """Without scores to the end; where retention has passed the position, nothing is left of that log."""
    assert ends(position(), BOUNDS) == {OPENS: 100, CLICKS: 9}
    assert ends(Position.read({}), BOUNDS) == {OPENS: 500, CLICKS: 30}


def test_what_no_log_holds_is_counted() -> None:
    """Also what was scored from a log that is gone."""
    lost = list(losses(3, position(**{f"gone:{OPENS}": "5"}), BOUNDS))
    assert lost == [Loss(3, OPENS, 25), Loss(3, CLICKS, 9)]
    assert str(lost[0]) == "email.opens/3: 25 records are gone from Kafka"
    assert list(losses(3, position(), dict.fromkeys(BOUNDS, Bounds(0, 500)))) == []


def test_a_log_of_another_topic_is_decided_first() -> None:
    """What retention has removed is a loss; a log that ends too early is not computed from without a word."""
    (gap,) = obstacles(3, position(), Inputs({OPENS: Bounds(0, 60), CLICKS: Bounds(9, 30)}))
    assert gap.command == f"leadline accept-gap --partition 3 --topic {OPENS}"


def test_a_rebuild_begins_with_the_first_model() -> None:
    """That of the lane, not the one that is packaged today; that in force, if the commands between are gone."""
    meta = {"model_body": "third", "model_ordinal": "3", "first_model": "first"}
    lost = [Loss(0, COMMANDS.name, 1)]
    assert first_model(meta, []) == "first"
    assert first_model(meta, lost) == "third"
    assert first_model({"model_body": "only"}, []) == "only"
    assert first_model({"model_body": "third", "model_ordinal": "3"}, []) == default_text()
    assert first_model({}, lost) == default_text()
