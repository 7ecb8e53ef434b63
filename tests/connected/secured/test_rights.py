"""Users with the rights of the page do all that they are there for; with one less they are told which."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from schemas.instants import MINUTE_MS
from schemas.topics import PUBLISHED
from streams.clock import SystemClock
from streams.lane.ports import StoreRefused
from streams.settings import load
from streams.store import Store
from tests.connected.secured.house import PASSWORD, House
from tests.connected.test_cli_unreachable import ended
from tests.support.journal import read_run
from tests.support.rights import redis_rights
from tests.support.servers.secured import Right
from tests.support.traffic import Traffic, events, produce
from tests.support.workers import ROOT, Site, eventually

EVENTS, LEADS = 20_000, 1_000
GRACE_S = 3_600

MODEL = ROOT / "deploy" / "models" / "default.yaml"

UNASKED = {"PING", "EVAL", "EVALSHA", "SCAN", "EXISTS", "STRLEN", "ZSCORE", "LLEN", "ZCARD", "ZMSCORE"}
UNASKED |= {"MGET", "ZREVRANGE", "ZRANGEBYSCORE", "ASKING", "CLUSTER|SLOTS"}
"""Commands that no script runs: without one of them nothing is written half."""

pytestmark = [pytest.mark.timeout(120), pytest.mark.real_kafka]


async def test_password_and_certificate_with_the_rights_of_the_page(
    house: House, site: Site, tmp_path: Path
) -> None:
    """A worker by password is killed half-way, another by certificate goes on: exact, and none was refused."""
    by_password = house.user(site.prefix, tmp_path)
    house.allow("User:CN=leadline", site.prefix)
    by_certificate = {
        **by_password,
        "kafka": house.kafka.mtls,
        "kafka_user": None,
        "kafka_password_file": None,
        "kafka_cert_file": house.certificate.cert,
        "kafka_key_file": house.certificate.key,
    }
    traffic = Traffic(SystemClock().now_ms() - 30 * MINUTE_MS, EVENTS, LEADS)
    assert await produce(site, events(traffic)) == EVENTS
    first = site.start(**by_password, grace_s=GRACE_S, batch_records=200)

    async def is_half_way() -> bool:
        return await site.applied() >= EVENTS // 4

    await eventually(is_half_way, timeout_s=30, what="a quarter is applied", workers=(first,))
    first.kill()
    assert await site.applied() < EVENTS
    second = site.start(**by_certificate, grace_s=GRACE_S)
    await site.caught_up(second)
    assert second.stop() == 0
    run = await read_run(site)
    assert len(run.records) == EVENTS
    for lane in run.lanes:
        assert run.uncovered(lane) == []
        assert run.differences(lane)[:5] == []
    assert sum(len(lane.changes) for lane in run.lanes) > EVENTS // 200
    assert house.refusals() == []


def environment(given: dict[str, object]) -> dict[str, str]:
    """These settings as variables."""
    return {f"LEADLINE_{name.upper()}": str(value) for name, value in given.items() if value is not None}


async def test_a_take_over_tells_which_right_is_missing(house: House, prefix: str, tmp_path: Path) -> None:
    """Each command that a script runs, one after the other, is asked for before anything is written."""
    given = house.user(prefix, tmp_path)
    rights = redis_rights("Worker and operator", prefix)
    store = await Store.of(load(environment(given)))
    told = []
    for word in rights:
        command = word.removeprefix("+").upper()
        if word.startswith("+") and command not in UNASKED:
            house.redis_user(prefix, [*rights, f"-{command.lower()}"])
            with pytest.raises(StoreRefused, match=rf"(?i)\b{command}\b.*SECURITY.md"):
                await store.lane(0).acquire()
            told.append(command)
    assert {"UNLINK", "HDEL", "XADD", "TIME"} <= set(told)
    house.redis_user(prefix, rights)
    await store.lane(0).acquire()
    await store.close()


async def test_an_operator_with_the_rights_of_the_page(house: House, site: Site, tmp_path: Path) -> None:
    """Topics, a model, a flag, an erasure, the doctor, a rebuild: each does its work, and none is refused."""
    operator = {name: value for name, value in house.user(site.prefix, tmp_path, "Operator").items() if value}
    await asyncio.to_thread(house.kafka.delete_topic, PUBLISHED.name)
    assert f"{PUBLISHED.name}: topic was missing" in await done("topics apply", operator)
    worker = site.start(**{**operator, "redis": None}, grace_s=GRACE_S)
    await site.running(worker)
    traffic = Traffic(SystemClock().now_ms() - 30 * MINUTE_MS, 500, 50)
    await produce(site, events(traffic))
    await site.caught_up(worker)
    (model := tmp_path / "model.yaml").write_text(MODEL.read_text())
    for command in (
        "topics check", "doctor", f"model activate {model}", "top", "flag L-0 --reason doubt",
        "erase L-0 --yes",
    ):  # fmt: skip
        await done(command, operator)
    assert worker.stop() == 0
    await done("rebuild", operator)
    assert house.refusals() == []
    house.redis_user("reader", redis_rights("Reader", site.prefix))
    for command in ("top", "leads", "lead L-1"):
        await done(command, {**operator, "redis": house.redis.tls_url("reader", PASSWORD)})
    assert house.refusals() == []


async def test_a_worker_that_may_not_join_its_group_ends(house: House, site: Site, tmp_path: Path) -> None:
    """It would wait in silence for partitions that it never gets: it ends with 5, and says why."""
    given = house.user(site.prefix, tmp_path)
    house.kafka.disallow(f"User:{site.prefix}", Right("group", site.prefix, "Read"))
    worker = site.start(**given)
    assert await asyncio.to_thread(worker.wait, 30) == 5
    assert (
        "access rules do not allow this to leadline ([Error 30] GroupAuthorizationFailed" in worker.log.read_text()
    )


async def done(command: str, given: dict[str, object]) -> str:
    """What a command says that ends well."""
    code, out, err, _ = await ended(command, given)
    assert code == 0, f"{command}: {out}{err}"
    return out


async def test_what_kafka_refuses_is_told_with_what_to_do(house: House, site: Site, tmp_path: Path) -> None:
    """A wrong password, another authority, and a topic that may not be read: exit code, and the reason in words."""
    given = {name: value for name, value in house.user(site.prefix, tmp_path).items() if value}
    (wrong := tmp_path / "wrong").write_text("wrong")
    code, _, err, _ = await ended("topics check", {**given, "kafka_password_file": wrong})
    assert (code, "invalid credentials" in err, "the user and the password" in err) == (3, True, True), err
    code, _, err, _ = await ended("topics check", {**given, "kafka_ca_file": house.certificate.cert})
    assert (code, "CERTIFICATE_VERIFY_FAILED" in err) == (3, True), err
    house.kafka.disallow(f"User:{site.prefix}", Right("topic", "engagements", "Read"))
    code, _, err, _ = await ended("topics check", given)
    assert (code, "engagements" in err, "do not show it" in err) == (5, True, True), err
