"""The servers of this folder, started once; and the test's own way in, by their doors in plain text on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.connected.secured.house import PARTITIONS, House
from tests.support.servers.certificates import Authority
from tests.support.servers.missing import missing_for_redis, missing_for_tls
from tests.support.servers.secured import SecuredKafka, SecuredRedis
from tests.support.servers.topics import make_topics_anew
from tests.support.workers import Site


@pytest.fixture(scope="package")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Both, without any user."""
    if lacking := [*missing_for_redis(), *missing_for_tls()]:
        pytest.skip("\n".join(lacking))
    authority = Authority(tmp_path_factory.mktemp("certificates"))
    with SecuredKafka(authority) as kafka, SecuredRedis(authority) as redis:
        yield House(authority, kafka, redis, authority.client("leadline"))


@pytest.fixture
def house(servers: House) -> House:
    """The same, with an empty Redis that remembers no refusal."""
    servers.redis.flush()
    servers.forget_refusals()
    return servers


@pytest.fixture
async def site(house: House, prefix: str, tmp_path: Path) -> Site:
    """Topics are new and empty."""
    await make_topics_anew(house.kafka.bootstrap, PARTITIONS)
    return Site(house.kafka.bootstrap, house.redis.url, prefix, tmp_path, PARTITIONS)
