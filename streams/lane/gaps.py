"""What keeps a lane from going on by itself: what Kafka or Redis holds is not what the lane has left there.

A gap says what is and in which numbers, the command that goes on, and what to write into the lane's meta hash so
that it does. The lane that halts and `leadline accept-gap` judge by the same functions, all of them pure.

    behind      the log begins after the position: records were removed before they were scored
    beyond      the log ends before the position: the topic was made anew, or was cut off
    other       the log holds another record than the one scored last: made anew and filled again
    outputs     what was published does not belong to the scores in Redis
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import xxhash

from schemas.published import Published
from schemas.topics import BY_NAME, PUBLISHED, Family
from streams.lane.ports import Bounds, Halted, Record
from streams.lane.position import GONE, OFFSET, ORIGIN, PRINT, Position

IF_RIGHT = "If LEADLINE_KAFKA and LEADLINE_REDIS are right:"


@dataclass(frozen=True, slots=True)
class Way:
    """How to go on: what it costs in words, the fields of meta to write, and those to remove.

    `forgotten` names a field that every lane is to forget.
    """

    effect: str
    fields: Mapping[str, str]
    removed: tuple[str, ...] = ()
    forgotten: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """One reason to halt. `topic` is empty where it is about what was published.

    `way` is what `leadline accept-gap` does, `skipping` what it does with --skip, where that is another thing;
    None: nothing is to be accepted, the text says what to correct. `beside` is what another command would do.
    """

    partition: int
    topic: str
    what: str
    way: Way | None
    skipping: Way | None = None
    beside: str = ""

    @property
    def command(self) -> str:
        """The command that goes on."""
        topic = f" --topic {self.topic}" if self.topic else ""
        return f"leadline accept-gap --partition {self.partition}{topic}"

    @property
    def remedy(self) -> str:
        """What goes on, and what that does; empty where nothing is to be accepted."""
        texts = [] if self.way is None else [f"`{self.command}` {self.way.effect}."]
        if self.skipping is not None:
            texts.append(f"With --skip it {self.skipping.effect}.")
        if self.beside:
            texts.append(f"{self.beside}.")
        return " ".join(texts)

    def __str__(self) -> str:
        return f"{self.what} {self.remedy}".rstrip()


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The record of a topic that was scored last: its offset, and a hash of its timestamp, key and value."""

    offset: int
    hash: str

    @classmethod
    def of(cls, record: Record) -> Fingerprint:
        """That of a record. An absent key differs from an empty one, and so does a value."""
        digest = xxhash.xxh3_64(struct.pack("<q", record.timestamp))
        for part in (record.key, record.value):
            digest.update(struct.pack("<q", -1 if part is None else len(part)))
            digest.update(part or b"")
        return cls(record.offset, digest.hexdigest())

    @classmethod
    def read(cls, text: str) -> Fingerprint:
        """As the meta hash keeps it."""
        offset, _, digest = text.partition(":")
        return cls(int(offset), digest)

    def __str__(self) -> str:
        return f"{self.offset}:{self.hash}"


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the logs of a partition hold: their bounds, and the records at the offsets of `wanted`."""

    bounds: Mapping[str, Bounds]
    found: Mapping[str, Record | None] = field(default_factory=dict)


def wanted(position: Position, bounds: Mapping[str, Bounds]) -> dict[str, int]:
    """The offsets at which the logs must still hold what was scored; what retention has removed is not asked."""
    return {
        topic: fingerprint.offset
        for topic, fingerprint in _fingerprints(position, bounds).items()
        if bounds[topic].beginning <= fingerprint.offset < bounds[topic].end
    }


def input_gaps(partition: int, position: Position, inputs: Inputs) -> Iterator[Gap]:
    """Of the topics that the lane reads."""
    fingerprints = _fingerprints(position, inputs.bounds)
    for topic, bounds in inputs.bounds.items():
        stored = position.offsets.get(topic, bounds.beginning)
        if stored < bounds.beginning:
            yield _behind(partition, topic, stored, bounds)
        elif stored > bounds.end:
            yield _beyond(partition, topic, position, bounds)
        elif topic in inputs.found:
            record = inputs.found[topic]
            if record is None or Fingerprint.of(record) != fingerprints[topic]:
                yield _other(partition, topic, position, bounds)


def output_gap(
    position: Position, told: Published | None, left: int, environment: str, partition: int
) -> Gap | None:
    """Of what was published; `left` is the number of the last entry that has left the outbox."""
    if told is not None and told.environment not in ("", environment):
        return _foreign(partition, told, environment)
    if told is not None and _is_of_others(position, told):
        return _replaced(partition, position, told, left)
    if left > _known(position, told):
        return _unmarked(partition, position, told, left)
    return None


def halt_at(gaps: Iterator[Gap]) -> None:
    """Raises Halted with the texts of all gaps, if there are any."""
    if texts := [str(gap) for gap in gaps]:
        raise Halted("\n".join(texts))


def _fingerprints(position: Position, bounds: Mapping[str, Bounds]) -> dict[str, Fingerprint]:
    return {topic: Fingerprint.read(text) for topic, text in position.prints.items() if topic in bounds}


def _behind(partition: int, topic: str, stored: int, bounds: Bounds) -> Gap:
    lost = bounds.beginning - stored
    what = (
        f"{topic}/{partition} begins at offset {bounds.beginning}, but is scored only up to {stored}: {lost} "
        "records were removed by Kafka's retention before they were scored."
    )
    way = Way(f"goes on without these {lost} records", {OFFSET + topic: str(bounds.beginning)}, (PRINT + topic,))
    return Gap(partition, topic, what, way)


def _beyond(partition: int, topic: str, position: Position, bounds: Bounds) -> Gap:
    what = (
        f"{topic}/{partition} ends at offset {bounds.end}, but is scored up to {position.offsets[topic]}: the "
        f"topic was made anew, or has lost records, or this Redis belongs to another Kafka. {IF_RIGHT}"
    )
    return Gap(partition, topic, what, *_ways(partition, topic, position, bounds))


def _other(partition: int, topic: str, position: Position, bounds: Bounds) -> Gap:
    offset = Fingerprint.read(position.prints[topic]).offset
    what = (
        f"{topic}/{partition} does not hold at offset {offset} the record that was scored from there last: the "
        "topic was made anew and filled again, or has lost records, or this Redis belongs to another Kafka. "
        f"{IF_RIGHT}"
    )
    return Gap(partition, topic, what, *_ways(partition, topic, position, bounds))


def _ways(partition: int, topic: str, position: Position, bounds: Bounds) -> tuple[Way, Way]:
    """To read what the log holds now, and to skip it. Meta keeps how much of what was scored no log holds now."""
    count = bounds.end - bounds.beginning
    gone = {GONE + topic: str(position.gone.get(topic, 0) + position.offsets[topic])}
    rest = (PRINT + topic,), _origins(topic, partition)
    reading = (
        f"reads the {count} records that it holds now (those scored before more than 72 hours ago count again)"
    )
    skipping = f"leaves the {count} records that it holds now unread, and goes on after them"
    return (
        Way(reading, {OFFSET + topic: str(bounds.beginning), **gone}, *rest),
        Way(skipping, {OFFSET + topic: str(bounds.end), **gone}, *rest),
    )


def _origins(topic: str, partition: int) -> str:
    """Lanes drop re-keyed records whose origin is not above the last: in a log made anew offsets begin again."""
    return f"{ORIGIN}{topic}:{partition}" if BY_NAME[topic].family is not Family.REKEYED else ""


def _is_of_others(position: Position, told: Published) -> bool:
    """Without a mark the outputs themselves tell a timeline, and nothing else: a higher one of ours is above it."""
    if told.lineage:
        return told.lineage != position.lineage
    return position.outbox == 0 and told.timeline >= position.timeline


def _known(position: Position, told: Published | None) -> int:
    """Up to which entry Kafka knows of this lane's timeline that it was published."""
    if told is None or not told.lineage or told.timeline < position.timeline:
        return position.timeline_base
    return told.outbox if told.timeline == position.timeline else position.outbox


