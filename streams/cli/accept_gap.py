"""`leadline accept-gap`: lanes that are halted go on, as the operator decides."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import click

from schemas.topics import INPUT_NAMES
from streams.cli.clients import settings
from streams.cli.errors import UNSAFE, Failure
from streams.cli.gap_search import Lane, find_gaps
from streams.cli.output import json_option, write, write_json
from streams.lane.gaps import Gap, Way
from streams.settings import Settings
from streams.store import Store


@click.command("accept-gap")
@click.option("--partition", type=click.IntRange(0), help="Only this lane.")
@click.option("--topic", type=click.Choice(INPUT_NAMES), help="Only this topic.")
@click.option("--skip", is_flag=True, help="Leave unread what a topic that was made anew holds now.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def command(
    ctx: click.Context, partition: int | None, topic: str | None, skip: bool, yes: bool, as_json: bool
) -> None:
    """Show what keeps lanes from going on, and what going on would cost; then do it, if you say so.

    A lane that is halted goes on within five seconds. With --json nothing is asked, and nothing is done without
    --yes. Exits with 5 while something keeps a lane from going on.
    """
    chosen = _Chosen(settings(), partition, topic, skip)
    lanes, gaps = asyncio.run(chosen.find())
    accepted = [gap for gap in gaps if chosen.way(gap) is not None]
    if not as_json:
        write(_lines(chosen, gaps))
    is_meant = bool(accepted) and (yes or (not as_json and click.confirm("Go on so?", err=True)))
    if is_meant:
        asyncio.run(chosen.accept(lanes, accepted))
    if as_json:
        write_json({"gaps": [_members(chosen, gap, is_meant) for gap in gaps]})
    elif accepted:
        write(("accepted: the lanes go on within five seconds" if is_meant else "nothing was changed",))
    left = [gap for gap in gaps if not is_meant or chosen.way(gap) is None]
    ctx.exit(UNSAFE if left else 0)


class _Chosen:
    """What the command line says."""

    def __init__(self, given: Settings, partition: int | None, topic: str | None, skip: bool) -> None:
        self._given = given
        self._partition = partition
        self._topic = topic
        self._skip = skip

    def way(self, gap: Gap) -> Way | None:
        """How a gap is accepted; None: not at all."""
        return gap.skipping if self._skip and gap.skipping is not None else gap.way

    async def find(self) -> tuple[list[Lane], list[Gap]]:
        """All lanes, and the gaps that are meant."""
        store = await Store.of(self._given)
        try:
            lanes, gaps = await find_gaps(self._given, store)
        finally:
            await store.close()
        return lanes, [gap for gap in gaps if self._is_meant(gap)]

    async def accept(self, lanes: Sequence[Lane], gaps: Sequence[Gap]) -> None:
        """Write it. Raises Failure if a lane has gone on meanwhile."""
        store = await Store.of(self._given)
        try:
            for lane in lanes:
                await self._accept(store, lane, [gap for gap in gaps if gap.partition == lane.partition])
            for lane in lanes:
                await self._forget(store, lane, gaps)
        finally:
            await store.close()

    async def _accept(self, store: Store, lane: Lane, gaps: Sequence[Gap]) -> None:
        ways = [way for gap in gaps if (way := self.way(gap)) is not None]
        if not ways:
            return
        fields = {name: value for way in ways for name, value in way.fields.items()}
        removed = [name for way in ways for name in way.removed]
        if not await store.accept(lane.partition, fields, removed, ver=lane.ver):
            raise Failure(f"lane {lane.partition} has changed meanwhile, and was left as it is: look again", UNSAFE)

    async def _forget(self, store: Store, lane: Lane, gaps: Sequence[Gap]) -> None:
        """A log that was made anew counts from 0 again, also for re-keyed records in other lanes."""
        names = {way.forgotten for gap in gaps if (way := self.way(gap)) is not None}
        if known := sorted(names.intersection(lane.meta)):
            await store.accept(lane.partition, {}, known)

    def _is_meant(self, gap: Gap) -> bool:
        return self._partition in (None, gap.partition) and self._topic in (None, gap.topic)


def _lines(chosen: _Chosen, gaps: Sequence[Gap]) -> Iterator[str]:
    for gap in gaps:
        way = chosen.way(gap)
        yield f"lane {gap.partition}: {gap.what}"
        yield f"    -> {way.effect}" if way else "    -> not to be accepted"
        if gap.beside:
            yield f"    or {gap.beside}"
    if not gaps:
        yield "nothing keeps a lane from going on"


def _members(chosen: _Chosen, gap: Gap, is_meant: bool) -> dict[str, object]:
    way = chosen.way(gap)
    return {
        "partition": gap.partition,
        "topic": gap.topic or None,
        "what": gap.what,
        "effect": way.effect if way else None,
        "accepted": is_meant and way is not None,
    }
