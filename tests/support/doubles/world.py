"""A Kafka and a Redis in memory, one lane of them: scored by workers, and rebuilt.

world = World()
world.click("L-1", times=3)
await world.score()         # a worker scores and publishes all there is
await world.rebuild()
world.spoken(since=0)       # what consumers were told
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from schemas.instants import HOUR_MS, format_ms
from scoring.state import decode_lead, encode_lead
from streams.lane.ports import OutboxEntry
from streams.rebuild.rebuild import Rebuilt, rebuild
from streams.rebuild.site import Site
from tests.support.doubles.bench import NOON_MS, StoppedClock
from tests.support.doubles.lane import GivenLane, GivenRecords
from tests.support.doubles.memory_redis import LaneKeys, MemoryRedis
from tests.support.doubles.outputs import MemoryOutputs
from tests.support.doubles.rebuilt import MemoryRebuildStore, MemoryRebuiltLane
from tests.support.workers import eventually

ANY, PROFILES, COMMANDS = "engagements", "lead.profiles", "lead.commands"
START_MS = NOON_MS - 3 * HOUR_MS

MODEL = """
version: {version}
rules:
  - {{id: click, kind: email.clicked, points: {points}}}
fit: [{{id: vp, where: {{job_title: VP}}, points: 5}}, {{id: rival, where: {{company: rival}}, flag: competitor}}]
bands: [{{name: warm, enter: 20, leave: 15}}, {{name: hot, enter: 40, leave: 30, alert: true}}]
"""
"""Nothing fades: however late it is, nothing happens by itself."""


@dataclass
class World:
    """A Kafka and a Redis in memory, one lane of them."""

    redis: MemoryRedis = field(default_factory=lambda: MemoryRedis(StoppedClock()))
    given: GivenRecords = field(default_factory=lambda: GivenRecords(partition=0))
    outputs: MemoryOutputs = field(default_factory=MemoryOutputs)
    now_ms: int = START_MS

    def tell(self, topic: str, lead_id: str, **members: Any) -> None:
        """One input more, a second later."""
        self.now_ms += 1_000
        value = {"id": f"i-{self.now_ms}", "lead_id": lead_id, "occurred_at": format_ms(self.now_ms), **members}
        self.given.add(topic, value, self.now_ms)

    def click(self, lead_id: str, times: int = 1) -> None:
        """The lead clicks: 15 points each."""
        for _ in range(times):
            self.tell(ANY, lead_id, kind="email.clicked")

    def say(self, command: str, lead_id: str, **members: Any) -> None:
        """Somebody says something about the lead."""
        self.tell(COMMANDS, lead_id, command=command, **members)

    def activate(self, version: str, points: int) -> None:
        """Another model."""
        self.say("model", "", version=version, body=MODEL.format(version=version, points=points))

    @property
    def keys(self) -> LaneKeys:
        """What Redis keeps of the lane."""
        return self.redis.lane(0)

    @property
    def store(self) -> MemoryRebuildStore:
        """As a process opens it."""
        return MemoryRebuildStore(self.redis)

    async def score(self) -> None:
        """A worker scores and publishes all there is, and ends."""
        lane = self._lane()

        async def is_done() -> bool:
            return dict(lane.lane.offsets()) == self.given.ends() and not self.keys.outbox

        async with lane.running():
            await eventually(is_done, timeout_s=30.0, what="all is applied and published")

    def site(self, wrap: Callable[[MemoryRebuiltLane], Any] = lambda store: store) -> Site:
        """Where the rebuild works."""
        around = self._lane().around
        live, draft = wrap(self.store.rebuilt(0)), wrap(self.store.draft(0))
        return Site(0, around, self.given, live, draft, self.outputs.told)

    async def rebuild(self) -> Rebuilt:
        """To its end."""
        return await rebuild(self.site(), lambda _: None)

    async def rebuild_again(self) -> dict[str, int]:
        """What another one tells."""
        return (await self.rebuild()).done.told

    def copy(self) -> World:
        """Another one, in which the same has happened."""
        other = World(outputs=MemoryOutputs(list(self.outputs.published), self.outputs.mark))
        other.redis.restore(self.redis.snapshot())
        other.given.logs = copy.deepcopy(self.given.logs)
        return other

    def kept(self) -> dict[str, Any]:
        """All that is kept of leads, and where the lane stands."""
        keys = copy.deepcopy(self.keys)
        meta = {name: value for name, value in keys.meta.items() if name.split(":")[0] in STANDS}
        states = {lead_id: plain(state) for lead_id, state in keys.states.items()}
        parts = (keys.board, keys.timers, keys.history, keys.profiles, keys.outcomes, keys.erased)
        return {"meta": meta, "states": states, "parts": parts}

    def _lane(self) -> GivenLane:
        return GivenLane(self.store.lane(0), StoppedClock(), self.given, self.outputs.open, elsewhere)

    def spoken(self, since: int) -> list[tuple[str, str, int]]:
        """What was published behind so many entries: (lead, what, timeline)."""
        return [_spoken(entry) for entry in self.outputs.published[since:]]


STANDS = (
    "offset",
    "origin",
    "print",
    "seq",
    "stream_time",
    "model_version",
    "model_body",
    "model_ordinal",
    "lineage",
)


def elsewhere(key: bytes) -> int:
    """Leads of this name belong to partition 1."""
    return int(key == b"stranger")


def plain(state: bytes) -> bytes:
    """A state without what depends on when it was looked at last."""
    lead = decode_lead(state)
    lead.wake, lead.ceiling = 0, 0.0
    return encode_lead(lead)


def _spoken(entry: OutboxEntry) -> tuple[str, str, int]:
    timeline = int(dict(entry.headers).get("timeline", b"0"))
    lead_id = (entry.key or b"").decode()
    if entry.value is None:
        return lead_id, "gone", timeline
    said = json.loads(entry.value)
    what = said.get("to") or said.get("reason") or said.get("flag", {}).get("action") or entry.topic
    return lead_id, what if said.get("cause") != "rebuild" else f"{what}, made up", timeline


async def whole() -> World:
    """Leads of which something of everything is known, all of it published."""
    world = World()
    world.activate("first", 15)
    world.tell(PROFILES, "rival", company="rival")
    world.click("hot", 3)
    world.click("warm", 2)
    world.click("cold")
    world.click("erased", 3)
    world.tell(PROFILES, "hot", job_title="VP")
    world.say("flag", "warm", reason="doubt")
    world.say("outcome", "hot", result="converted")
    world.say("contacted", "warm", by="kim")
    world.say("erase", "erased")
    world.tell(ANY, "hot", kind="bad kind")
    world.click("stranger")
    world.activate("second", 16)
    world.click("warm")
    world.say("unflag", "warm", reason="doubt")
    await world.score()
    return world
