"""Which node of a Redis Cluster has a slot, and how that node is reached."""

from __future__ import annotations

import pytest

from streams.lane.ports import StoreRefused
from streams.store.address import RedisAddress
from streams.store.keys import DRAFT, Keys
from streams.store.slots import read_slots, slot_of
from streams.tls import Tls

ANSWER = [
    [11, 16_383, [b"10.0.0.3", 6379, b"c", []]],
    [0, 5, [b"10.0.0.1", 6379, b"a", []], [b"10.0.0.9", 6379, b"r", []]],
    [7, 8, [b"10.0.0.2", 6379, b"b"]],
    [9, 9, [b"10.0.0.1", 6379, b"a"]],
]
"""Of CLUSTER SLOTS: in no order, with slots that nobody has, and replicas."""


@pytest.mark.parametrize(
    ("slot", "host"),
    [(0, 1), (5, 1), (6, None), (7, 2), (8, 2), (9, 1), (10, None), (11, 3), (16_383, 3)],
)
def test_a_slot_is_found_where_it_is(slot: int, host: int | None) -> None:
    """At both ends of each range, and nowhere between them."""
    assert read_slots(ANSWER, "asked").primary_of(slot) == (host and (f"10.0.0.{host}", 6379))


def test_each_node_is_named_once() -> None:
    """A primary with two ranges is one; replicas are nodes to ask, and no primaries."""
    slots = read_slots(ANSWER, "asked")
    assert sorted(host for host, _ in slots.primaries()) == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    assert sorted(host for host, _ in slots.nodes()) == ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.9"]


@pytest.mark.parametrize("unknown", [None, b""])
def test_a_node_without_a_host_is_where_it_was_asked(unknown: bytes | None) -> None:
    """Alone it does not know its own; behind an unknown endpoint it says that it is the same host."""
    assert read_slots([[0, 16_383, [unknown, 7000, b"a"]]], "redis-1").primary_of(9) == ("redis-1", 7000)


def test_a_cluster_without_slots_has_no_primaries() -> None:
    """One that nobody has formed yet."""
    assert read_slots([], "asked").primaries() == []
    assert read_slots([], "asked").primary_of(0) is None


def test_all_keys_of_a_lane_share_a_slot() -> None:
    """Also those of a rebuild, and whatever a lead is called."""
    live, draft = Keys("ll", 3), Keys("ll", 3, DRAFT)
    keys = (live.meta, live.absent, live.leads + "a}b{c}", live.told + "ä", draft.meta, draft.histories + "{x}")
    assert {slot_of(key) for key in keys} == {slot_of("ll:3")}


def test_other_nodes_are_reached_as_the_one_that_is_named() -> None:
    """The same user, certificates and checks; of the URL only host and port are others."""
    named = RedisAddress(lambda: "rediss://kim:secret@redis-1:6379/0", Tls())
    options = named.at("10.0.0.2", 7000).connection_options()
    assert (options["host"], options["port"], options["tls"]) == ("10.0.0.2", 7000, named.tls)
    assert options["credential_provider"].get_credentials() == ("kim", "secret")
    by_file = RedisAddress(lambda: "unix:///run/redis.sock").at("127.0.0.1", 7000).connection_options()
    assert (by_file["host"], "path" in by_file, "connection_class" in by_file) == ("127.0.0.1", False, False)


def test_plain_text_to_a_node_elsewhere_is_refused() -> None:
    """Also where the node that is named is on this machine: who is sent on is told where to."""
    with pytest.raises(StoreRefused, match=r"Redis at 10\.0\.0\.2 would be spoken to in plain text"):
        RedisAddress(lambda: "redis://127.0.0.1:6379/0").at("10.0.0.2", 7000).connection_options()
