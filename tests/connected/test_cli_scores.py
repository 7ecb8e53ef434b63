"""The commands on a system that works: simulate, doctor, top, lead, watch, model activate, each as one types it."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import signal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from scoring.document import default_text, read_model
from tests.conftest import FreshTopics
from tests.support.doubles.scored import MODEL
from tests.support.servers import Program
from tests.support.workers import ROOT, WORKER, Site, eventually

LEADLINE = WORKER[:-1]
PARTITIONS = 3
EVENTS = 3_000
ANSWER_S = 30.0
"""An answer takes a second; this is for a machine that runs everything else too."""

pytestmark = pytest.mark.timeout(120)


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


async def leadline(site: Site, *arguments: str) -> Ended:
    """Run a command on this site to its end."""
    process = await asyncio.create_subprocess_exec(
        *LEADLINE, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=environment(site), cwd=ROOT,
    )  # fmt: skip
    async with asyncio.timeout(ANSWER_S):
        out, err = await process.communicate()
    return Ended(process.returncode or 0, out.decode(), err.decode())


async def answer(site: Site, *arguments: str) -> Any:
    """What a command prints with --json."""
    ended = await leadline(site, *arguments, "--json")
    assert (ended.code, ended.err) == (0, "")
    return json.loads(ended.out)


def environment(site: Site) -> dict[str, str]:
    """The site as the settings of a command."""
    return {**os.environ, **{f"LEADLINE_{name.upper()}": str(value) for name, value in site.settings().items()}}


async def test_from_simulated_traffic_to_each_answer(
    fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """A month of traffic, scored by a worker: every command tells the same of it."""
    site = Site(await fresh_topics(PARTITIONS), redis_url, prefix, tmp_path, PARTITIONS)
    sent = await answer(site, "simulate", "--leads", "100", "--rate", "0", "--events", str(EVENTS))
    assert sent["backlog"] > 1_000
    before = await answer(site, "doctor")
    assert "no worker has ever taken lane 0, 1, 2" in [finding["what"] for finding in before["findings"]]
    worker = site.start()
    await site.caught_up(worker)
    await expect_a_healthy_system(site)
    await expect_one_score_everywhere(site)
    await expect_everybody_in_the_export(site)
    await expect_every_change_to_be_watched(site, tmp_path)
    unknown = await leadline(site, "lead", "nobody")
    assert (unknown.code, unknown.out) == (4, "")
    assert unknown.err.startswith("error: no lead 'nobody' has been scored")
    assert worker.stop() == 0


async def expect_a_healthy_system(site: Site) -> None:
    """Nothing but ok, every lane under the packaged model with nothing left to read or publish."""
    found = await answer(site, "doctor")
    assert {finding["level"] for finding in found["findings"]} == {"ok"}
    lanes = [(lane["model"], lane["to_read"], lane["to_publish"]) for lane in found["lanes"]]
    assert lanes == [(read_model(default_text()).version, 0, 0)] * PARTITIONS
    text = (await leadline(site, "doctor")).out
    assert "lane  model      to read  has come to" in text


async def expect_one_score_everywhere(site: Site) -> None:
    """The first of the ranking has on its own page the score that it has there, but for the seconds between."""
    ranking = (await answer(site, "top", "-n", "5"))["leads"]
    assert [lead["rank"] for lead in ranking] == [1, 2, 3, 4, 5]
    assert sorted((lead["score"] for lead in ranking), reverse=True) == [lead["score"] for lead in ranking]
    page = await answer(site, "lead", ranking[0]["lead_id"])
    assert page["partition"] == ranking[0]["partition"]
    assert page["score"] == pytest.approx(ranking[0]["score"], abs=0.01)
    parts = [*page["contributions"], *page["adjustments"]]
    assert sum(part["points"] for part in parts) == pytest.approx(page["score"], abs=1e-6)
    moves = [change["to"] for change in page["changes"] if change["kind"] == "band"]
    assert moves[0] == page["band"]
    assert ranking[0]["lead_id"] in (await leadline(site, "top")).out
    assert "in all" in (await leadline(site, "lead", ranking[0]["lead_id"])).out


async def expect_everybody_in_the_export(site: Site) -> None:
    """As many lines as there are leads, each in the band that the ranking gives; searches find the same leads."""
    exported = await leadline(site, "leads", "--csv", "--fields", "email")
    rows = {row["lead_id"]: row for row in csv.DictReader(io.StringIO(exported.out))}
    async with site.reader() as reader:
        counts = [await reader.counts(partition) for partition in range(PARTITIONS)]
    assert len(rows) == sum(count.leads for count in counts)
    assert sum("@" in row["email"] for row in rows.values()) > len(rows) / 2
    ranked = (await answer(site, "top", "-n", "1000"))["leads"]
    assert {lead["lead_id"]: lead["band"] for lead in ranked} == {name: row["band"] for name, row in rows.items()}
    for band in ("cold", "warm"):
        found = (await answer(site, "top", "-n", "1000", "--band", band))["leads"]
        assert {lead["lead_id"] for lead in found} == {name for name, row in rows.items() if row["band"] == band}
    near = (await answer(site, "top", "--nearly", "70", "-n", "1000"))["leads"]
    assert near
    assert all(lead["gap"] > 0 and lead["missing"] for lead in near)


async def expect_every_change_to_be_watched(site: Site, directory: Path) -> None:
    """From the beginning, as many as were numbered, each once; Ctrl-C ends it with 130 and no word."""
    async with site.reader() as reader:
        metas = [await reader.meta(partition) for partition in range(PARTITIONS)]
    changes = sum(int(meta.get("seq:lead.score-changes", "0")) for meta in metas)
    log = directory / "watch.log"
    arguments = (*LEADLINE, "watch", "--from-beginning", "--json")
    watching = Program(arguments, log=log, env=environment(site), cwd=ROOT)

    async def all_seen() -> bool:
        return log.read_text().count("\n") >= changes

    await eventually(all_seen, timeout_s=ANSWER_S, what=f"{changes} changes are shown")
    watching.send(signal.SIGINT)
    assert watching.wait(ANSWER_S) == 130
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert len({line["change_id"] for line in lines}) == len(lines) == changes


async def test_simulated_traffic_stops_at_ctrl_c_and_says_what_was_sent(
    fresh_topics: FreshTopics, prefix: str, tmp_path: Path
) -> None:
    """All that it counts is in Kafka when it ends; a worker need not be there."""
    site = Site(await fresh_topics(1), "redis://unused", prefix, tmp_path, 1)
    log = tmp_path / "simulate.log"
    arguments = (*LEADLINE, "simulate", "--leads", "50", "--days", "0", "--rate", "100", "--json")
    simulating = Program(arguments, log=log, env=environment(site), cwd=ROOT)

    async def some_sent() -> bool:
        return sum((await site.ends()).values()) > 0

    await eventually(some_sent, timeout_s=ANSWER_S, what="some are in Kafka")
    simulating.send(signal.SIGINT)
    assert simulating.wait(ANSWER_S) == 130
    sent = json.loads(log.read_text())
    assert sent["backlog"] == 0
    assert sum((await site.ends()).values()) == sent["live"] > 0


@pytest.mark.real_kafka
async def test_a_model_is_activated_on_every_lane(
    fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """After `model activate` each lane has it in force, and the scores follow; a bad one reaches no lane."""
    site = Site(await fresh_topics(PARTITIONS), redis_url, prefix, tmp_path, PARTITIONS)
    await answer(site, "simulate", "--leads", "50", "--rate", "0", "--events", "500")
    worker = site.start()
    await site.caught_up(worker)
    model = tmp_path / "model.yaml"
    model.write_text("version: x\nrules: [{id: a, kind: b}]\n")
    assert (await leadline(site, "model", "activate", str(model))).code == 4
    model.write_text(MODEL.replace("version: small", "version: autumn"))
    told = await leadline(site, "model", "activate", str(model))
    assert told.code == 0
    assert told.out.startswith(f"model autumn is on its way: written to {PARTITIONS} partitions of lead.commands")

    async def in_force() -> bool:
        return [lane["model"] for lane in (await answer(site, "doctor"))["lanes"]] == ["autumn"] * PARTITIONS

    await eventually(in_force, timeout_s=ANSWER_S, what="the model is in force", workers=(worker,))
    first = (await answer(site, "top", "-n", "1"))["leads"][0]
    page = await answer(site, "lead", first["lead_id"])
    assert (page["model_version"], page["score"]) == ("autumn", pytest.approx(first["score"], abs=0.01))
    assert worker.stop() == 0
