"""The benchmark's events are what its README says they are, and the same each time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from aiokafka import ConsumerRecord

from schemas.accepted import Signal
from schemas.instants import DAY_MS, SECOND_MS
from streams.kafka.placement import partition_of
from streams.lane.inputs import read_input
from tests.benchmarks.generator import CLICKS, OPENS, SIGNUPS, ZIPF, Event, Workload, events

WORKLOAD = Workload(end_ms=1_795_000_000_000, events=20_000, leads=1_000)


@pytest.fixture(scope="module")
def made() -> Sequence[Event]:
    """All events of the workload."""
    return list(events(WORKLOAD))


@pytest.fixture(scope="module")
def signals(made: Sequence[Event]) -> Sequence[Signal]:
    """What the worker reads in them."""
    inputs = [read_input(_record(event), event.timestamp_ms) for event in made]
    assert not [given.refused for given in inputs if given.refused]
    return [given.said for given in inputs if isinstance(given.said, Signal)]


def test_the_same_seed_makes_the_same_events(made: Sequence[Event]) -> None:
    """Byte for byte, and another seed makes others."""
    assert list(events(WORKLOAD)) == made
    assert list(events(replace(WORKLOAD, seed=WORKLOAD.seed + 1))) != made


def test_shares_of_the_topics(made: Sequence[Event]) -> None:
    """70 % opens, 25 % clicks, 5 % signups."""
    counts = Counter(event.topic for event in made)
    shares = {topic: count / len(made) for topic, count in counts.items()}
    assert shares == pytest.approx({OPENS: 0.70, CLICKS: 0.25, SIGNUPS: 0.05}, abs=0.01)


def test_values_have_the_size_of_real_ones(made: Sequence[Event]) -> None:
    """About 250 bytes of JSON."""
    assert sum(len(event.value) for event in made) / len(made) == pytest.approx(250, abs=15)


def test_every_event_is_accepted_in_its_partition(made: Sequence[Event], signals: Sequence[Signal]) -> None:
    """None is refused, each has its lead for a key and is where murmur2 places that."""
    assert len(signals) == len(made)
    for event, signal in zip(made, signals, strict=True):
        assert event.key == signal.lead_id.encode()
    for key, partition in {(event.key, event.partition) for event in made}:
        assert partition == partition_of(key, WORKLOAD.partitions)


def test_kafka_timestamps_are_those_of_the_month(made: Sequence[Event]) -> None:
    """Ascending, from thirty days before the end up to it."""
    timestamps = [event.timestamp_ms for event in made]
    assert timestamps == sorted(timestamps)
    assert timestamps[0] == WORKLOAD.end_ms - 30 * DAY_MS
    assert timestamps[-1] < WORKLOAD.end_ms


def test_some_are_late_and_some_repeated(made: Sequence[Event], signals: Sequence[Signal]) -> None:
    """2 % occurred more than seconds before they came, not counting the 1 % that came before."""
    firsts = {signal.id: event for event, signal in reversed(list(zip(made, signals, strict=True)))}
    late = sum(
        firsts[signal.id].timestamp_ms - signal.occurred_ms > 10 * SECOND_MS
        for signal in {signal.id: signal for signal in signals}.values()
    )
    assert late / len(firsts) == pytest.approx(0.02, abs=0.005)
    assert 1 - len(firsts) / len(made) == pytest.approx(0.01, abs=0.003)


def test_few_leads_do_much(made: Sequence[Event]) -> None:
    """The share of the first lead, and of the first ten, is that of Zipf's law."""
    weights = [rank**-ZIPF for rank in range(1, WORKLOAD.leads + 1)]
    ranked = [count / len(made) for _, count in Counter(event.key for event in made).most_common()]
    assert ranked[0] == pytest.approx(weights[0] / sum(weights), rel=0.1)
    assert sum(ranked[:10]) == pytest.approx(sum(weights[:10]) / sum(weights), rel=0.05)


def test_signals_carry_what_the_packaged_model_asks_for(signals: Sequence[Signal]) -> None:
    """Opens and clicks name their message, clicks a page (some the prices), signups their webinar."""
    by_kind = {kind: [one.attributes for one in signals if one.kind == kind] for kind in {s.kind for s in signals}}
    assert all("message_id" in one for kind in ("email.opened", "email.clicked") for one in by_kind[kind])
    assert all("webinar_id" in one for one in by_kind["webinar.signed_up"])
    pricing = sum("/pricing" in str(one["url"]) for one in by_kind["email.clicked"])
    assert pricing / len(by_kind["email.clicked"]) == pytest.approx(0.12, abs=0.02)


def _record(event: Event) -> ConsumerRecord:
    return ConsumerRecord(
        event.topic, event.partition, 0, event.timestamp_ms, 0, event.key, event.value, None, 0, 0, ()
    )
