"""What a reader has seen is accounted for: repeats, gaps, and what a higher timeline replaces."""

from __future__ import annotations

import pytest

from tests.chaos.published import Reading, Said, account


def said(*words: str) -> list[Said]:
    """`1.3=a`: under timeline 1, seq 3, the thing a."""
    told = []
    for word in words:
        place, _, identity = word.partition("=")
        timeline, _, seq = place.partition(".")
        told.append(Said(int(timeline), int(seq), identity, {"change_id": identity}))
    return told


def stands(reading: Reading) -> str:
    """What holds in the end."""
    return "".join(one.identity for one in reading.stands)


def test_one_timeline_is_taken_as_it_is() -> None:
    """Nothing is wrong with 1, 2, 3."""
    reading = account(said("1.1=a", "1.2=b", "1.3=c"))
    assert (stands(reading), reading.problems, reading.repeated, reading.again) == ("abc", [], 0, 0)


def test_a_higher_timeline_replaces_from_its_first_seq_on() -> None:
    """b is said again, c no more, x is new."""
    reading = account(said("1.1=a", "1.2=b", "1.3=c", "2.2=b", "2.3=x"))
    assert stands(reading) == "abx"
    assert (reading.again, reading.taken_back, reading.repeated, reading.problems) == (1, 1, 0, [])


def test_what_is_taken_back_may_be_said_again_later() -> None:
    """Two rewinds: c is gone for a while."""
    reading = account(said("1.1=a", "1.2=c", "2.2=x", "3.2=c"))
    assert (stands(reading), reading.taken_back, reading.again) == ("ac", 1, 1)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("1.2=a",), "begins with timeline 1 seq 2"),
        (("1.1=a", "1.3=b"), "timeline 1 seq 3 follows timeline 1 seq 1"),
        (("1.1=a", "1.1=a"), "timeline 1 seq 1 follows timeline 1 seq 1"),
        (("1.1=a", "2.3=b"), "timeline 2 seq 3 leaves a gap after timeline 1 seq 1"),
        (("1.1=a", "2.1=b", "1.2=c"), "timeline 1 seq 2 comes after timeline 2 seq 1"),
    ],
)
def test_a_place_that_cannot_be_is_told(words: tuple[str, ...], problem: str) -> None:
    """Gaps, repeats, and an old timeline after a new one."""
    assert problem in account(said(*words)).problems


def test_the_same_thing_under_another_seq_is_a_repeat() -> None:
    """Its change_id gives it away, though its seq is right; it stands only once in a fold, so it is wrong."""
    reading = account(said("1.1=a", "1.2=b", "1.3=a"))
    assert reading.repeated == 1
    assert reading.problems == ["timeline 1 seq 3 says a once more"]