def _foreign(partition: int, told: Published, environment: str) -> Gap:
    what = (
        f"{PUBLISHED.name}/{partition} says that the environment {told.environment!r} publishes to this Kafka, and "
        f"this worker belongs to {environment!r}: check LEADLINE_KAFKA and LEADLINE_ENVIRONMENT."
    )
    return Gap(partition, "", what, None)


def _replaced(partition: int, position: Position, told: Published, left: int) -> Gap:
    published = f"{told.outbox} entries" if told.lineage else "changes or refusals"
    where = f"{PUBLISHED.name}/{partition}" if told.lineage else f"the output topics' partition {partition}"
    if position.is_new:
        redis = "Redis has no scores for it"
        cause = "Redis was emptied, or LEADLINE_REDIS, LEADLINE_PREFIX or LEADLINE_KAFKA is another than before"
        effect = "scores everything that Kafka holds anew, and publishes it again"
    else:
        redis = f"Redis has other scores, with {position.outbox} entries"
        cause = "LEADLINE_REDIS, LEADLINE_PREFIX or LEADLINE_KAFKA is another than before"
        effect = "goes on from these scores"
    what = (
        f"{where} says that {published} were published (timeline {told.timeline}), and {redis}: {cause}. "
        "If that is meant:"
    )
    fields = {
        "lineage": told.lineage or position.lineage,
        "timeline": str(told.timeline + 1),
        "timeline_base": str(left),
    }
    rebuild = f"`leadline rebuild --partition {partition}` scores it all, too, but publishes only what was not told"
    way = Way(f"{effect} under timeline {told.timeline + 1}", fields)
    return Gap(partition, "", what, way, beside=rebuild if position.is_new else "")


def _unmarked(partition: int, position: Position, told: Published | None, left: int) -> Gap:
    marked = _known(position, told)
    timeline = max(position.timeline, told.timeline if told else 0) + 1
    what = (
        f"{PUBLISHED.name}/{partition} says that the outbox is published up to entry {marked}, and {left} entries "
        "have left it: the topic was made anew or has lost records, or a worker has published at least once."
    )
    waiting = position.outbox - left
    effect = f"goes on under timeline {timeline}; {waiting} entries that wait may be published a second time"
    return Gap(partition, "", what, Way(effect, {"timeline": str(timeline), "timeline_base": str(left)}))
