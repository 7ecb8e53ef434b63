"""`leadline rebuild`: compute scores anew from Kafka, and publish only what differs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import click

from streams import logs
from streams.cli.clients import settings
from streams.cli.errors import UNSAFE, Failure
from streams.cli.output import json_option, write, write_json
from streams.clock import Clock, SystemClock
from streams.rebuild.losses import Loss
from streams.rebuild.rebuild import Rebuilt, Survey, drop, rebuild, survey
from streams.rebuild.replay import Progress
from streams.rebuild.run import at_site, opened
from streams.settings import Settings
from streams.store import Store

TELL_EVERY_S = 2.0
"""Between two lines of progress."""


@click.command("rebuild")
@click.option("--partition", type=click.IntRange(0), help="Only this lane.")
@click.option("--despite-loss", is_flag=True, help="Go on although Kafka does not hold all records any more.")
@click.option("--drop", "drops", is_flag=True, help="Only remove what an unfinished rebuild has left.")
@json_option
def command(partition: int | None, despite_loss: bool, drops: bool, as_json: bool) -> None:
    """Compute all scores anew from Kafka, then put them in force and publish only what differs.

    Workers may go on meanwhile. Lanes are computed one after the other, beside the scores in use; only at its end a
    lane is taken from its worker for some seconds. Redis needs room for one lane twice. Interrupted, a rebuild goes
    on where it was when it is started again.

    Exits with 5, and changes nothing, if Kafka has removed records that were scored.
    """
    given = settings()
    logs.configure("WARNING")
    chosen = range(given.partitions) if partition is None else (partition,)
    if chosen[-1] >= given.partitions:
        raise click.UsageError(f"there are lanes 0 to {given.partitions - 1}")
    if drops:
        dropped = asyncio.run(_drop(given, chosen))
        _answer(as_json, {"dropped": dropped}, (f"lane {number}: removed" for number in dropped))
    else:
        done = asyncio.run(_rebuild(given, chosen, despite_loss))
        _answer(as_json, {"lanes": [_members(each) for each in done]}, (_line(each) for each in done))


async def _rebuild(given: Settings, chosen: Iterable[int], despite_loss: bool) -> list[Rebuilt]:
    from streams.kafka.cluster import Cluster
    from streams.kafka.topics import check

    await check(Cluster.of(given), given.partitions, marks=given.publishing == "exactly-once")
    async with opened(given) as store:
        surveys = [await _survey(given, store, number) for number in chosen]
        _refuse([loss for each in surveys for loss in each.losses], surveys, despite_loss)
        return [await _rebuild_one(given, store, number) for number in chosen]


async def _survey(given: Settings, store: Store, partition: int) -> Survey:
    async with at_site(given, store, partition) as site:
        return await survey(site)


async def _rebuild_one(given: Settings, store: Store, partition: int) -> Rebuilt:
    async with at_site(given, store, partition) as site:
        return await rebuild(site, _Teller(SystemClock()).tell)


async def _drop(given: Settings, chosen: Iterable[int]) -> list[int]:
    """The lanes whose drafts were removed. Raises Failure for a lane that cannot do without."""
    dropped = []
    async with opened(given) as store:
        for number in chosen:
            draft = store.draft(number)
            if not await draft.meta():
                continue
            if "rebuild" in await store.rebuilt(number).meta():
                raise Failure(
                    f"lane {number} is half-way between its scores and those computed anew: "
                    f"`leadline rebuild --partition {number}` finishes that",
                    UNSAFE,
                )
            await draft.acquire()
            await drop(draft)
            dropped.append(number)
    return dropped


def _refuse(lost: Sequence[Loss], surveys: Iterable[Survey], despite_loss: bool) -> None:
    if obstacles := [str(gap) for each in surveys for gap in each.obstacles]:
        raise Failure("\n".join([*obstacles, "Decide that first; then rebuild."]), UNSAFE)
    if lost and not despite_loss:
        records = sum(loss.records for loss in lost)
        raise Failure(
            "\n".join(map(str, lost))
            + f"\nScores computed anew would lack these {records} records, and leads that "
            "were known by them alone would be gone. With --despite-loss it goes on without them.",
            UNSAFE,
        )


@dataclass(slots=True)
class _Teller:
    """Says on standard error how far it has come, now and then."""

    clock: Clock
    told_at_s: float = float("-inf")
    told: int = -1

    def tell(self, progress: Progress) -> None:
        """One line, unless one was written just now or nothing has changed."""
        now_s = self.clock.monotonic_s()
        if now_s - self.told_at_s < TELL_EVERY_S or (progress.done == self.told and not progress.waits_for):
            return
        rate = (progress.done - self.told) / (now_s - self.told_at_s) if self.told >= 0 else 0.0
        self.told_at_s, self.told = now_s, progress.done
        click.echo(_progress_line(progress, rate), err=True)


def _progress_line(progress: Progress, rate: float) -> str:
    line = f"lane {progress.partition}: {progress.done:,} of {progress.whole:,} records"
    if progress.waits_for:
        return f"{line}, waits for {progress.waits_for}"
    return f"{line}, {rate:,.0f} a second, {(progress.whole - progress.done) / rate:,.0f} s left" if rate else line


def _line(done: Rebuilt) -> str:
    result = done.done
    line = f"lane {done.partition}: {done.records:,} records, {result.leads:,} leads, timeline {done.timeline}; "
    changes = sum(result.told.values())
    told = f"published {changes:,} changes of {len(result.told):,} leads" if changes else "no change published"
    gone = f", took back what was said of {len(result.taken_back):,} leads" if result.taken_back else ""
    return line + told + gone


def _members(done: Rebuilt) -> dict[str, object]:
    return {
        "partition": done.partition,
        "records": done.records,
        "leads": done.done.leads,
        "timeline": done.timeline,
        "published": done.done.told,
        "taken_back": done.done.taken_back,
    }


def _answer(as_json: bool, members: dict[str, object], lines: Iterator[str]) -> None:
    if as_json:
        write_json(members)
    else:
        write(lines)
