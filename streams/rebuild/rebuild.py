"""One lane rebuilt, step by step; the folder's docstring says why in this order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from streams.lane.gaps import Gap, Inputs, wanted
from streams.lane.ports import Bounds
from streams.lane.position import Position, model_fields, plan_of
from streams.rebuild.exchange import Done, Exchange
from streams.rebuild.live import MARK, Live
from streams.rebuild.losses import Loss, ends, first_model, losses, obstacles
from streams.rebuild.ports import RebuildStore
from streams.rebuild.replay import Progress, change, replay
from streams.rebuild.site import Site

MOVED = "moved"
"""Field of a draft's meta: it is of no more use, and only remains to be removed."""

Tell = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Survey:
    """What stands against rebuilding a lane: what is to be decided first, and what Kafka does not hold any more."""

    obstacles: tuple[Gap, ...]
    losses: tuple[Loss, ...]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A lane that was rebuilt: from so many records, and what came of it, under which timeline."""

    partition: int
    records: int
    timeline: int
    done: Done


async def survey(site: Site) -> Survey:
    """Look, and change nothing. Raises SourceUnavailable, StoreUnavailable."""
    position = Position.read(await site.live.meta())
    bounds = await site.source.bounds()
    asked = wanted(position, bounds)
    found = await site.source.records_at(asked) if asked else {}
    return Survey(
        tuple(obstacles(site.partition, position, Inputs(bounds, found))),
        tuple(losses(site.partition, position, bounds)),
    )


async def rebuild(site: Site, tell: Tell) -> Rebuilt:
    """All of it. Whatever it raises, started again it goes on: Halted, Fenced, Rewound, what is away."""
    meta, bounds = await site.live.meta(), await site.source.bounds()
    await _prepare(site, meta, bounds)
    position = Position.read(meta)
    if not position.is_new and MARK not in meta:
        await replay(site.around, site.source, site.draft, ends(position, bounds), tell=tell)
    live = Live(site)
    try:
        await live.close()
        done, records = await _finish(site, live, tell)
    finally:
        await live.end()
    await drop(site.draft)
    return Rebuilt(site.partition, records, live.position.timeline, done)


async def drop(draft: RebuildStore) -> None:
    """Remove a draft that this process owns, in pieces."""
    await change(draft, meta={MOVED: "1"})
    cursor = 0
    while True:
        cursor, lead_ids = await draft.board_scan(cursor)
        if lead_ids:
            await change(draft, gone=lead_ids)
        if cursor == 0:
            return await draft.remove()


async def _finish(site: Site, live: Live, tell: Tell) -> tuple[Done, int]:
    """Behind where the lane has stood when it was closed nothing more is scored."""
    bounds = await site.source.bounds()
    until = ends(live.position, bounds)
    await replay(site.around, site.source, site.draft, until, carry=live.carry, tell=tell)
    draft_meta = await site.draft.meta()
    done = await Exchange(site, live, draft_meta).run()
    await live.settle(draft_meta, until)
    return done, sum(until[topic] - each.beginning for topic, each in bounds.items())


async def _prepare(site: Site, meta: Mapping[str, str], bounds: Mapping[str, Bounds]) -> None:
    """A draft with the model that the lane began with, and with its erasures; or the one that was left unfinished.

    Erasures come first: nothing of who was erased is computed again, even where the command is gone from Kafka.
    """
    draft = site.draft
    acquired = await draft.acquire()
    if MOVED in acquired.meta:
        await drop(draft)
        acquired = await draft.acquire()
    if not Position.read(acquired.meta).is_new:
        return
    body = first_model(meta, losses(site.partition, Position.read(meta), bounds))
    fields = {**model_fields(plan_of(body, 1), body, 0), "first_model": body}
    if key := meta.get("erasure_key"):
        fields["erasure_key"] = key
    erased = await site.live.load_erased()
    await change(draft, meta=fields, erased=erased)
