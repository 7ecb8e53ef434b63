"""Who the leads are stands in Kafka and in Redis: neither in logs nor in metrics, whatever is sent."""

from __future__ import annotations

import asyncio
import base64
import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from schemas.instants import MINUTE_MS, format_ms
from schemas.topics import REJECTED
from streams.clock import SystemClock
from streams.kafka.placement import partition_of
from streams.kafka.producer import RecordProducer
from streams.store.refusals import refusal
from tests.conftest import FreshTopics
from tests.support.servers import free_port
from tests.support.workers import Site

PARTITIONS = 2
WHO = "person7f3a"
"""In each id and in each address: what must not be found."""

GRACE_S = 3_600

pytestmark = pytest.mark.timeout(120)


def records() -> list[tuple[str, str, bytes]]:
    """(topic, lead, value): what is good, a profile, a command, and what is bad in several ways."""
    occurred_at = format_ms(SystemClock().now_ms() - MINUTE_MS)
    made = []
    for number in range(20):
        lead = f"{WHO}-{number}"
        said: dict[str, Any] = {"id": f"e-{number}", "lead_id": lead, "occurred_at": occurred_at}
        made += [
            ("webinar.signups", said | {"webinar_id": f"{WHO}-w"}),
            ("email.clicks", said | {"message_id": "m", "url": f"https://x.example/pricing?who={lead}"}),
            ("lead.profiles", said | {"email": f"{lead}@acme.example", "job_title": "VP Sales"}),
            ("lead.commands", said | {"command": "flag", "reason": "doubt", "by": f"sales:{lead}"}),
            ("engagements", said | {"kind": f"Bad {lead}@acme.example"}),
            ("lead.commands", said | {"command": "outcome", "result": lead}),
        ]
    good = [(topic, str(value["lead_id"]), json.dumps(value).encode()) for topic, value in made]
    return [*good, ("email.opens", f"{WHO}-0", f'{{"broken": "{WHO}@acme.example'.encode())]


async def send(site: Site) -> int:
    """All of them, some in the wrong partition; how many."""
    given = records()
    async with RecordProducer(site.kafka) as producer:
        for place, (topic, lead, value) in enumerate(given):
            right = partition_of(lead.encode(), PARTITIONS)
            partition = (right + 1) % PARTITIONS if place % 7 == 0 else right
            await producer.send(topic, key=lead.encode(), value=value, partition=partition)
        await producer.flush()
    return len(given)


def page(address: str, path: str) -> str:
    """A page of the worker."""
    with urllib.request.urlopen(f"http://{address}/{path}", timeout=5) as answer:
        return str(answer.read().decode())


async def test_no_lead_is_named_in_logs_or_metrics(
    fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """Good and bad records, misplaced ones, flags: the log at info, /metrics and /ready name nobody."""
    site, http = (
        Site(await fresh_topics(PARTITIONS), redis_url, prefix, tmp_path, PARTITIONS),
        f"127.0.0.1:{free_port()}",
    )
    worker = site.start(http=http, grace_s=GRACE_S)
    await site.running(worker)
    await send(site)
    await site.caught_up(worker)
    metrics, ready = [await asyncio.to_thread(page, http, path) for path in ("metrics", "ready")]
    assert worker.stop() == 0
    log = worker.log.read_text()
    assert "lane.taken" in log
    assert 'leadline_rejected_total{reason="bad_kind"} 20' in metrics.replace("20.0", "20")
    assert 'leadline_published_total{topic="leadline.rekeyed"}' in metrics
    assert WHO not in log + metrics + ready


@pytest.mark.parametrize("with_payload", [False, True])
async def test_a_refused_value_is_a_hash_unless_configured(
    fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path, with_payload: bool
) -> None:
    """LEADLINE_REJECTED_PAYLOAD publishes it, in base64; without it nothing of the value is there."""
    site = Site(await fresh_topics(1), redis_url, prefix, tmp_path, 1)
    value = f'{{"broken": "{WHO}@acme.example'.encode()
    async with RecordProducer(site.kafka) as producer:
        await producer.send("email.opens", key=b"L-1", value=value)
        await producer.flush()
    worker = site.start(grace_s=GRACE_S, rejected_payload=with_payload)
    await site.caught_up(worker)
    assert worker.stop() == 0
    found, _ = await site.records(REJECTED.name)
    (entry,) = [json.loads(record.value or b"") for record in found.values()]
    assert len(entry["hash"]) == 16
    assert entry["payload"] == (base64.b64encode(value).decode() if with_payload else None)
    assert WHO not in json.dumps(entry)


@pytest.mark.parametrize("kind", ["lead", "profile", "history", "told"])
def test_a_key_in_a_refusal_names_no_lead(kind: str) -> None:
    """A key of another type is refused with what to look for; the text ends in a log."""
    text = str(refusal("Redis", "type", f"{{ll:0}}:{kind}:{WHO}:\n1", "string", "list"))
    assert f"{{ll:0}}:{kind}:..." in text
    assert WHO not in text
    assert "{ll:0}:board" in str(refusal("Redis", "type", "{ll:0}:board", "string", "zset"))
