"""What keeps a lane from going on: said with numbers and the command that goes on, and written as it says."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from schemas.published import Published
from schemas.topics import INPUT_NAMES, REKEYED
from streams.lane.gaps import Fingerprint, Gap, Inputs, halt_at, input_gaps, output_gap, wanted
from streams.lane.ports import Bounds, Halted
from streams.lane.position import Position

OPENS = INPUT_NAMES[0]
PARTITION = 3


@dataclass(frozen=True)
class Written:
    """A record as Kafka gives it."""

    offset: int
    timestamp: int = 1_700_000_000_000
    key: bytes | None = b"L-7"
    value: bytes | None = b"{}"
    topic: str = OPENS
    partition: int = PARTITION
    headers: tuple[tuple[str, bytes], ...] = ()


LAST = Written(99)


def position(**fields: str) -> Position:
    """A lane that has scored OPENS up to offset 100, LAST being the last record, and published 40 entries."""
    usual = {
        f"offset:{OPENS}": "100",
        f"print:{OPENS}": str(Fingerprint.of(LAST)),
        "lineage": "ours",
        "outbox": "40",
    }
    return Position.read({**usual, "model_body": "", **fields})


def gap_of(bounds: Bounds, found: Written | None = LAST) -> Gap | None:
    """What is said where the log has these bounds, and this record at offset 99."""
    inputs = Inputs({OPENS: bounds}, {OPENS: found} if bounds.beginning <= 99 < bounds.end else {})
    gaps = list(input_gaps(PARTITION, position(), inputs))
    assert len(gaps) <= 1
    return gaps[0] if gaps else None


@pytest.mark.parametrize("bounds", [Bounds(0, 100), Bounds(99, 500), Bounds(100, 100)])
def test_a_log_that_holds_what_was_scored_keeps_nobody(bounds: Bounds) -> None:
    """Also where the record that was scored last has been removed for its age."""
    assert gap_of(bounds) is None


def test_records_removed_before_they_were_scored_are_counted() -> None:
    """The lane goes on without them only if somebody says so."""
    gap = gap_of(Bounds(120, 500))
    assert gap is not None
    assert str(gap) == (
        "email.opens/3 begins at offset 120, but is scored only up to 100: 20 records were removed by Kafka's "
        "retention before they were scored. `leadline accept-gap --partition 3 --topic email.opens` goes on "
        "without these 20 records."
    )
    assert gap.way is not None
    assert gap.way.fields == {f"offset:{OPENS}": "120"}
    assert gap.way.removed == (f"print:{OPENS}",)
    assert (gap.way.forgotten, gap.skipping) == ("", None)


def test_a_log_that_ends_too_early_was_made_anew() -> None:
    """What it holds now is read from its beginning, or left."""
    gap = gap_of(Bounds(0, 60))
    assert gap is not None
    assert "ends at offset 60, but is scored up to 100" in gap.what
    assert gap.way is not None
    assert gap.skipping is not None
    gone = {f"gone:{OPENS}": "100"}
    assert gap.way.fields == {f"offset:{OPENS}": "0", **gone}
    assert gap.skipping.fields == {f"offset:{OPENS}": "60", **gone}
    assert "reads the 60 records" in gap.way.effect
    assert "60 records that it holds now unread" in gap.skipping.effect
    assert gap.way.forgotten == gap.skipping.forgotten == f"origin:{OPENS}:3"


@pytest.mark.parametrize(
    "found",
    [
        None,
        replace(LAST, value=b"{ }"),
        replace(LAST, value=None),
        replace(LAST, key=b"L-8"),
        replace(LAST, key=None),
        replace(LAST, timestamp=LAST.timestamp + 1),
    ],
)
def test_another_record_in_the_place_of_the_last_one_is_noticed(found: Written | None) -> None:
    """A topic made anew and filled beyond the position looks like one that goes on, but for that record."""
    gap = gap_of(Bounds(0, 500), found)
    assert gap is not None
    assert "does not hold at offset 99 the record that was scored from there last" in gap.what
    assert gap.command == "leadline accept-gap --partition 3 --topic email.opens"


def test_key_and_value_are_told_apart() -> None:
    """The same bytes, divided otherwise, are another record; absent is not empty."""
    prints = {
        str(Fingerprint.of(Written(1, key=key, value=value)))
        for key, value in ((b"ab", b"c"), (b"a", b"bc"), (b"abc", None), (b"abc", b""), (None, b"abc"))
    }
    assert len(prints) == 5


def test_only_what_the_log_should_still_have_is_asked() -> None:
    """Neither a record that retention has removed nor one beyond the end can be read."""
    asked = [wanted(position(), {OPENS: bounds}) for bounds in (Bounds(0, 100), Bounds(100, 200), Bounds(0, 99))]
    assert asked == [{OPENS: 99}, {}, {}]
    assert Fingerprint.read(position().prints[OPENS]) == Fingerprint.of(LAST)


def test_the_log_of_rekeyed_records_has_no_origins_of_its_own() -> None:
    """Other lanes keep how far they have applied records from a topic, never from this one."""
    meta = {f"offset:{REKEYED.name}": "9"}
    (gap,) = input_gaps(PARTITION, Position.read(meta), Inputs({REKEYED.name: Bounds(0, 5)}))
    assert gap.way is not None
    assert gap.way.forgotten == ""


def mark(outbox: int, timeline: int = 1, lineage: str = "ours", environment: str = "test") -> Published:
    """How far Kafka says that the outbox is published."""
    return Published(timeline=timeline, outbox=outbox, environment=environment, lineage=lineage)


@pytest.mark.parametrize(
    ("stands", "told", "left"),
    [
        pytest.param(position(), mark(40), 40, id="all published"),
        pytest.param(position(), mark(30), 20, id="some not trimmed"),
        pytest.param(position(), mark(50), 40, id="Redis has lost commits: the timeline's matter"),
        pytest.param(position(), mark(3, 2), 40, id="Redis is older than the timeline"),
        pytest.param(position(timeline="2", timeline_base="40"), mark(50), 40, id="a new timeline"),
        pytest.param(position(outbox="0"), None, 0, id="a new lane"),
        pytest.param(position(outbox="5"), None, 0, id="nothing published yet"),
    ],
)
def test_outputs_that_belong_to_the_scores_keep_nobody(stands: Position, told: Published | None, left: int) -> None:
    """Every state that a crash, a take-over or an older Redis leaves."""
    assert output_gap(stands, told, left, "test", PARTITION) is None


def test_an_empty_redis_is_noticed_by_what_was_published() -> None:
    """It says how to correct it, and what it means to score all anew; that is what is written."""
    new = Position.read({"lineage": "drawn now"})
    gap = output_gap(new, mark(421), 0, "test", PARTITION)
    assert gap is not None
    assert str(gap) == (
        "leadline.published/3 says that 421 entries were published (timeline 1), and Redis has no scores for it: "
        "Redis was emptied, or LEADLINE_REDIS, LEADLINE_PREFIX or LEADLINE_KAFKA is another than before. If that "
        "is meant: `leadline accept-gap --partition 3` scores everything that Kafka holds anew, and publishes it "
        "again under timeline 2. `leadline rebuild --partition 3` scores it all, too, but publishes only what was "
        "not told."
    )
    assert gap.way is not None
    assert gap.way.fields == {"lineage": "ours", "timeline": "2", "timeline_base": "0"}
    accepted = Position.read({**gap.way.fields})
    assert output_gap(accepted, mark(421), 0, "test", PARTITION) is None


def test_other_scores_than_those_published_are_noticed() -> None:
    """A worker that was pointed at another Redis stops before anybody is fenced."""
    gap = output_gap(position(lineage="theirs"), mark(421), 40, "test", PARTITION)
    assert gap is not None
    assert "Redis has other scores, with 40 entries" in gap.what
    assert gap.way is not None
    assert gap.way.fields == {"lineage": "ours", "timeline": "2", "timeline_base": "40"}


def test_outputs_without_a_mark_are_noticed() -> None:
    """A new lane whose changes consumers would drop, because they have seen a timeline as high."""
    new = Position.read({"lineage": "drawn now"})
    gap = output_gap(new, mark(0, 3, "", ""), 0, "test", PARTITION)
    assert gap is not None
    assert gap.way is not None
    assert gap.way.fields["timeline"] == "4"
    accepted = Position.read({**gap.way.fields})
    assert output_gap(accepted, mark(0, 3, "", ""), 0, "test", PARTITION) is None


@pytest.mark.parametrize("told", [None, mark(30), mark(0, 1, "", "")])
def test_a_mark_behind_what_has_left_the_outbox_is_noticed(told: Published | None) -> None:
    """The topic of marks was made anew, or has lost records, or somebody has published without marks."""
    gap = output_gap(position(), told, 35, "test", PARTITION)
    assert gap is not None
    assert "35 entries have left it" in gap.what
    assert gap.way is not None
    assert gap.way.fields == {"timeline": "2", "timeline_base": "35"}
    assert "5 entries that wait may be published a second time" in gap.way.effect
    accepted = position(**gap.way.fields)
    assert output_gap(accepted, told, 35, "test", PARTITION) is None


def test_another_environment_is_not_to_be_accepted() -> None:
    """The text names both, and what to check."""
    gap = output_gap(position(), mark(40, environment="production"), 40, "staging", PARTITION)
    assert gap is not None
    assert gap.way is None
    assert "'production'" in str(gap)
    assert "'staging': check LEADLINE_KAFKA and LEADLINE_ENVIRONMENT." in str(gap)


def test_halting_tells_all_gaps_at_once() -> None:
    """An operator is not told one after the other."""
    bounds = {topic: Bounds(7, 9) for topic in INPUT_NAMES[:2]}
    meta = {f"offset:{topic}": "3" for topic in bounds}
    with pytest.raises(Halted, match=r"(?s)email\.opens/3.*\n.*email\.clicks/3"):
        halt_at(input_gaps(PARTITION, Position.read(meta), Inputs(bounds)))
    halt_at(iter(()))
