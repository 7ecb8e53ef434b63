"""What a lane does between one take-over and the next: everything that is dropped when it must take over again.

A turn is one round of the seven steps, or, with nothing to read, what time alone does: timers that are due, the
outbox that Kafka has acknowledged, and a look at Redis whether the lane still stands where it thinks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import structlog

from schemas.rejected import Reason, Refused
from scoring.changes import record_origin
from scoring.document import BadModel
from scoring.lead import Lead
from scoring.plan import TooLarge
from scoring.profile import Profile
from streams.facts import Work
from streams.lane.batch import MODEL, REJECTED, Batch
from streams.lane.caution import Caution, read_trial
from streams.lane.commits import Committer, new_commit_id
from streams.lane.drain import Drain, read_outbox
from streams.lane.erasures import Erasures
from streams.lane.gaps import Fingerprint
from streams.lane.inputs import Input, mentions, read_input
from streams.lane.leads import Leads
from streams.lane.outputs import Outputs
from streams.lane.ports import Acquired, Commit, LaneStore, Record, Rewound, Source
from streams.lane.position import Position, Succession
from streams.lane.present import Present
from streams.lane.steps import Steps, Taken
from streams.lane.succession import bring_over, next_plan, pages_of_leads, profiled
from streams.lane.surroundings import Surroundings
from streams.lane.sweep import PAGE_LEADS, SWEEP_EVERY_S, lowered, next_rank
from streams.lane.tally import Tally, arrivals

PULL_S = 0.25
"""How long a pull waits for records: timers and the outbox are looked after in between."""

HELD_UP_S = 0.02
"""The same while records are in hand whose turn waits for another topic to tell that it has none."""

COMPARE_EVERY_S = 2.0
"""An idle lane asks Redis where it stands: a take-over or a rewind is noticed within this time."""

TIMERS_AT_ONCE = 1_000
"""Of one commit; more are due only after a long stop."""

_NO_TIMER_MS = 1 << 60

log = structlog.get_logger("leadline.lane")


class Tenure:
    """The lane while it owns its partition. Raises Rewound, Fenced or PositionLost when it does not any more.

    `survived`: the last tenure was one of this process, which is alive: no record has killed it.
    """

    def __init__(
        self,
        around: Surroundings,
        source: Source,
        store: LaneStore,
        committer: Committer,
        position: Position,
        *,
        survived: bool,
    ) -> None:
        settings = around.settings
        self.position = position
        self._around = around
        self._source = source
        self._store = store
        self._committer = committer
        self._present = Present(around.clock)
        self._steps = Steps(position.offsets, settings.batch_records, settings.topic_wait_s)
        self._leads = Leads(store, settings.lane_cache_leads)
        publisher = around.open_publisher(committer.partition)
        self._drain = Drain(committer.partition, publisher, settings.environment, around.metrics, around.clock)
        self._tally = Tally(around.metrics, around.clock, around.turns)
        self._brought_ms = position.stream_time_ms
        self._grace_ms = settings.grace_s * 1000
        self._erasures = Erasures("", {})
        died = position.is_open and not survived
        self._caution = Caution(read_trial(position.trying), settings.batch_records, died=died)
        self._trimmed = 0
        self._next_timer_ms = _NO_TIMER_MS
        self._swept_rank = 0
        self._swept_at_s = around.clock.monotonic_s()

    async def take_over(self, acquired: Acquired) -> None:
        """Become the one who publishes for the lane, and publish what waits in its outbox. Raises Halted."""
        self._source.seek(self.position.offsets)
        self._note(acquired.standing.time_ms, acquired.standing.next_timer_ms)
        outbox = await self._committer.until_available(lambda: read_outbox(self._store))
        judged = await self._drain.take_over(self.position, outbox)
        self.position.note_publisher(judged.before)
        is_new_timeline = judged.timeline != self.position.timeline
        if is_new_timeline:
            self.position.begin_timeline(judged.timeline, judged.published)
        self.position.note_open("1")
        if not self._caution.is_on:
            self.position.note_trial("")
        await self._commit(self._batch({}, 0))
        if is_new_timeline:
            self._around.metrics.corrections.inc(judged.corrections)
            log.warning("lane.timeline", partition=self._committer.partition, **judged._asdict())
        self._drain.start(self.position)
        while self._drain.backlog and not self._committer.is_stopped():
            await self._drain.progress(PULL_S)

    async def begin(self) -> None:
        """Finish what a broken-off lane has begun."""
        erased = await self._committer.until_available(self._store.load_erased)
        self._erasures = Erasures(self.position.erasure_key, dict(erased))
        if self.position.succession is not None:
            await self._finish_succession(self.position.succession)

    async def finish(self) -> None:
        """The lane was told to stop: who takes over need not be cautious."""
        self.position.note_open("")
        self.position.note_trial("")
        await self._commit(self._batch({}, 0))

    async def end(self) -> None:
        """Stop publishing; what is not published stays in the outbox."""
        await self._drain.stop()

    def work(self) -> Work:
        """What the lane is at now."""
        now_ms, position = self._present.now_ms(), self.position
        return Work(
            model=position.plan.model.version,
            stream_time_ms=position.stream_time_ms,
            behind_s=max(0, now_ms - self._brought_ms) / 1000,
            timer_late_s=max(0, now_ms - self._grace_ms - self._next_timer_ms) / 1000,
            outbox_entries=self._drain.backlog,
            outbox_oldest_s=self._drain.oldest_s(),
            outbox_full=self._is_full(),
            cached_leads=len(self._leads),
            oldest_ms=self._steps.oldest_ms(),
        )

    async def turn(self) -> None:
        """One round."""
        self._drain.check()
        if self._is_full():
            await self._drain.progress(PULL_S)
            return await self._look_around()
        if wanted := self._steps.wanted:
            timeout_s = HELD_UP_S if self._steps.has_records else PULL_S
            self._steps.add(await self._source.pull(wanted, self._around.settings.batch_records, timeout_s))
        taken = self._steps.take(self._present.now_ms())
        idle_ms = self._present.now_ms() - self._grace_ms
        if taken:
            await self._apply(taken)
        elif self._steps.is_exhausted and self._next_timer_ms <= idle_ms:
            await self._fire(await self._due(idle_ms), idle_ms)
        else:
            if self._steps.is_exhausted:
                self._brought_ms = max(self._brought_ms, idle_ms)
            await self._look_around()
        return None

    def _is_full(self) -> bool:
        """Whether the outbox has no room: nothing is read until Kafka has taken some of it."""
        return self._drain.backlog >= self._around.settings.outbox_limit

    async def _look_around(self) -> None:
        if self._drain.published > self._trimmed:
            await self._commit(self._batch({}, 0))
        elif self._present.since_told_s() >= COMPARE_EVERY_S:
            standing = await self._committer.until_available(self._store.standing)
            if standing.ver != self.position.ver:
                raise Rewound(f"Redis stands at version {standing.ver}, the lane at {self.position.ver}")
            self._note(standing.time_ms, standing.next_timer_ms)
        elif self._steps.is_exhausted and self._around.clock.monotonic_s() - self._swept_at_s >= SWEEP_EVERY_S:
            await self._sweep()

    async def _sweep(self) -> None:
        """Lower the bounds of one page of the board."""
        self._swept_at_s = self._around.clock.monotonic_s()
        rank = self._swept_rank
        page = await self._committer.until_available(lambda: self._store.board_top(rank, PAGE_LEADS))
        leads = await self._load(lead_id for lead_id, _ in page)
        batch = self._batch(leads, 0)
        batch.lowered = lowered(batch.plan, page, leads, self._present.now_ms() - self._grace_ms)
        self._swept_rank = next_rank(rank, page)
        if batch.lowered:
            await self._commit(batch)

    async def _due(self, until_ms: int) -> Sequence[tuple[str, int]]:
        if self._next_timer_ms > until_ms:
            return ()
        return await self._committer.until_available(lambda: self._store.due(until_ms, TIMERS_AT_ONCE))

    async def _fire(self, due: Sequence[tuple[str, int]], until_ms: int) -> None:
        """A commit of timers alone; if there are more than it takes, up to the last of these."""
        until_ms = due[-1][1] if len(due) == TIMERS_AT_ONCE else until_ms
        batch = self._batch(await self._load(lead_id for lead_id, _ in due), until_ms)
        batch.fold([], due)
        await self._commit(batch)

    async def _apply(self, taken: list[Taken]) -> None:
        """What is in hand, or of it as much as is to be tried; then what a model command has begun."""
        if self._caution.is_on:
            async with self._around.trials:
                self._caution.passed(await self._apply_some(await self._note_trial(taken)))
        else:
            await self._apply_some(taken)
        if self.position.succession is not None:
            await self._finish_succession(self.position.succession)

    async def _apply_some(self, taken: list[Taken]) -> int:
        """One commit: records and the timers due before them; the first model command ends it. How many records."""
        due = await self._due(max(timestamp_ms for _, timestamp_ms in taken))
        if len(due) == TIMERS_AT_ONCE:
            taken = self._keep_before(taken, due[-1][1])
            if not taken:
                await self._fire(due, due[-1][1])
                return 0
        inputs = await self._read(taken)
        mentioned = mentions(inputs)
        leads = await self._load([*mentioned.leads, *(lead_id for lead_id, _ in due)])
        batch = self._batch(leads, mentioned.until_ms)
        batch.profiles = await self._load_profiles(mentioned.profiled)
        prints = {topic: str(Fingerprint.of(record)) for topic, record in mentioned.last.items()}
        self.position.note_prints(prints)
        model = inputs.pop() if inputs[-1].model is not None else None
        await self._fold(batch, inputs, due)
        if model is not None:
            self._begin_succession(batch, model)
        await self._commit(batch)
        return len(inputs)

    async def _fold(self, batch: Batch, inputs: Sequence[Input], due: Sequence[tuple[str, int]]) -> None:
        batch.begin(due)
        await self._tally.by_turns("fold", inputs, batch.apply)
        batch.finish()

    async def _note_trial(self, taken: list[Taken]) -> list[Taken]:
        """The first records, once meta says that they are being tried; the commit that scores them clears that.

        Another take of the same records gives the same order.
        """
        self._steps.give_back(taken)
        self.position.note_trial(self._caution.next_trial(taken[0][0]).text())
        await self._commit(self._batch({}, 0))
        again = self._steps.take(self._present.now_ms())
        tried, rest = again[: self._caution.at_once], again[self._caution.at_once :]
        self._steps.give_back(rest)
        self.position.note_trial("")
        return tried

    def _keep_before(self, taken: list[Taken], instant_ms: int) -> list[Taken]:
        """The first records, as long as they are before the instant; the rest is given back."""
        kept = next((place for place, (_, at_ms) in enumerate(taken) if at_ms >= instant_ms), len(taken))
        self._steps.give_back(taken[kept:])
        return taken[:kept]

    async def _read(self, taken: list[Taken]) -> list[Input]:
        """The inputs of these records, up to the first model command; the rest is given back."""
        inputs: list[Input] = []

        def read(some: Sequence[Taken]) -> None:
            for record, timestamp_ms in some:
                if inputs and inputs[-1].model is not None:
                    break
                inputs.append(self._input(record, timestamp_ms))

        await self._tally.by_turns("decode", taken, read)
        self._steps.give_back(taken[len(inputs) :])
        return inputs

    def _input(self, record: Record, timestamp_ms: int) -> Input:
        if self._caution.is_poison(record):
            return Input(record, timestamp_ms, None, None, None, Refused(Reason.POISON))
        return read_input(record, timestamp_ms)

    async def _load(self, lead_ids: Iterable[str]) -> dict[str, Lead]:
        wanted = list(lead_ids)
        with self._tally.stage("load"):
            return await self._committer.until_available(lambda: self._leads.load(wanted))

    async def _load_profiles(self, lead_ids: Iterable[str]) -> dict[str, Profile]:
        wanted = list(lead_ids)
        if not wanted:
            return {}
        return await self._committer.until_available(lambda: self._leads.load_profiles(wanted))

    def _begin_succession(self, batch: Batch, given: Input) -> None:
        """The commit that passes the command notes the model to come; one that is no model is refused."""
        command, record = given.model, given.record
        assert command is not None
        cause = record_origin(record.topic, record.partition, record.offset)
        succession = Succession(command.version, command.body, command.occurred_at, cause)
        try:
            next_plan(self.position, succession)
        except (BadModel, TooLarge):
            batch.outputs.add_refusal(given, Refused(Reason.BAD_MODEL, "body"))
            batch.note(given, REJECTED)
        else:
            self.position.begin_succession(succession)
            batch.note(given, MODEL)

    async def _finish_succession(self, succession: Succession) -> None:
        plan = next_plan(self.position, succession)
        async for page in pages_of_leads(self._store, self._leads, self._committer):
            while self._is_full() and not self._committer.is_stopped():
                await self._drain.progress(PULL_S)
            batch = self._batch(page, 0)
            batch.profiles = await self._load_profiles(profiled(page))
            bring_over(batch, plan, succession)
            if batch.touched:
                await self._commit(batch)
        self.position.end_succession(plan)
        await self._commit(self._batch({}, 0))

    def _batch(self, leads: dict[str, Lead], until_ms: int) -> Batch:
        partition, settings = self._committer.partition, self._around.settings
        return Batch(
            plan=self.position.plan,
            partition=partition,
            leads=leads,
            outputs=Outputs(partition, self.position, settings.rejected_payload),
            partition_of=self._around.partition_of,
            until_ms=until_ms,
            keeps_journal=settings.journal,
            erasures=self._erasures,
        )

    async def _encode(self, batch: Batch) -> dict[str, bytes]:
        states: dict[str, bytes] = {}
        await self._tally.by_turns("encode", list(batch.touched), lambda some: states.update(batch.states_of(some)))
        return states

    async def _commit(self, batch: Batch) -> None:
        """Write all that the batch has changed, then let it be seen."""
        position, steps, outputs = self.position, self._steps, batch.outputs
        position.note_stream_time(batch.until_ms)
        offsets = {topic: (position.offsets[topic], offset) for topic, offset in steps.next_offset.items()}
        trim = self._drain.published
        states = await self._encode(batch)
        erased = dict(self._erasures.add(lead_id, until_ms) for lead_id, until_ms in batch.gone.items())
        if erased:
            position.keep_erasure_key(self._erasures.key)
        commit = Commit(
            commit_id=new_commit_id(),
            ver=position.ver,
            offsets=offsets,
            states=states,
            board=batch.board(),
            timers=batch.timers(),
            history=outputs.history,
            outbox=outputs.entries,
            meta=position.take_changed(),
            trim=trim,
            journal=batch.journal(offsets) if batch.keeps_journal else None,
            profiles=batch.changed_profiles(),
            gone=tuple(batch.gone),
            erased=erased,
            replaced=self._drain.erase(batch.gone),
            outcomes=batch.told,
        )
        standing = await self._committer.send(commit)
        position.ver, position.offsets, self._trimmed = standing.ver, dict(steps.next_offset), trim
        self._note(standing.time_ms, standing.next_timer_ms)
        steps.committed()
        self._brought_ms = max(self._brought_ms, position.stream_time_ms)
        self._leads.drop(batch.gone)
        self._leads.keep({lead_id: batch.leads[lead_id] for lead_id in batch.touched})
        self._drain.add(outputs.entries, arrivals(outputs, standing.time_ms))
        self._tally.committed(batch, self._leads)

    def _note(self, time_ms: int, next_timer_ms: int | None) -> None:
        self._present.tell(time_ms)
        self._next_timer_ms = _NO_TIMER_MS if next_timer_ms is None else next_timer_ms
