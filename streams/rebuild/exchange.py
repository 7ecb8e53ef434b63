"""Puts the draft in the place of the scores in use, lead by lead, and publishes what differs.

Each commit replaces all that is kept of some leads; so a rebuild that breaks off is simply done again: leads that
were replaced differ from the draft in nothing any more.

    1 pages      every lead of the draft: state, profile, board, timer, history; what is to be told of it
    2 strays     whoever else has a key in Redis or was told of: nothing stays, and a tombstone says so
    3 the rest   erasures and outcomes, which have no lead's key
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from schemas.changes import Cause
from schemas.codec import decode_object, decode_outcome
from schemas.topics import CHANGES
from scoring.lead import NEVER, Lead
from scoring.notices import BandMove, FlagMove, Notice, take_picture
from scoring.plan import Plan
from scoring.score import score_now
from scoring.state import Damaged, UnknownFormat, decode_lead
from streams.lane.erasures import Erasures
from streams.lane.outputs import Outputs
from streams.lane.position import Position
from streams.rebuild.live import Live
from streams.rebuild.ports import RebuildStore
from streams.rebuild.site import Site
from streams.rebuild.told import BAND, FLAG, Word, word_of
from streams.rebuild.verdict import NOTHING, Look, Verdict, judge, look_at, merged, subjects_between

LEADS_AT_ONCE = 500
"""Of one commit: a megabyte or two, of which Redis needs some 10 ms."""

UNKNOWN_PLACE = (0, 0)
"""Of a change that was told longer ago than the outputs are kept, where Redis does not know its place either."""

Item = TypeVar("Item")

_encode_json = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Done:
    """What came of it. `told`: changes published by lead; of those in `taken_back` nothing is known any more."""

    leads: int = 0
    told: dict[str, int] = field(default_factory=dict)
    taken_back: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Sides:
    """One lead: its state and its changes as the draft has them and as Redis had them."""

    lead_id: str
    state: bytes
    made: Sequence[bytes]
    old_state: bytes | None
    old_changes: Sequence[bytes]


class Exchange:
    """From a draft that has come far enough to the scores in use."""

    def __init__(self, site: Site, live: Live, draft_meta: Mapping[str, str]) -> None:
        self._partition = site.partition
        self._live = live
        self._store: RebuildStore = site.live
        self._draft: RebuildStore = site.draft
        self._plan = Position.read(draft_meta).plan
        self._erasure_key = draft_meta.get("erasure_key", "")
        self._erasures = Erasures("", {})
        self._since_ms = live.told.since_ms.get(CHANGES.name, 0)
        self.done = Done()

    async def run(self) -> Done:
        """All of it."""
        erased = await self._draft.load_erased()
        self._erasures = Erasures(self._erasure_key, dict(erased))
        async for page in self._pages():
            await self._replace(page)
        await self._remove_strays()
        await self._store.empty()
        for some in _cut(list(erased.items())):
            await self._live.commit(erased=dict(some))
        await self._copy_outcomes()
        return self.done

    async def _pages(self) -> AsyncIterator[Sequence[str]]:
        cursor = 0
        while True:
            cursor, lead_ids = await self._draft.board_scan(cursor)
            for page in _cut(list(dict.fromkeys(lead_ids))):
                yield page
            if cursor == 0:
                return

    async def _replace(self, lead_ids: Sequence[str]) -> None:
        """One commit: these leads as the draft has them."""
        outputs = Outputs(self._partition, self._live.position, with_payload=False)
        found = await self._sides(lead_ids)
        history = {sides.lead_id: self._judge(sides, outputs) for sides in found}
        marks = dict(zip(lead_ids, await self._draft.marks(lead_ids), strict=True))
        profiles = zip(lead_ids, await self._draft.load_profiles(lead_ids), strict=True)
        await self._live.commit(
            outputs.entries,
            gone=lead_ids,
            states={sides.lead_id: sides.state for sides in found},
            profiles={lead_id: profile for lead_id, profile in profiles if profile is not None},
            board={lead_id: mark.bound for lead_id, mark in marks.items() if mark.bound is not None},
            timers={lead_id: mark.timer_ms for lead_id, mark in marks.items() if mark.timer_ms is not None},
            history={lead_id: changes for lead_id, changes in history.items() if changes},
        )
        self.done.leads += len(lead_ids)

    async def _sides(self, lead_ids: Sequence[str]) -> list[_Sides]:
        columns = zip(
            lead_ids,
            await self._draft.load(lead_ids),
            await self._draft.histories(lead_ids),
            await self._store.load(lead_ids),
            await self._store.histories(lead_ids),
            strict=True,
        )
        return [
            _Sides(lead_id, state, made, old_state, old_changes)
            for lead_id, state, made, old_state, old_changes in columns
            if state is not None
        ]

    def _judge(self, sides: _Sides, outputs: Outputs) -> list[bytes]:
        """Publish what is to be told of the lead; its history from now on, oldest first."""
        lead = decode_lead(sides.state)
        told = merged(self._live.told.words.get(sides.lead_id, ()), _legible(sides.old_changes))
        if told and self._erasures.covers(sides.lead_id, told[-1].at_ms):
            outputs.erase(sides.lead_id)
            self.done.taken_back.append(sides.lead_id)
            told = []
        made = [word_of(each) for each in sides.made]
        after = look_at(self._plan, lead)
        verdict = judge(made, told, subjects_between(self._look_before(sides), after), self._since_ms)
        history = _history(zip(made, sides.made, strict=True), told, verdict, outputs)
        outputs.add_changes(self._plan, sides.lead_id, list(self._made_up(lead, verdict, after)), self._origin)
        count = len(verdict.told) + len(verdict.made_up)
        if count:
            self.done.told[sides.lead_id] = count
        return history + outputs.history.get(sides.lead_id, [])[len(verdict.told) :]

    def _look_before(self, sides: _Sides) -> Look | None:
        """What Redis said of the lead; None in a lane without scores: then nobody was misled by them."""
        if self._live.position.is_new:
            return None
        if sides.old_state is None:
            return NOTHING
        try:
            return look_at(self._live.position.plan, decode_lead(sides.old_state))
        except (Damaged, UnknownFormat, IndexError):
            return NOTHING

    def _made_up(self, lead: Lead, verdict: Verdict, after: Look) -> Iterable[Notice]:
        names = self._plan.names
        for subject, said in verdict.made_up.items():
            moved: BandMove | FlagMove
            if subject == BAND:
                is_up = said in names and names.index(said) < names.index(after.band)
                moved = BandMove(said, after.band, is_up)
            else:
                moved = FlagMove(subject.removeprefix(FLAG), "lifted", None, NEVER, None)
            yield _correction(self._plan, lead, moved)

    @property
    def _origin(self) -> str:
        return f"rebuild/{self._live.position.timeline}"

    async def _remove_strays(self) -> None:
        async for lead_ids in self._store.every_lead():
            await self._remove(lead_ids)
        for some in _cut(list(self._live.told.words)):
            await self._remove(some)

    async def _remove(self, lead_ids: Sequence[str]) -> None:
        """Nothing stays of those that the draft does not know."""
        wanted = list(dict.fromkeys(lead_ids))
        marks = await self._draft.marks(wanted)
        strays = [lead_id for lead_id, mark in zip(wanted, marks, strict=True) if mark.bound is None]
        for some in _cut(strays):
            outputs = Outputs(self._partition, self._live.position, with_payload=False)
            for lead_id, changes in zip(some, await self._store.histories(some), strict=True):
                if changes or self._live.told.words.get(lead_id):
                    outputs.erase(lead_id)
                    self.done.taken_back.append(lead_id)
            await self._live.commit(outputs.entries, gone=some)

    async def _copy_outcomes(self) -> None:
        place = ""
        while page := await self._draft.outcomes(place):
            records = [(decode_outcome(record).lead_id, record) for _, record in page]
            await self._live.commit(outcomes=records)
            place = page[-1][0]


def _history(
    made: Iterable[tuple[Word, bytes]], told: Sequence[Word], verdict: Verdict, outputs: Outputs
) -> list[bytes]:
    """The changes made, oldest first, each with the place under which it was told, or is told now."""
    places = {word.change_id: word.place for word in told}
    history = []
    for word, change in made:
        if word.change_id in verdict.told:
            outputs.add_again(change)
            history.append(outputs.entries[-1].value or b"")
        else:
            history.append(_placed(change, word.place, places.get(word.change_id, UNKNOWN_PLACE)))
    return history


def _legible(changes: Iterable[bytes]) -> Iterator[Word]:
    """The words of changes that Redis keeps, those that it still has whole."""
    for change in changes:
        with suppress(msgspec.DecodeError):
            yield word_of(change)


def _placed(change: bytes, stands: tuple[int, int], place: tuple[int, int]) -> bytes:
    if stands == place:
        return change
    return _encode_json({**decode_object(change), "timeline": place[0], "seq": place[1]})


def _correction(plan: Plan, lead: Lead, moved: BandMove | FlagMove) -> Notice:
    score = score_now(plan, lead)
    return Notice(moved, Cause.REBUILD, lead.as_of, False, score, score, take_picture(plan, lead))


def _cut(some: Sequence[Item]) -> Iterable[Sequence[Item]]:
    """In pieces of one commit."""
    return (some[start : start + LEADS_AT_ONCE] for start in range(0, len(some), LEADS_AT_ONCE))
