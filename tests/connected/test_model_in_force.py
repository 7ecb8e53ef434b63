"""Another model in force by a command: bands by it from then on, without an alert, also across a kill."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.instants import HOUR_MS, MINUTE_MS, format_ms
from schemas.topics import REJECTED
from scoring.state import decode_lead
from streams.clock import SystemClock
from tests.conftest import FreshTopics
from tests.support.journal import Run, read_run, read_states
from tests.support.traffic import Event, activate, produce
from tests.support.workers import Site, Worker, eventually

PARTITIONS = 2
LEADS = 20_000

GENEROUS = """
version: generous
rules:
  - {id: signup, kind: webinar.signed_up, points: 50, half_life: 30d}
  - {id: open, kind: email.opened, points: 10, limit: {times: 2, per: ever}}
bands: [{name: warm, enter: 40, leave: 30}, {name: hot, enter: 70, leave: 60, alert: true}]
"""
STRICT = """
version: strict
rules:
  - {id: signup, kind: webinar.signed_up, points: 20, half_life: 30d}
  - {id: click, kind: email.clicked, points: 100}
  - {id: open, kind: email.opened, points: 45, limit: {times: 2, per: ever}}
bands: [{name: warm, enter: 40, leave: 30}, {name: hot, enter: 70, leave: 60, alert: true}]
"""
"""Signups are worth less, opens more; clicks are new."""

pytestmark = [pytest.mark.timeout(300), pytest.mark.real_kafka]


def signal(topic: str, lead_id: str, at_ms: int) -> Event:
    """A signal that reaches Kafka in the very millisecond in which it happened."""
    value = {"id": f"{topic}-{at_ms}", "lead_id": lead_id, "occurred_at": format_ms(at_ms)}
    return Event(topic, lead_id.encode(), json.dumps(value).encode(), at_ms)


async def finished(site: Site, worker: Worker) -> Run:
    """What the worker has left once it has applied everything and was stopped."""
    await site.caught_up(worker)
    assert worker.stop() == 0
    run = await read_run(site)
    for lane in run.lanes:
        assert run.uncovered(lane) == []
        assert run.differences(lane)[:5] == []
    return run


async def reasons(site: Site) -> list[tuple[str, str]]:
    """(topic, reason) of what was rejected."""
    records, _ = await site.records(REJECTED.name)
    entries = [json.loads(record.value) for record in records.values()]
    return [(entry["topic"], entry["reason"]) for entry in entries]


def moves(run: Run, lead_id: str) -> list[tuple[str, str, str, bool, str]]:
    """Of each change of a lead: from, to, cause, alert, model."""
    names = ("from", "to", "cause", "alert", "model_version")
    changes = [change for lane in run.lanes for change in lane.changes if change["lead_id"] == lead_id]
    return [tuple(change[name] for name in names) for change in changes]


async def test_a_model_moves_leads_without_alert_and_scores_what_comes_after(
    fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """Bands change by cause `model`, up and down, and never alert; later signals count by the new rules only."""
    site = Site(await fresh_topics(PARTITIONS), redis_url, prefix, tmp_path, PARTITIONS)
    at_ms = SystemClock().now_ms() - HOUR_MS
    await activate(site, GENEROUS, "generous", at_ms)
    await produce(
        site, [signal("webinar.signups", "signed", at_ms + 1), signal("email.clicks", "clicked", at_ms + 2)]
    )
    await produce(site, [signal("email.opens", "opened", at_ms + 3 + number) for number in range(3)])
    await activate(site, STRICT, "strict", at_ms + 10)
    await activate(site, "rules: nonsense", "bad", at_ms + 11)
    await produce(site, [signal("email.clicks", lead, at_ms + 20) for lead in ("signed", "clicked", "new")])
    run = await finished(site, site.start())
    assert moves(run, "signed") == [
        ("cold", "warm", "signal", False, "generous"),
        ("warm", "cold", "model", False, "strict"),
        ("cold", "hot", "signal", True, "strict"),
    ]
    assert moves(run, "opened") == [("cold", "hot", "model", False, "strict")]
    assert moves(run, "clicked") == moves(run, "new") == [("cold", "hot", "signal", True, "strict")]
    assert [lane.meta["model_version"] for lane in run.lanes] == ["strict"] * PARTITIONS
    assert await reasons(site) == [("lead.commands", "bad_model")] * PARTITIONS


def crowd(at_ms: int) -> Iterator[Event]:
    """20,000 leads, a millisecond each: the model to come lets one of four fall and one rise."""
    for number in range(LEADS):
        topic = ("webinar.signups", "email.opens", "email.clicks", "email.clicks")[number % 4]
        yield signal(topic, f"L-{number}", at_ms + number)


async def kill_in_between(site: Site, worker: Worker) -> None:
    """Kill the worker once a lane has brought some of its leads over; some must be left."""
    async with site.reader() as reader:

        async def is_in_between() -> bool:
            metas = [await reader.meta(partition) for partition in range(PARTITIONS)]
            began = {
                partition: int(meta["ver"]) for partition, meta in enumerate(metas) if meta.get("next_model_body")
            }
            for partition, ver in began.items():
                since.setdefault(partition, ver)
            return any(ver >= since[partition] + 2 for partition, ver in began.items())

        since: dict[int, int] = {}
        await eventually(is_in_between, timeout_s=60, what="leads are being brought over", workers=(worker,))
        worker.kill()
        assert worker.exit_code == -9
        ordinals = [
            {decode_lead(state).model for state in (await read_states(reader, partition)).values()}
            for partition in since
        ]
        assert any(len(both) == 2 for both in ordinals), ordinals


async def test_a_kill_while_leads_are_brought_over_changes_nothing(
    fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """The next worker goes on with the leads that were left: states and changes are those of one fold."""
    site = Site(await fresh_topics(PARTITIONS), redis_url, prefix, tmp_path, PARTITIONS)
    at_ms = SystemClock().now_ms() - HOUR_MS
    await activate(site, GENEROUS, "generous", at_ms - 1)
    await produce(site, crowd(at_ms))
    worker = site.start()
    await site.caught_up(worker)
    await activate(site, STRICT, "strict", at_ms + 5 * MINUTE_MS)
    await kill_in_between(site, worker)
    await produce(site, (signal("email.clicks", f"L-{number}", at_ms + 6 * MINUTE_MS) for number in range(100)))
    # Another group: Kafka would keep the lanes of the dead worker for its session's 10 s.
    run = await finished(site, site.start(group=f"{prefix}-again"))
    assert sum(len(lane.states) for lane in run.lanes) == LEADS
    for lane in run.lanes:
        assert (lane.meta["model_version"], lane.meta["next_model_body"]) == ("strict", "")
        assert {decode_lead(state).model for state in lane.states.values()} == {3}
    moved = [change for lane in run.lanes for change in lane.changes if change["cause"] == "model"]
    assert len({change["change_id"] for change in moved}) == len(moved) == LEADS // 2
    assert not any(change["alert"] for change in moved)
