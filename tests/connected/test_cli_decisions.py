"""What people say and decide of a lead, as they type it: sent, applied by its lane, told; and a lead forgotten."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.instants import HOUR_MS, format_ms
from schemas.topics import CHANGES
from streams.clock import SystemClock
from streams.kafka.placement import partition_of
from streams.kafka.producer import RecordProducer
from tests.conftest import FreshTopics
from tests.connected.test_cli_scores import leadline
from tests.support.workers import Site

PARTITIONS = 3
LEAD = "L-7"
ANY, PROFILES, COMMANDS = "engagements", "lead.profiles", "lead.commands"

pytestmark = pytest.mark.timeout(150)


async def told(site: Site, *arguments: str, code: int = 0) -> Any:
    """What a command tells with --json."""
    ended = await leadline(site, *arguments, "--json")
    assert (ended.code, ended.err) == (code, ""), ended
    return json.loads(ended.out)


async def a_warm_lead(site: Site) -> None:
    """A webinar, a form and a click of an hour ago, and a profile."""
    at_ms = SystemClock().now_ms() - HOUR_MS
    known = {"lead_id": LEAD, "occurred_at": format_ms(at_ms)}
    signals = [("webinar.signed_up", "e-1"), ("form.submitted", "e-2"), ("email.clicked", "e-3")]
    async with RecordProducer(site.kafka) as producer:
        for kind, name in signals:
            value = {**known, "id": name, "kind": kind, "webinar_id": name}
            await producer.send(ANY, key=LEAD.encode(), value=json.dumps(value).encode())
        value = {**known, "id": "p-1", "name": "Ann", "email": "ann@acme.example", "budget": 20_000}
        await producer.send(PROFILES, key=LEAD.encode(), value=json.dumps(value).encode())
        await producer.flush()


async def test_flags_retracts_and_outcomes_are_applied_and_told(
    fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """Each command waits for its lane and tells the score before and after, or why nothing came of it."""
    site = Site(await fresh_topics(PARTITIONS), redis_url, prefix, tmp_path, PARTITIONS)
    await a_warm_lead(site)
    worker = site.start()
    await site.caught_up(worker)
    await expect_flags(site)
    await expect_the_17th_flag_to_be_rejected(site)
    await expect_a_retract_and_outcomes(site)
    await expect_nothing_for_an_unknown_lead(site)
    assert worker.stop() == 0


async def expect_flags(site: Site) -> None:
    """Raised, the score is held at the cap and the band left; lifted, both are as before."""
    raised = await told(
        site, "flag", LEAD, "--reason", "doubt", "--by", "sales:kim", "--cap", "20", "--until", "14d"
    )
    assert raised["outcome"] == "applied"
    assert raised["partition"] == partition_of(LEAD.encode(), PARTITIONS)
    assert (raised["before"]["band"], raised["after"]["band"], raised["after"]["score"]) == ("warm", "cold", 20.0)
    assert [change["kind"] for change in raised["changes"]] == ["band", "flag"]
    page = await told(site, "lead", LEAD)
    assert [(flag["reason"], flag["by"], flag["cap"]) for flag in page["flags"]] == [("doubt", "sales:kim", 20)]
    assert "cut off by the red flag doubt" in (await leadline(site, "lead", LEAD)).out
    past = await told(site, "flag", LEAD, "--reason", "old", "--until", "2026-01-01T00:00:00Z")
    assert past["outcome"] == "ignored"
    assert "is not after the instant" in past["ignored"]
    lifted = await told(site, "unflag", LEAD, "--reason", "doubt", "--verdict", "wrong")
    assert (lifted["outcome"], lifted["after"]["band"]) == ("applied", "warm")
    again = await leadline(site, "unflag", LEAD, "--reason", "doubt")
    assert (again.code, again.out.splitlines()[0]) == (0, "ignored: no flag 'doubt' that people have raised is up")


async def expect_the_17th_flag_to_be_rejected(site: Site) -> None:
    """Sixteen are up: the next is refused with its reason, and exit code 4."""
    for number in range(16):
        sent = await told(site, "flag", LEAD, "--reason", f"r{number}", "--cap", "90", "--no-wait")
        assert sent["outcome"] == "sent"
    refused = await told(site, "flag", LEAD, "--reason", "one-more", code=4)
    assert (refused["outcome"], refused["rejected"]) == ("rejected", {"reason": "too_many", "field": "reason"})
    assert len(refused["after"]["flags"]) == 16


async def expect_a_retract_and_outcomes(site: Site) -> None:
    """A signal taken out once; a contact and an outcome kept, the status shown."""
    first = await told(site, "retract", LEAD, "--kind", "email.clicked", "--signal-id", "e-3", "--why", "bot")
    assert first["outcome"] == "applied"
    assert first["after"]["score"] < first["before"]["score"]
    second = await told(site, "retract", LEAD, "--kind", "email.clicked", "--signal-id", "e-3")
    assert (second["outcome"], "retracted already" in second["ignored"]) == ("ignored", True)
    assert (await told(site, "contacted", LEAD, "--by", "sales:kim", "--note", "called"))["outcome"] == "applied"
    won = await told(site, "outcome", LEAD, "--result", "converted", "--value", "12000")
    assert (won["outcome"], won["after"]["status"]) == ("applied", "converted")


async def expect_nothing_for_an_unknown_lead(site: Site) -> None:
    """A mistyped id is told, and makes no lead; a word that is too long is told before anything is sent."""
    for arguments in (("contacted", "L-8"), ("erase", "L-8", "--yes"), ("unflag", "L-8", "--reason", "x")):
        answer = await told(site, *arguments)
        assert (answer["outcome"], answer["after"]) == ("ignored", None)
        assert "no lead 'L-8' is known" in answer["ignored"]
    long = await leadline(site, "contacted", "L" * 201)
    assert (long.code, long.err.startswith("error: lead_id: an id has more than 200")) == (4, True)


async def test_a_lead_is_erased_and_does_not_come_back(
    fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """The report names what was removed and where its tombstone is; the same events again are ignored."""
    site = Site(await fresh_topics(PARTITIONS), redis_url, prefix, tmp_path, PARTITIONS)
    await a_warm_lead(site)
    worker = site.start()
    await site.caught_up(worker)
    await told(site, "outcome", LEAD, "--result", "dead")
    asked = await leadline(site, "erase", LEAD)
    assert (asked.code, asked.out) == (2, "")
    assert "nobody is there to be asked" in asked.err
    report = await told(site, "erase", LEAD, "--yes")
    assert (report["outcome"], report["after"]) == ("applied", None)
    assert report["removed"]["profile_fields"] == 3
    assert (report["removed"]["history"], report["removed"]["outcomes"]) == (1, 1)
    assert not any(report["left"].values())
    await expect_the_tombstone(site, report["tombstone"])
    assert (await leadline(site, "lead", LEAD)).code == 4
    await a_warm_lead(site)
    await site.caught_up(worker)
    assert (await leadline(site, "lead", LEAD)).code == 4
    twice = await told(site, "erase", LEAD, "--yes")
    assert twice["outcome"] == "ignored"
    assert worker.stop() == 0


async def expect_the_tombstone(site: Site, place: dict[str, int]) -> None:
    """It is where the report says."""
    records, _ = await site.records(CHANGES.name)
    record = records[CHANGES.name, place["partition"], place["offset"]]
    assert (record.key, record.value) == (LEAD.encode(), None)


async def test_without_a_worker_a_command_says_what_to_check(
    fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """It is in Kafka, and waits there; the message names the place, and exit code 3."""
    site = Site(await fresh_topics(PARTITIONS), redis_url, prefix, tmp_path, PARTITIONS)
    await a_warm_lead(site)
    worker = site.start()
    await site.caught_up(worker)
    assert worker.stop() == 0
    ended = await leadline(site, "flag", LEAD, "--reason", "doubt")
    assert (ended.code, ended.out) == (3, "")
    assert "the command is in Kafka (lead.commands, partition" in ended.err
    assert "`leadline doctor`" in ended.err
