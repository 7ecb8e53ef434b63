"""A Redis Cluster whose slots move and whose nodes fail, under the lanes that are on it.

What a store does beside that is in the suites of `test_store*.py`, which run on a cluster, too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from streams.facts import Danger
from streams.lane.ports import Commit, Rewound, StoreRefused, StoreUnavailable
from streams.store import Reader, Store, cluster, node
from streams.store.address import Redis, RedisAddress
from streams.store.cluster import REDIRECTIONS
from streams.store.lane_store import RedisLane
from streams.store.slots import slot_of
from streams.tls import Tls
from tests.support.doubles.bench import commit, entry
from tests.support.rights import redis_rights
from tests.support.servers import RedisCluster, RedisServer
from tests.support.servers.certificates import Authority
from tests.support.servers.missing import missing_for_tls
from tests.support.servers.redis_cluster import call
from tests.support.servers.secured import SecuredRedis
from tests.support.workers import eventually

pytestmark = pytest.mark.connected

PARTITIONS = 12
LEADS = [f"L-{number}" for number in range(40)]

POSSIBLE_S = 20.0
"""A node counts as failed after a second, and its replica takes over within two more."""

HANGS_S = 0.5
"""In place of the 5 s after which a node hangs."""

ASKED_WHERE_ALLOWED = "config|get"
"""To whom it is forbidden, Redis tells enough by INFO."""


class ClusteredByTls(SecuredRedis):
    """A node that speaks TLS with the others, too: else it announces the port for plain text."""

    def __init__(self, authority: Authority) -> None:
        super().__init__(authority)
        self.arguments += ("--tls-cluster", "yes", "--tls-replication", "yes")
        self.peer_port = self.tls_port


@pytest.fixture
async def store(cluster_url: str, prefix: str) -> AsyncIterator[Store]:
    """A store on the cluster of this run."""
    store = await connect(cluster_url, prefix)
    yield store
    await store.close()


@pytest.fixture
def mortal() -> Iterator[RedisCluster]:
    """A cluster that this test may harm."""
    with RedisCluster() as mortal:
        yield mortal


async def connect(redis: Redis, prefix: str) -> Store:
    """A store with a lane or more on each node."""
    return await Store.connect(redis, prefix=prefix, partitions=PARTITIONS, environment="test")


def full_commit(ver: int, leads: Sequence[str] = LEADS) -> Commit:
    """A commit that writes every key of a lane."""
    return commit(
        ver,
        offsets={"email.opens": (ver, ver + 1)},
        states=dict.fromkeys(leads, b"state %d" % ver),
        profiles=dict.fromkeys(leads, b"{}"),
        board=dict.fromkeys(leads, 1.0),
        timers=dict.fromkeys(leads, 1),
        history={lead: [b"change %d" % ver] for lead in leads},
        outcomes=[(leads[0], b"outcome")],
        erased={"hash": 1},
        outbox=[entry(ver + 1)],
        journal=b"journal",
    )


def meta_key(prefix: str, partition: int = 0) -> str:
    """A key that has the slot of this lane."""
    return f"{{{prefix}:{partition}}}:meta"


async def acquired(store: Store, partition: int = 0) -> RedisLane:
    """A lane with one commit."""
    lane = store.lane(partition)
    await lane.acquire()
    await lane.commit(full_commit(0))
    return lane


async def written(lane: RedisLane, late: Commit) -> None:
    """Returns once the lane has written a commit that was not possible: as lanes do, it is sent again and again."""

    async def is_written() -> bool:
        with suppress(StoreUnavailable):
            return (await lane.commit(late)).ver == late.ver + 1
        return False

    await eventually(is_written, timeout_s=POSSIBLE_S, what="the commit is written")


async def expect_whole(lane: RedisLane, ver: int) -> None:
    """Every lead stands where this many commits have left it, each written once."""
    assert (await lane.standing()).ver == ver
    assert set(await lane.load(LEADS)) == {b"state %d" % (ver - 1)}
    assert len(await lane.outbox(0, 10)) == ver


async def at_replicas(primary: RedisServer) -> None:
    """Returns once its replica has heard all that it wrote."""

    async def is_heard() -> bool:
        told = call(primary, "INFO", "replication")
        return bool(told["slave0"]["offset"] == told["master_repl_offset"])

    await eventually(is_heard, timeout_s=POSSIBLE_S, what="the replica has heard all")


async def test_lanes_are_spread_over_all_nodes(store: Store, redis_cluster: RedisCluster, prefix: str) -> None:
    """Each lane stands whole on the node that has its slot, and each node has some."""
    for partition in range(PARTITIONS):
        await acquired(store, partition)
    owners = [redis_cluster.owner(meta_key(prefix, partition)) for partition in range(PARTITIONS)]
    assert {owner.port for owner in owners} == {each.port for each in redis_cluster.nodes}
    for partition, owner in enumerate(owners):
        assert call(owner, "EXISTS", meta_key(prefix, partition), f"{{{prefix}:{partition}}}:lead:L-1") == 2


async def test_a_lane_follows_its_slot(store: Store, redis_cluster: RedisCluster, prefix: str) -> None:
    """The commit after the move is told where to go, once, and written there once; the next goes there at once."""
    lane = await acquired(store)
    redis_cluster.move(meta_key(prefix), redis_cluster.other(redis_cluster.owner(meta_key(prefix))))
    before = redis_cluster.errors("MOVED")
    await lane.commit(full_commit(1))
    assert redis_cluster.errors("MOVED") == before + 1
    await lane.commit(full_commit(2))
    assert redis_cluster.errors("MOVED") == before + 1
    await expect_whole(lane, 3)


async def test_a_lane_waits_while_half_of_it_has_moved(
    store: Store, redis_cluster: RedisCluster, prefix: str
) -> None:
    """No commit is written half: neither before the first lead has gone, nor when some have, nor at the end."""
    lane, source = await acquired(store), redis_cluster.owner(meta_key(prefix))
    target, late = redis_cluster.other(source), full_commit(1)
    redis_cluster.begin_move(meta_key(prefix), target)
    gone = [f"{{{prefix}:0}}:lead:{lead}" for lead in LEADS[:20]]
    for moved in ([], gone, [meta_key(prefix)]):
        if moved:
            redis_cluster.move_keys(target, moved)
        before = redis_cluster.errors("TRYAGAIN")
        with pytest.raises(StoreUnavailable, match="TRYAGAIN"):
            await lane.commit(late)
        assert redis_cluster.errors("TRYAGAIN") == before + 1
        assert set(await lane.load(LEADS[:1])) | set(await lane.load(LEADS[-1:])) == {b"state 0"}
        assert call(source, "XLEN", f"{{{prefix}:0}}:outbox") == 1
    redis_cluster.end_move(meta_key(prefix), target)
    assert (await lane.commit(late)).ver == 2
    await expect_whole(lane, 2)


async def test_nodes_that_send_in_a_circle_are_left(store: Store, redis_cluster: RedisCluster, prefix: str) -> None:
    """Two nodes each say that the other one has the slot: after a few times that is an error, and soon over."""
    source = redis_cluster.owner(meta_key(prefix))
    redis_cluster.say_owner(source, meta_key(prefix), redis_cluster.other(source))
    before = redis_cluster.errors("MOVED")
    with pytest.raises(StoreUnavailable, match="MOVED"):
        await store.lane(0).acquire()
    assert redis_cluster.errors("MOVED") == before + REDIRECTIONS + 1
    redis_cluster.say_owner(source, meta_key(prefix), source)
    await acquired(store)


async def test_one_key_is_read_wherever_it_is(store: Store, redis_cluster: RedisCluster, prefix: str) -> None:
    """In a slot that is being moved: of the node that has it, by ASK, as often as it is asked."""
    lane, tag = await acquired(store), f"{{{prefix}:0}}"
    target = redis_cluster.other(redis_cluster.owner(tag))
    redis_cluster.begin_move(tag, target)
    redis_cluster.move_keys(target, [f"{tag}:board", f"{tag}:lead:L-1"])
    before = redis_cluster.errors("ASK")
    assert len(await lane.board_top(0, 100)) == len(await lane.due(9, 100)) == len(LEADS)
    assert await lane.load(["L-1"]) == await lane.load(["L-2"]) == [b"state 0"]
    assert redis_cluster.errors("ASK") == before + 2
    redis_cluster.end_move(tag, target)


async def test_a_scan_goes_to_the_node_of_the_lane(store: Store, redis_cluster: RedisCluster, prefix: str) -> None:
    """It finds every lead there; while these leave it says so, rather than to find some."""
    for partition in range(PARTITIONS):
        await acquired(store, partition)
        rebuilt = store.rebuilt(partition)
        assert {lead async for page in rebuilt.every_lead() for lead in page} == set(LEADS)
    tag = f"{{{prefix}:0}}"
    target = redis_cluster.other(redis_cluster.owner(tag))
    redis_cluster.begin_move(tag, target)
    redis_cluster.move_keys(target, [f"{tag}:lead:L-1"])
    with pytest.raises(StoreUnavailable):
        _ = [page async for page in store.rebuilt(0).every_lead()]
    redis_cluster.end_move(tag, target)
    with pytest.raises(StoreUnavailable, match="MOVED"):
        _ = [page async for page in store.rebuilt(0).every_lead()]


async def test_a_board_that_moves_is_gone_through_anew(
    store: Store, redis_cluster: RedisCluster, prefix: str
) -> None:
    """The cursor of one node means nothing to the other: from there leads would be left out without a word."""
    lane, many = await acquired(store), {f"L-{number}" for number in range(3_000)}
    await lane.commit(commit(1, board=dict.fromkeys(many, 1.0)))
    cursor, found = await lane.board_scan(0)
    redis_cluster.move(meta_key(prefix), redis_cluster.other(redis_cluster.owner(meta_key(prefix))))
    with pytest.raises(Rewound, match="or is another one"):
        await lane.board_scan(cursor)
    leads, cursor = set[str](), -1
    while cursor:
        cursor, found = await lane.board_scan(max(cursor, 0))
        leads.update(found)
    assert leads == many


@pytest.mark.parametrize("fails", [RedisServer.kill, RedisServer.suspend])
async def test_a_failover_is_found(
    mortal: RedisCluster, monkeypatch: pytest.MonkeyPatch, fails: Callable[[RedisServer], None]
) -> None:
    """A lane's node dies or hangs: the others go on, the store says who it is, and the replica takes the commit."""
    for module in (node, cluster):
        monkeypatch.setattr(module, "COMMAND_TIMEOUT_S", HANGS_S)
    key = meta_key("ll")
    primary = mortal.owner(key)
    replica, address = mortal.add_replica(primary), f"127.0.0.1:{primary.port}/0"
    store = await connect(mortal.url if primary is not mortal.nodes[0] else mortal.nodes[1].url, "ll")
    lanes = {partition: await acquired(store, partition) for partition in range(PARTITIONS)}
    elsewhere = [number for number in lanes if mortal.owner(meta_key("ll", number)) is not primary]
    assert 0 < len(elsewhere) < len(lanes)
    await at_replicas(primary)
    fails(primary)
    late = full_commit(1)
    with pytest.raises(StoreUnavailable, match=address):
        await lanes[0].commit(late)
    assert (await store.look()).away == (address,)
    with pytest.raises(StoreUnavailable, match=address):
        await store.check()
    for partition in elsewhere:
        await lanes[partition].commit(full_commit(1))
    await written(lanes[0], late)
    assert call(replica, "INFO", "replication")["role"] == "master"
    await expect_whole(lanes[0], 2)

    async def is_up() -> bool:
        return (await store.look()).is_up

    await eventually(is_up, timeout_s=POSSIBLE_S, what="every node has heard of it")
    await store.close()


