"""The scores in use, once the rebuild owns them: nobody else scores, publishes, or takes the lane over.

    close     own the lane in Redis, as only a rebuild can from then on; become the only one who publishes; hear
              what was told; begin the next timeline; what waits in the outbox is published under it
    commit    write, and publish what is written
    settle    the draft's position becomes the lane's, and workers may take it over again

A rebuild that finds the lane closed goes on under the timeline that was begun.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from schemas.topics import REJECTED, REKEYED
from streams.lane.commits import Committer, new_commit_id
from streams.lane.drain import Drain, read_outbox
from streams.lane.gaps import output_gap
from streams.lane.outputs import place_headers
from streams.lane.ports import Commit, Halted, OutboxEntry, Rewound
from streams.lane.position import GONE, NEXT_MODEL, OFFSET, ORIGIN, PRINT, Position
from streams.lane.tenure import PULL_S
from streams.rebuild.site import Site
from streams.rebuild.told import Told

MARK = "rebuild"
"""Field of meta: present while only a rebuild may own the lane; the timeline that it has begun, or `begun`."""

POSITIONS = (OFFSET, ORIGIN, PRINT, GONE)
TAKEN_OVER = ("first_model", "model_version", "model_body", "model_since", "model_ordinal", "erasure_key")
FORGOTTEN = (MARK, "open", "trying", *NEXT_MODEL)


class Live:
    """A lane that is closed. `told` is what its consumers have been told, kept up to date."""

    def __init__(self, site: Site) -> None:
        self._site = site
        around = site.around
        self._committer = Committer(
            site.partition, site.live, around.clock, around.metrics, lambda: False, around.jitter
        )
        publisher = around.open_publisher(site.partition)
        self._publisher = publisher
        self._drain = Drain(site.partition, publisher, around.settings.environment, around.metrics, around.clock)
        self.position = Position.read({})
        self.told = Told(site.partition)
        self.meta: Mapping[str, str] = {}

    async def close(self) -> None:
        """Nobody but a rebuild goes on with the lane. Raises Halted, StoreRefused, SourceUnavailable, Fenced."""
        acquired = await self._committer.until_available(self._site.live.acquire)
        self.meta = acquired.meta
        position = self.position = Position.read(acquired.meta)
        position.take_changed()  # A lane without scores stays one until it has some.
        outbox = await read_outbox(self._site.live)
        is_begun = self.meta[MARK].isdecimal() or await self._accept_outputs(outbox)
        judged = await self._drain.take_over(position, outbox)
        self.told = await self._site.read_told(position.is_new)
        for entry in outbox:
            if entry.number > judged.published:
                self.told.hear(entry)
        timeline = max(position.timeline, judged.timeline)
        if not is_begun:
            timeline = max(timeline, self.told.timeline) + 1
        position.note_publisher(judged.before)
        position.begin_timeline(timeline, judged.published)
        for topic, seq in self.told.seqs.items():
            position.go_on_after(topic, seq)
        await self.commit(meta={MARK: str(timeline)})
        self._drain.start(position)

    async def end(self) -> None:
        """Stop publishing."""
        await self._drain.stop()

    async def carry(self, entries: Sequence[OutboxEntry]) -> None:
        """Publish those of these refusals and re-keyed records that nobody was told."""
        news = [self._numbered(entry) for entry in entries if self.told.lacks(entry)]
        if news:
            await self.commit(news)

    def next_entry(self, entry: OutboxEntry) -> OutboxEntry:
        """The entry as the next of the outbox."""
        self.position.outbox += 1
        return replace(entry, number=self.position.outbox)

    async def commit(self, outbox: Sequence[OutboxEntry] = (), **written: Any) -> None:
        """Write all of it in one commit, then publish; waits while Kafka is behind. Raises Fenced, Rewound."""
        position = self.position
        meta = {**position.take_changed(), **written.pop("meta", {})}
        commit = Commit(
            commit_id=new_commit_id(),
            ver=position.ver,
            offsets={},
            outbox=outbox,
            meta=meta,
            trim=self._drain.published,
            **written,
        )
        position.ver = (await self._committer.send(commit)).ver
        for entry in outbox:
            self.told.hear(entry)
        self._drain.add(outbox)
        while self._drain.backlog >= self._site.around.settings.outbox_limit:
            await self._drain.progress(PULL_S)

    async def settle(self, draft: Mapping[str, str], ends: Mapping[str, int]) -> None:
        """All is published, and the lane stands where the draft does: workers may go on with it."""
        while self._drain.backlog:
            await self._drain.progress(PULL_S)
        await self.commit()
        fields = {name: draft[name] for name in draft if name.startswith(POSITIONS) or name in TAKEN_OVER}
        fields.update((OFFSET + topic, str(end)) for topic, end in ends.items())
        fields["stream_time"] = str(max(int(draft.get("stream_time", "0")), self.position.stream_time_ms))
        stale = [name for name in self.meta if name.startswith(POSITIONS) and name not in fields]
        if not await self._site.live.settle(self.position.ver, fields, [*stale, *FORGOTTEN]):
            raise Rewound(f"lane {self._site.partition} was changed by somebody else while it was being rebuilt")

    async def _accept_outputs(self, outbox: Sequence[OutboxEntry]) -> bool:
        """Whether what was published belongs to other scores: then these go on under a timeline above theirs.

        Raises Halted where they are another environment's.
        """
        position, partition = self.position, self._site.partition
        if not self._publisher.keeps_marks:
            return False
        left = outbox[0].number - 1 if outbox else position.outbox
        environment = self._site.around.settings.environment
        gap = output_gap(position, await self._publisher.last(), left, environment, partition)
        if gap is None:
            return False
        if gap.way is None:
            raise Halted(str(gap))
        position.lineage = gap.way.fields.get("lineage", position.lineage)
        position.begin_timeline(int(gap.way.fields["timeline"]), int(gap.way.fields["timeline_base"]))
        await self.commit(meta={**gap.way.fields, MARK: gap.way.fields["timeline"]})
        return True

    def _numbered(self, entry: OutboxEntry) -> OutboxEntry:
        if entry.topic == REKEYED.name:
            return self.next_entry(entry)
        assert entry.topic == REJECTED.name
        place = self.position.next_seq(REJECTED.name)
        others = [header for header in entry.headers if header[0] not in ("timeline", "seq")]
        return self.next_entry(replace(entry, headers=(*place_headers(place), *others)))
