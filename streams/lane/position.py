"""What a lane knows of its meta hash: where it stands, how far it has counted, which model is in force.

Read once at a take-over; afterwards the lane's own copy is the truth, and each commit writes what has changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from scoring.document import default_text, read_model
from scoring.plan import Plan
from streams.lane.inputs import Origin

OFFSET, ORIGIN, PRINT, SEQ, GONE = "offset:", "origin:", "print:", "seq:", "gone:"
NEXT_MODEL = ("next_model_version", "next_model_body", "next_model_since", "next_model_cause")
"""A model that is being put in force: present while the lane brings its leads over."""

PLANS_KEPT = 8
"""The lanes of a worker have one model in force, two while another is being put in force."""


@lru_cache(maxsize=PLANS_KEPT)
def plan_of(body: str, ordinal: int) -> Plan:
    """The plan of a model's text; the lanes of a worker share it. Raises BadModel or TooLarge."""
    return Plan(read_model(body), ordinal)


@dataclass(slots=True)
class Succession:
    """A model about to be in force: its label, its text, from when on, and the record that brought it."""

    version: str
    body: str
    since_ms: int
    cause: str

    def fields(self) -> dict[str, str]:
        """As fields of the meta hash."""
        return dict(zip(NEXT_MODEL, (self.version, self.body, str(self.since_ms), self.cause), strict=True))


@dataclass(slots=True)
class Position:
    """The meta hash of a lane, parsed. `ordinal` counts the models that were in force, from 1.

    `lineage`, `timeline_base` and `publishers` are explained in timeline.py, `prints` and `gone` (by topic) in
    gaps.py, `is_open` and `trying` in caution.py.
    """

    ver: int
    timeline: int
    stream_time_ms: int
    outbox: int
    offsets: dict[str, int]
    origins: dict[tuple[str, int], int]
    seqs: dict[str, int]
    prints: dict[str, str]
    gone: dict[str, int]
    lineage: str
    timeline_base: int
    token: str
    publishers: tuple[str, str]
    plan: Plan
    is_new: bool
    succession: Succession | None
    erasure_key: str
    is_open: bool
    trying: str
    changed: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, meta: Mapping[str, str]) -> Position:
        """The position in this meta hash; a lane without a model puts the packaged default in force."""
        body = meta.get("model_body") or default_text()
        position = cls(
            ver=int(meta.get("ver", "0")),
            timeline=int(meta.get("timeline", "1")),
            stream_time_ms=int(meta.get("stream_time", "0")),
            outbox=int(meta.get("outbox", "0")),
            offsets={name: int(meta[OFFSET + name]) for name in _names(meta, OFFSET)},
            origins={_place(name): int(meta[ORIGIN + name]) for name in _names(meta, ORIGIN)},
            seqs={name: int(meta[SEQ + name]) for name in _names(meta, SEQ)},
            prints={name: meta[PRINT + name] for name in _names(meta, PRINT)},
            gone={name: int(meta[GONE + name]) for name in _names(meta, GONE)},
            lineage=meta.get("lineage", ""),
            timeline_base=int(meta.get("timeline_base", "0")),
            token=meta.get("token", ""),
            publishers=(meta.get("publisher", ""), meta.get("publisher_before", "")),
            plan=plan_of(body, int(meta.get("model_ordinal", "1"))),
            is_new="model_body" not in meta,
            succession=_succession(meta),
            erasure_key=meta.get("erasure_key", ""),
            is_open=meta.get("open", "") != "",
            trying=meta.get("trying", ""),
        )
        if position.is_new:
            position.changed.update(model_fields(position.plan, body, 0), first_model=body)
        return position

    def next_seq(self, topic: str) -> tuple[int, int]:
        """The (timeline, seq) of the next record of an output topic."""
        seq = self.seqs[topic] = self.seqs.get(topic, 0) + 1
        self.changed[SEQ + topic] = str(seq)
        return self.timeline, seq

    def go_on_after(self, topic: str, seq: int) -> None:
        """That output has a record of this seq already."""
        if seq > self.seqs.get(topic, 0):
            self.seqs[topic] = seq
            self.changed[SEQ + topic] = str(seq)

    def is_repeated(self, origin: Origin) -> bool:
        """Whether a re-keyed record of this origin was applied; notes it as applied from now on."""
        place = (origin.topic, origin.partition)
        if origin.offset <= self.origins.get(place, -1):
            return True
        self.origins[place] = origin.offset
        self.changed[f"{ORIGIN}{origin.topic}:{origin.partition}"] = str(origin.offset)
        return False

    def note_prints(self, prints: Mapping[str, str]) -> None:
        """The fingerprints of the records scored last, by topic."""
        self.prints.update(prints)
        self.changed.update((PRINT + topic, text) for topic, text in prints.items())

    def begin_timeline(self, timeline: int, base: int) -> None:
        """From the next commit on, changes belong to this timeline; outbox entries up to `base` do not."""
        self.timeline, self.timeline_base = timeline, base
        self.changed.update(timeline=str(timeline), timeline_base=str(base))

    def note_publisher(self, before: str) -> None:
        """This take-over may publish from the next commit on; `before` is the one that has published last."""
        self.publishers = self.token, before
        self.changed.update(publisher=self.token, publisher_before=before)

    def note_stream_time(self, instant_ms: int) -> None:
        """Stream time never goes back."""
        if instant_ms > self.stream_time_ms:
            self.stream_time_ms = instant_ms
            self.changed["stream_time"] = str(instant_ms)

    def note_open(self, text: str) -> None:
        """A tenure has begun, or, with an empty text, ends in order."""
        self.is_open, self.changed["open"] = text != "", text

    def note_trial(self, text: str) -> None:
        """What is about to be tried, if anything (see caution.py)."""
        self.trying = self.changed["trying"] = text

    def keep_erasure_key(self, key: str) -> None:
        """The key of the hashes of erased leads' ids; it stays what it was first."""
        if key != self.erasure_key:
            self.erasure_key = self.changed["erasure_key"] = key

    def begin_succession(self, succession: Succession) -> None:
        """From the next commit on, the lane is bringing its leads over to another model."""
        self.succession = succession
        self.changed.update(succession.fields())

    def end_succession(self, plan: Plan) -> None:
        """The other model is in force."""
        assert self.succession is not None
        self.changed.update(model_fields(plan, self.succession.body, self.succession.since_ms))
        self.changed.update(dict.fromkeys(NEXT_MODEL, ""))
        self.plan, self.succession = plan, None

    def take_changed(self) -> dict[str, str]:
        """The fields that the next commit writes."""
        changed, self.changed = self.changed, {}
        return changed


def _names(meta: Mapping[str, str], prefix: str) -> list[str]:
    return [name.removeprefix(prefix) for name in meta if name.startswith(prefix)]


def _place(name: str) -> tuple[str, int]:
    topic, _, partition = name.rpartition(":")
    return topic, int(partition)


def _succession(meta: Mapping[str, str]) -> Succession | None:
    version, body, since_ms, cause = (meta.get(name, "") for name in NEXT_MODEL)
    return Succession(version, body, int(since_ms), cause) if body else None


def model_fields(plan: Plan, body: str, since_ms: int) -> dict[str, str]:
    """The fields of meta that name the model in force."""
    return {
        "model_version": plan.model.version,
        "model_body": body,
        "model_since": str(since_ms),
        "model_ordinal": str(plan.ordinal),
    }