async def test_each_node_is_to_be_safe(store: Store, redis_cluster: RedisCluster) -> None:
    """One of three evicts: refused with its address, and shown as a danger; memory is that of all."""
    await store.check()
    used = [call(each, "INFO", "memory")["used_memory"] for each in redis_cluster.nodes]
    seen = (await store.look()).inside
    assert seen is not None
    assert seen.memory_used_bytes > 2 * max(used)
    assert not seen.dangers
    evicting = redis_cluster.nodes[2]
    call(evicting, "CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    try:
        with pytest.raises(StoreRefused, match=rf"^Redis at 127\.0\.0\.1:{evicting.port}/0 may evict.*allkeys-lru"):
            await store.check()
        seen = (await store.look()).inside
        assert seen is not None
        assert seen.dangers == {Danger.EVICTS}
    finally:
        call(evicting, "CONFIG", "SET", "maxmemory-policy", "noeviction")


async def test_another_database_than_0_is_refused(redis_cluster: RedisCluster) -> None:
    """A cluster has no other."""
    with pytest.raises(StoreRefused, match=r"is a cluster, which has the database 0 only.*LEADLINE_REDIS"):
        await connect(redis_cluster.url.replace("/0", "/1"), "ll")


async def test_a_slot_that_no_node_has_is_waited_for(
    store: Store, redis_cluster: RedisCluster, prefix: str
) -> None:
    """A lane says so, and goes on when the slot is back; with the same commit."""
    lane, owner, slot = await acquired(store), redis_cluster.owner(meta_key(prefix)), slot_of(meta_key(prefix))
    for each in redis_cluster.nodes:
        call(each, "CLUSTER", "DELSLOTS", slot)
    late = full_commit(1)
    for said in ("CLUSTERDOWN", f"no node for the slot {slot}"):
        with pytest.raises(StoreUnavailable, match=said):
            await lane.commit(late)
    call(owner, "CLUSTER", "ADDSLOTS", slot)
    await written(lane, late)
    await expect_whole(lane, 2)


async def test_a_user_with_the_rights_of_the_page_by_tls(tmp_path: Path) -> None:
    """Certificates, user and password are those of every node; no right is missing while a slot moves."""
    if lacking := missing_for_tls():
        pytest.skip("\n".join(lacking))
    authority = Authority(tmp_path)
    key, certificate = meta_key("ll"), authority.client("leadline")
    with RedisCluster(lambda: ClusteredByTls(authority)) as house:

        def address(role: str) -> RedisAddress:
            user = role.partition(" ")[0].lower()
            for each in house.nodes:
                call(each, "ACL", "SETUSER", user, "reset", "on", ">secret", *redis_rights(role, "ll"))
            url = house.nodes[0].tls_url(user, "secret")
            return RedisAddress(lambda: url, Tls(str(authority.ca), str(certificate.cert), str(certificate.key)))

        store = await connect(address("Worker and operator"), "ll")
        reader = await Reader.connect(address("Reader"), prefix="ll")
        await store.check()
        lanes = [await acquired(store, partition) for partition in range(PARTITIONS)]
        target = house.other(house.owner(key))
        house.begin_move(key, target)
        house.move_keys(target, [key])
        assert (await reader.meta(0))["ver"] == "1"
        assert len(await store.reader().meta(0)) == len(await reader.meta(0))
        assert house.errors("ASK") > 0
        house.end_move(key, target)
        await lanes[0].commit(full_commit(1))
        assert set(await reader.states(0, LEADS)) == {b"state 1"}
        assert (await store.look()).is_up
        await store.close()
        await reader.close()
        refused = [told[b"object"] for each in house.nodes for told in call(each, "ACL", "LOG")]
        assert {str(each, "utf-8") for each in refused} <= {ASKED_WHERE_ALLOWED}
