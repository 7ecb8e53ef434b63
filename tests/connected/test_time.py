"""What time does while nobody looks: falls at their own instants, in the order of time; how soon changes come."""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from math import log2
from pathlib import Path

import pytest

from schemas.instants import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, format_ms, parse_ms
from streams.clock import SystemClock
from streams.kafka.follow import ChangeFollower
from streams.kafka.producer import RecordProducer
from streams.lane.tenure import TIMERS_AT_ONCE
from tests.conftest import FreshTopics
from tests.support.journal import Run, instants, read_run
from tests.support.traffic import Event, activate, produce
from tests.support.workers import Site, eventually

PARTITIONS = 2
GRACE_S = 3_600
"""An idle lane of these tests lets time pass up to an hour before now."""

FADING = """
version: fading
rules:
  - {id: signup, kind: webinar.signed_up, points: 80, half_life: 4h}
  - {id: open, kind: email.opened, points: 10}
bands: [{name: hot, enter: 70, leave: 50, alert: true}]
"""
FALLS_AFTER_MS = 4 * HOUR_MS * log2(80 / 50)
"""2:42:44 after a signup, if no open comes before: with one, after 4 hours."""

LEADS = 3_000
"""1,500 to a lane: more falls come due at once than one commit takes."""

SIGNUP_EVERY_MS = 200
OPEN_EVERY_MS = 4 * SECOND_MS
NEW_EVERY_MS = 10 * SECOND_MS

SAMPLES = 50
P50_MS = 100.0
"""An idle system takes 5 to 20 ms; this is for a machine that runs everything else too."""

pytestmark = [pytest.mark.timeout(120), pytest.mark.real_kafka]


def event(topic: str, lead_id: str, at_ms: int) -> Event:
    """A signal that reaches Kafka in the very millisecond in which it happened."""
    value = {"id": f"{at_ms}", "lead_id": lead_id, "occurred_at": format_ms(at_ms)}
    return Event(topic, lead_id.encode(), json.dumps(value).encode(), at_ms)


def signups(start_ms: int) -> dict[str, int]:
    """When each lead signs up: ten minutes in all."""
    return {f"L-{number}": start_ms + number * SIGNUP_EVERY_MS for number in range(LEADS)}


def opens(from_ms: int, to_ms: int) -> dict[str, int]:
    """When a lead opens an e-mail while the worker is stopped: each at most once."""
    return {
        f"L-{(at_ms - from_ms) // OPEN_EVERY_MS * 7 % LEADS}": at_ms
        for at_ms in range(from_ms, to_ms, OPEN_EVERY_MS)
    }


def newcomers(from_ms: int, to_ms: int) -> dict[str, int]:
    """When leads sign up that were never seen before the stop; the last ones, in every lane, at its end."""
    return {
        **{f"N-{at_ms}": at_ms for at_ms in range(from_ms, to_ms, NEW_EVERY_MS)},
        **{f"Z-{number}": to_ms for number in range(4 * PARTITIONS)},
    }


