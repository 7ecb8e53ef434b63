"""A secret is in its file and on its way to its server; nothing that leadline says or shows has it."""

from __future__ import annotations

import asyncio
import json
import os
import urllib.request
from pathlib import Path

import pytest

from schemas.instants import MINUTE_MS, format_ms
from streams.clock import SystemClock
from streams.kafka.producer import RecordProducer
from tests.connected.secured.house import House
from tests.connected.test_cli_unreachable import ended
from tests.support.loud import CRASHING, LOUD_WORKER
from tests.support.servers import Program, free_port
from tests.support.traffic import Traffic, events, produce
from tests.support.workers import ROOT, Site, eventually

CANARY = "canary7f3ab91c"
GRACE_S = 3_600

pytestmark = [pytest.mark.timeout(120), pytest.mark.real_kafka]


async def crash(site: Site) -> None:
    """The signal on which a loud worker ends."""
    occurred_at = format_ms(SystemClock().now_ms() - MINUTE_MS)
    value = {
        "id": CRASHING,
        "lead_id": "L-1",
        "occurred_at": occurred_at,
        "message_id": "m",
        "url": "https://x.example",
    }
    async with RecordProducer(site.kafka) as producer:
        await producer.send("email.clicks", key=b"L-1", value=json.dumps(value).encode())
        await producer.flush()


def shown_of(pid: int) -> str:
    """What `ps` tells of a process."""
    return Path(f"/proc/{pid}/cmdline").read_text()


def page(address: str, path: str) -> str:
    """A page of the worker."""
    with urllib.request.urlopen(f"http://{address}/{path}", timeout=5) as answer:
        return str(answer.read().decode())


async def test_no_secret_is_shown_by_a_worker(house: House, site: Site, tmp_path: Path) -> None:
    """A worker at the level of debugging, from start to a crash with its traceback: log, pages and process list."""
    given = house.user(site.prefix, tmp_path, password=CANARY)
    http = f"127.0.0.1:{free_port()}"
    settings = {**site.settings(**given, grace_s=GRACE_S), "http": http}
    environ = {f"LEADLINE_{name.upper()}": str(value) for name, value in settings.items() if value is not None}
    assert CANARY not in str(environ)
    worker = Program(LOUD_WORKER, log=tmp_path / "loud.log", env={**os.environ, **environ}, cwd=ROOT)
    await produce(site, events(Traffic(SystemClock().now_ms() - 30 * MINUTE_MS, 500, 50)))

    async def scored() -> bool:
        return worker.running and await site.applied() >= 500

    await eventually(scored, timeout_s=60, what="the worker scores")
    told = [shown_of(worker.pid), *[await asyncio.to_thread(page, http, path) for path in ("metrics", "ready")]]
    await crash(site)
    assert await asyncio.to_thread(worker.wait, 30) == 1
    log = worker.log.read_text()
    assert "RuntimeError: a bug" in log
    assert '"level": "debug"' in log or "[debug" in log
    assert CANARY not in "\n".join([*told, log])


@pytest.mark.parametrize("form", ["file", "variable"])
async def test_no_secret_is_shown_by_a_command(house: House, site: Site, tmp_path: Path, form: str) -> None:
    """What goes well, what is refused and what is wrong, with secrets in files and in variables."""
    given = {name: value for name, value in house.user(site.prefix, tmp_path, password=CANARY).items() if value}
    if form == "variable":
        del given["kafka_password_file"], given["redis_file"]
        given |= {"kafka_password": CANARY, "redis": house.redis.tls_url(site.prefix, CANARY)}
    no_url = {**given, "redis": f"redis://kim:{CANARY}/x@127.0.0.1:1/0"}
    no_tls = {**given, "redis": f"rediss://kim:{CANARY}@127.0.0.1:1/0?ssl_cert_reqs=none"}
    no_scheme = {**given, "redis": f"http://kim:{CANARY}@127.0.0.1:1/0"}
    unknown = {**given, "kafka_user": "nobody", "redis": f"redis://nobody:{CANARY}@127.0.0.1:{house.redis.port}/0"}
    said = ""
    for command, settings, expected in [
        ("settings", given, 0), ("settings --json", given, 0), ("topics check", given, 0), ("top", given, 4),
        ("doctor", unknown, 5), ("top", unknown, 5), ("top", no_url, 5), ("top", no_tls, 5), ("top", no_scheme, 2),
    ]:  # fmt: skip
        code, out, err, _ = await ended(command, settings)
        assert code == expected, f"{command}: {out}{err}"
        said += out + err
    assert CANARY not in said
    assert "(secret)" in said
