"""The failure table of README is held by the suite: each row has its proof, and each fault has its row."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import NamedTuple

from tests.chaos.profiles import FULL
from tests.support.workers import ROOT

HEAD = "| what fails | what happens |"


class Proof(NamedTuple):
    """What shows a row: faults by name, tests as `file::function`."""

    faults: Sequence[str] = ()
    tests: Sequence[str] = ()


PROVEN = {
    "bad record": Proof(
        tests=(
            "connected/test_bad_input.py::test_each_bad_record_is_told_once_and_the_lane_goes_on",
            "connected/test_unreadable.py"
            "::test_a_header_whose_name_is_no_text_is_refused_and_its_neighbours_are_scored_once",
        )
    ),
    "record in the wrong partition (librdkafka's default partitioner)": Proof(
        ("foreign-partitioner",),
        ("connected/test_bad_input.py::test_a_misplaced_record_is_rekeyed_and_scored_once",),
    ),
    "worker killed": Proof(
        ("worker-killed", "killed-before-publishing", "killed-in-transaction", "rebalance-storm", "timer-herd"),
        ("connected/test_exactly_once.py::test_a_worker_killed_at_publishing",),
    ),
    "worker told to stop": Proof(
        ("rolling-restart",),
        ("connected/test_main_path_faults.py::test_a_worker_told_to_stop_leaves_its_backlog_in_order",),
    ),
    "a record that kills or hangs the process": Proof(
        ("killer-record",),
        (
            "connected/test_poison.py::test_a_deadly_record_is_isolated",
            "unit/test_lane_caution.py::test_a_deadly_record_is_refused_after_three_deaths_and_no_other",
        ),
    ),
    "an exception of ours, a loop or a fetch that hangs": Proof(
        tests=(
            "connected/test_kafka_worker.py::test_a_crash_in_a_lane_ends_the_process",
            "connected/test_kafka_crashes.py::test_a_fetch_that_does_not_come_back_crashes_the_service",
            "connected/test_poison.py::test_a_deadly_record_is_isolated",
        )
    ),
    "Redis away or full": Proof(
        (
            "redis-killed",
            "redis-unreachable",
            "redis-one-way",
            "redis-slow",
            "redis-out-of-memory",
            "redis-disk-full",
        ),
        ("connected/test_liveness.py::test_a_redis_that_says_nothing_holds_nobody_up",),
    ),
    "a Redis Cluster moves a slot, or a node of it fails": Proof(
        tests=(
            "connected/test_redis_cluster_load.py::test_slots_move_under_load",
            "connected/test_redis_cluster.py::test_a_failover_is_found",
        )
    ),
    "Kafka away or full": Proof(
        (
            "broker-killed",
            "broker-restarted",
            "broker-disk-full",
            "broker-unreachable",
            "broker-one-way",
            "broker-slow",
            "leader-killed",
            "leader-stopped",
            "controller-killed",
        ),
        ("connected/test_liveness.py::test_a_kafka_that_says_nothing_holds_nobody_up",),
    ),
    "late owner, lost reply": Proof(
        ("worker-suspended", "late-acquirer", "commit-replies-dropped", "transaction-replies-dropped"),
        (
            "connected/test_exactly_once.py::test_a_late_owner_at_publishing",
            "connected/test_liveness.py::test_two_owners_end_by_fencing_each_other",
        ),
    ),
    "Redis older than the lane": Proof(
        ("redis-older", "replica-promoted"),
        ("connected/test_position_guards.py::test_an_older_redis_begins_the_next_timeline",),
    ),
    "what Kafka holds is damaged": Proof(
        tests=("connected/test_unreadable.py::test_damaged_bytes_halt_the_lane_until_they_are_removed",)
    ),
    "retention passed the position, topic made anew, Redis emptied or another": Proof(
        ("retention-passed", "topic-made-anew"),
        ("connected/test_position_guards.py::test_a_redis_that_was_emptied_halts",),
    ),
    "scores in Redis are wrong or gone": Proof(
        tests=(
            "connected/test_rebuild.py::test_one_damaged_lead_is_corrected_under_live_workers",
            "connected/test_rebuild.py::test_an_emptied_redis_is_filled_again_although_the_rebuild_was_stopped",
        )
    ),
    "partitions added, another layout or environment, states of a newer version": Proof(
        ("partitions-added",),
        (
            "connected/test_position_guards.py::test_partitions_added_to_a_topic_refuse_the_start",
            "connected/test_position_guards.py::test_another_environment_is_stopped_before_it_fences",
        ),
    ),
    "a record that Kafka does not take (size, rights)": Proof(
        tests=(
            "connected/test_kafka_transactions.py::test_an_entry_that_kafka_never_takes_halts",
            "connected/test_kafka_transactions.py::test_what_the_access_rules_forbid_halts",
        )
    ),
    "a host's clock, idle topics, one lead with a million events": Proof(
        ("clock-ahead", "clock-behind", "topics-idle", "one-lead")
    ),
}
"""Row by row of the table."""


def rows() -> list[str]:
    """What fails, by the table of README."""
    _, _, table = (ROOT / "README.md").read_text(encoding="utf-8").partition(HEAD)
    lines = table.split("\n\n", 1)[0].splitlines()[2:]
    return [re.split(r"\s*\|\s*", line)[1] for line in lines]


def test_each_row_has_its_proof() -> None:
    """In the order of the table; a new row needs one, and a row that is gone leaves none behind."""
    assert rows() == list(PROVEN)
    assert all(proof.faults or proof.tests for proof in PROVEN.values())


def test_each_fault_belongs_to_a_row() -> None:
    """To one, and there are no others."""
    named = sorted(name for proof in PROVEN.values() for name in proof.faults)
    assert named == sorted(fault.name for fault in FULL)


def test_each_test_is_there() -> None:
    """Under its name."""
    for test in sorted({test for proof in PROVEN.values() for test in proof.tests}):
        path, _, name = test.partition("::")
        tree = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
        found = [one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
        assert name in found, test