def expected_falls(signed_up: dict[str, int], opened: dict[str, int], until_ms: int) -> dict[str, int]:
    """When each lead falls: the first whole second below the line, unless an open came before it."""
    seconds = {lead: int((at_ms + FALLS_AFTER_MS) // SECOND_MS) + 1 for lead, at_ms in signed_up.items()}
    return {
        lead: second * SECOND_MS
        for lead, second in seconds.items()
        if second * SECOND_MS <= min(until_ms, opened.get(lead, until_ms))
    }


async def test_falls_of_a_stop_are_told_in_the_order_of_time(
    fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """A worker stopped for three hours finds every fall at its own second, in turn with the events meanwhile."""
    site = Site(await fresh_topics(PARTITIONS), redis_url, prefix, tmp_path, PARTITIONS)
    now_ms = SystemClock().now_ms() // SECOND_MS * SECOND_MS
    start_ms, stopped_ms, end_ms = now_ms - 210 * MINUTE_MS, now_ms - 195 * MINUTE_MS, now_ms - 15 * MINUTE_MS
    signed_up = signups(start_ms)
    await activate(site, FADING, "fading", start_ms - DAY_MS)
    await produce(site, (event("webinar.signups", *one) for one in signed_up.items()))
    before = await work_it_off(site)
    assert falls(before) == {}
    opened, new = opens(stopped_ms, end_ms), newcomers(stopped_ms, end_ms)
    events = [event("email.opens", *one) for one in opened.items()]
    events += [event("webinar.signups", *one) for one in new.items()]
    await produce(site, sorted(events, key=lambda one: one.timestamp_ms))
    run = await work_it_off(site)
    assert [lane.meta["stream_time"] for lane in run.lanes] == [str(end_ms)] * PARTITIONS
    expected = expected_falls(signed_up | new, opened, end_ms)
    assert LEADS // 4 < len(expected) < 3 * LEADS // 4
    assert falls(run) == expected
    expect_order(run)


async def work_it_off(site: Site) -> Run:
    """A worker that applies all there is, and stops: what it has left."""
    worker = site.start(grace_s=GRACE_S)
    await site.caught_up(worker)
    assert worker.stop() == 0
    run = await read_run(site)
    for lane in run.lanes:
        assert run.uncovered(lane) == []
        assert run.differences(lane) == []
    return run


def falls(run: Run) -> dict[str, int]:
    """The instant of each lead's fall."""
    changes = [change for lane in run.lanes for change in lane.changes if change["cause"] == "time"]
    return {change["lead_id"]: parse_ms(change["occurred_at"]) for change in changes}


def expect_order(run: Run) -> None:
    """In each lane the instants ascend with seq, falls and signals in turn."""
    for lane in run.lanes:
        instants = [parse_ms(change["occurred_at"]) for change in lane.changes]
        assert instants == sorted(instants)
        turns = sum(one["cause"] != other["cause"] for one, other in pairwise(lane.changes))
        assert turns > 50


async def test_falls_of_an_idle_hour_are_told_in_the_order_of_time(
    fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """With nothing to read time passes all the same, up to the grace: more falls than a commit takes, in order."""
    site = Site(await fresh_topics(PARTITIONS), redis_url, prefix, tmp_path, PARTITIONS)
    start_ms = SystemClock().now_ms() // SECOND_MS * SECOND_MS - 6 * HOUR_MS
    await activate(site, FADING, "fading", start_ms - 1)
    signed_up = signups(start_ms)
    await produce(site, (event("webinar.signups", *one) for one in signed_up.items()))
    worker = site.start(grace_s=GRACE_S)
    async with site.reader() as reader:

        async def is_still() -> bool:
            counts = [await reader.counts(partition) for partition in range(PARTITIONS)]
            return sum(one.leads for one in counts) == LEADS and not any(one.timers + one.outbox for one in counts)

        await eventually(is_still, timeout_s=60, what="every lead has fallen", workers=(worker,))
    assert worker.stop() == 0
    run = await read_run(site)
    assert falls(run) == expected_falls(signed_up, {}, start_ms + 6 * HOUR_MS)
    for lane in run.lanes:
        assert len(lane.states) > TIMERS_AT_ONCE
        assert run.differences(lane) == []
        assert instants(lane) == sorted(instants(lane))


async def test_kafka_timestamps_that_go_back_or_ahead(
    fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """A timestamp ahead counts as the present; one before that of an earlier record does not put a fall off."""
    site = Site(await fresh_topics(1), redis_url, prefix, tmp_path, 1)
    now_ms = SystemClock().now_ms()
    start_ms = now_ms - 5 * HOUR_MS
    await activate(site, FADING, "fading", start_ms - 1)
    early, after_fall = (
        event("webinar.signups", "early", start_ms),
        event("webinar.signups", "next", start_ms + 3 * HOUR_MS),
    )
    back = event("webinar.signups", "back", start_ms + HOUR_MS)
    ahead = event("webinar.signups", "ahead", now_ms)._replace(timestamp_ms=now_ms + 30 * MINUTE_MS)
    beyond = event("webinar.signups", "beyond", now_ms + 20 * MINUTE_MS)
    worker = site.start(grace_s=GRACE_S)
    for given in ([early, after_fall, back], [ahead, beyond]):
        await produce(site, given)
        await site.caught_up(worker)
    assert worker.stop() == 0
    run = await read_run(site)
    (lane,) = run.lanes
    assert run.differences(lane) == []
    moved = [(change["lead_id"], change["direction"]) for change in lane.changes]
    assert moved[:4] == [("early", "up"), ("early", "down"), ("next", "up"), ("back", "up")]
    assert moved[4:] == [("back", "down"), ("ahead", "up")]
    assert now_ms <= int(lane.meta["stream_time"]) < now_ms + 10 * MINUTE_MS


async def test_a_change_is_readable_soon(
    fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On an idle system a change can be read within a tenth of a second from the record that made it."""
    site, clock = Site(await fresh_topics(PARTITIONS), redis_url, prefix, tmp_path, PARTITIONS), SystemClock()
    await activate(site, FADING, "fading", clock.now_ms() - HOUR_MS)
    worker = site.start()
    await site.caught_up(worker)
    took_ms = []
    async with RecordProducer(site.kafka) as producer, ChangeFollower(site.kafka) as follower:
        for number in range(SAMPLES):
            topic, key, value, at_ms = event("webinar.signups", f"L-{number}", clock.now_ms())
            started_s = clock.monotonic_s()
            await producer.send(topic, key=key, value=value, timestamp_ms=at_ms)
            (change,) = await follower.take(10.0)
            took_ms.append((clock.monotonic_s() - started_s) * 1_000)
            assert change.members["lead_id"] == f"L-{number}"
    assert worker.stop() == 0
    took_ms.sort()
    p50_ms = took_ms[SAMPLES // 2]
    report = f"\nproduce to readable change, {SAMPLES} samples: p50 {p50_ms:.1f} ms, most {took_ms[-1]:.1f} ms\n"
    with capsys.disabled():
        sys.stdout.write(report)
    assert p50_ms < P50_MS
