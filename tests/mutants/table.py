"""The guards, how each is switched off, and who must notice.

Where a double does again what a script does, both are changed.
"""

from __future__ import annotations

from typing import NamedTuple

from tests.mutants.edits import Edit

STORE, UNIT, KAFKA = "tests/connected/test_store.py::", "tests/unit/", "tests/connected/"
SOURCE = "tests/connected/test_kafka_source.py::"


class Mutant(NamedTuple):
    """One guard, and the tests that notice beside the simulation.

    `unseen` says why no promise breaks in the simulation; then `figure` may name what it sees another number of.
    """

    name: str
    guard: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...] = ()
    figure: str = ""
    unseen: str = ""


MUTANTS = (
    Mutant(
        "token",
        "a commit is the owner's",
        (
            Edit("streams.store.lane_store:COMMIT", "if stored[1] ~= token then", "if false then"),
            Edit("streams.store.lane_store:STANDING", "if owner ~= token then", "if false then"),
            Edit(
                "tests.support.doubles.store:MemoryLane._compare_token",
                "if owner != self._token:",
                "if False:",
            ),
        ),
        (STORE + "test_acquiring_fences_the_owner_before",),
    ),
    Mutant(
        "version",
        "a commit follows the last one",
        (
            Edit("streams.store.lane_store:COMMIT", "if stored[3] ~= ver then", "if false then"),
            Edit(
                "tests.support.doubles.store:MemoryLane._compare",
                'if meta["ver"] != str(commit.ver):',
                "if False:",
            ),
        ),
        (STORE + "test_a_commit_from_another_version_is_refused_whole",),
    ),
    Mutant(
        "offsets",
        "a commit starts where each topic stands",
        (
            Edit(
                "streams.store.lane_store:COMMIT",
                "if offset and offset ~= ARGV[expected + i - 1] then",
                "if false then",
            ),
            Edit(
                "tests.support.doubles.store:MemoryLane._compare",
                'if meta.get(f"offset:{topic}", str(start)) != str(start):',
                "if False:",
            ),
        ),
        (STORE + "test_a_commit_from_another_offset_is_refused_whole",),
        unseen="whoever stands elsewhere in a topic has another version, too: it stands behind the version compare",
    ),
    Mutant(
        "commit id",
        "a commit that comes again is answered as before",
        (
            Edit("streams.store.lane_store:COMMIT", "if stored[2] == commit_id then", "if false then"),
            Edit(
                "tests.support.doubles.store:MemoryLane.commit",
                'if meta.get("commit") != commit.commit_id:',
                "if True:",
            ),
        ),
        (STORE + "test_a_repeated_commit_is_answered_and_not_written_again",),
        figure="redis: repeated commit answered as before",
        unseen="the repeat comes from an older version: the lane takes over again, and finds that it was written",
    ),
    Mutant(
        "absent key",
        "a commit is whole or not at all while a Redis Cluster moves its lane",
        (Edit("streams.store.commit:keys_of", "keys.absent", "keys.meta"),),
        (KAFKA + "test_redis_cluster.py::test_a_lane_waits_while_half_of_it_has_moved",),
        unseen="the simulation has one Redis",
    ),
    Mutant(
        "idle compare",
        "an idle lane looks whether Redis still stands where it left it",
        (
            Edit(
                "streams.lane.tenure:Tenure._look_around",
                "if standing.ver != self.position.ver:",
                "if False:",
            ),
        ),
        ("tests/simulation/test_idle.py",),
        unseen="the next commit finds it: the look is there so that it is found before anything comes",
    ),
    Mutant(
        "order of take-over",
        "whoever published before is fenced before it is read how far",
        (
            Edit(
                "streams.kafka.transactions:LanePublisher.take_over",
                "        await self._producer.start()\n        told = await self._read_mark()\n",
                "        told = await self._read_mark()\n        await self._producer.start()\n",
            ),
        ),
    ),
    Mutant(
        "published mark",
        "publishing goes on behind what Kafka has",
        (
            Edit(
                "streams.lane.drain:Drain.take_over",
                "judged = outset(position, told, left)",
                "judged = Outset(left, position.timeline, 0)",
            ),
        ),
        (UNIT + "test_lane_drain.py",),
    ),
    Mutant(
        "mark in the transaction",
        "entries and mark become visible together",
        (
            Edit(
                "streams.kafka.transactions:LanePublisher._transaction",
                "failed = await _send(producer, [*map(_record, entries), self._mark(mark)])",
                "failed = await _send(producer, [*map(_record, entries)])\n"
                "        await producer.commit_transaction()\n"
                "        await producer.begin_transaction()\n"
                "        failed = failed or await _send(producer, [self._mark(mark)])",
            ),
        ),
    ),
    Mutant(
        "timeline",
        "what was published and is lost in Redis begins a timeline",
        (Edit("streams.lane.timeline:outset", "if told.outbox > position.outbox:", "if False:"),),
        (UNIT + "test_lane_timeline.py",),
    ),
    Mutant(
        "tenure",
        "a mark of a take-over that Redis has lost begins a timeline",
        (
            Edit(
                "streams.lane.timeline:outset",
                ' or told.tenure not in ("", *position.publishers)',
                "",
            ),
        ),
        (UNIT + "test_lane_timeline.py",),
    ),
    Mutant(
        "fingerprint",
        "the log holds the record that was scored last",
        (
            Edit(
                "streams.lane.gaps:input_gaps",
                "if record is None or Fingerprint.of(record) != fingerprints[topic]:",
                "if False:",
            ),
        ),
        (
            UNIT + "test_lane_gaps.py",
            KAFKA + "test_position_guards.py::test_a_topic_made_anew_and_filled_again_halts",
        ),
        unseen="no log of a simulation is made anew",
    ),
    Mutant(
        "co-assignment",
        "a lane runs where its partition of every topic is held",
        (Edit("streams.kafka.ingest:Ingest._take_on", "if missing:", "if False:"),),
        (UNIT + "test_kafka_assignment.py",),
        unseen="the group of a simulation splits no partition; a source that lacks a topic has lost its position",
    ),
    Mutant(
        "exhausted",
        "a record waits for topics that may have an earlier one",
        (
            Edit(
                "streams.kafka.source:PartitionSource._is_exhausted",
                "return end is not None and stand.taken_to >= end",
                "return True",
            ),
        ),
    ),
    Mutant(
        "fresh",
        "what was told of a log's end counts for a second",
        (
            Edit(
                "streams.kafka.source:PartitionSource._is_exhausted",
                "if not 0 <= self._clock.now_ms() - told_ms <= FRESH_MS:",
                "if False:",
            ),
        ),
    ),
    Mutant(
        "stands right",
        "a batch begins where the lane stands",
        (
            Edit(
                "streams.kafka.source:PartitionSource._stands_right",
                "if await self._position(stand) == stand.taken_to:",
                "if True:",
            ),
        ),
        (SOURCE + "test_a_consumer_that_stands_elsewhere_is_put_right",),
        unseen="the consumer of a simulation stands where it was told to: it fetches nothing ahead",
    ),
    Mutant(
        "next position",
        "the next position passes markers",
        (
            Edit(
                "streams.kafka.source:PartitionSource._take_from",
                "stand.taken_to = await self._position(stand)",
                "stand.taken_to = stand.buffer[-1].offset + 1 if stand.buffer else stand.taken_to",
            ),
        ),
        (SOURCE + "test_the_marker_of_a_transaction_at_the_end_is_passed",),
    ),
    Mutant(
        "grace",
        "time alone stays behind the present",
        (Edit("streams.lane.tenure:Tenure.__init__", "settings.grace_s * 1000", "0"),),
    ),
    Mutant(
        "origin mark",
        "a re-keyed record that comes again is dropped",
        (
            Edit(
                "streams.lane.position:Position.is_repeated",
                "if origin.offset <= self.origins.get(place, -1):",
                "if False:",
            ),
        ),
    ),
)


def by_name(name: str) -> Mutant:
    """The mutant with this name. Raises KeyError."""
    return {mutant.name: mutant for mutant in MUTANTS}[name]
