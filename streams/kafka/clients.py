"""How clients reach a Kafka and say who they are: the one place that knows. Every client is made with its options.

    an address alone           plain text; refused unless every address is this machine itself
    kafka_tls, kafka_ca_file   TLS (SSL, as Kafka calls it): Kafka's certificate is checked, its name included
    kafka_cert_file            TLS on both sides: Kafka knows us by our certificate
    kafka_user                 SASL, through TLS if there is any: SCRAM, or PLAIN where Kafka knows nothing else

Certificates are read for each connection, and so is the file of a password for SCRAM. For PLAIN aiokafka asks for
the password once, when the client is made.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from aiokafka.cluster import ClusterMetadata

from streams.kafka.cluster import Cluster, Kafka, Login
from streams.kafka.errors import KafkaUnreachable, Unprotected, answering, closed, reach
from streams.tls import RenewedContext, is_loopback

ASK_AGAIN_S = 0.1
"""As long as aiokafka waits after other failures."""


def client_options(kafka: Kafka) -> dict[str, Any]:
    """The first arguments of every client of aiokafka. Raises Unprotected, KafkaUnreachable."""
    cluster = kafka if isinstance(kafka, Cluster) else Cluster(kafka)
    refuse_networks(cluster, cluster.address.split(","))
    try:
        return {"bootstrap_servers": cluster.address, **_transport(cluster), **_login(cluster.login)}
    except OSError as error:
        raise KafkaUnreachable(cluster, error) from error


def pace(client: AIOKafkaClient) -> None:
    """Let a client that lives for long wait before it asks again for a leader that there is none of.

    aiokafka asks again at once while a partition has no leader or nobody answers: with a broker that goes down in
    order (the last thing it tells is that its partitions have no leader) hundreds of connections a second, for as
    long as it is away.
    """
    ask = client._metadata_update

    async def ask_and_wait(known: ClusterMetadata, topics: Iterable[str]) -> bool:
        is_told: bool = await ask(known, topics)
        if not is_told or not _has_leaders(known):
            await asyncio.sleep(ASK_AGAIN_S)
        return is_told

    client._metadata_update = ask_and_wait


def _has_leaders(known: ClusterMetadata) -> bool:
    return all(
        len(known.available_partitions_for_topic(topic)) == len(known.partitions_for_topic(topic))
        for topic in known.topics()
    )


def refuse_networks(kafka: Kafka, addresses: Iterable[str]) -> None:
    """Raise Unprotected if a client would speak in plain text to one of these that is another machine.

    They are where a client begins, and where Kafka tells it to go on: its advertised.listeners.
    """
    if isinstance(kafka, Cluster) and (kafka.tls is not None or kafka.insecure):
        return
    abroad = [each for each in addresses if not is_loopback(each.rpartition(":")[0])]
    if abroad:
        raise Unprotected(
            f"Kafka at {', '.join(abroad)} would be spoken to in plain text: set LEADLINE_KAFKA_TLS=true, and "
            "LEADLINE_KAFKA_CA_FILE if its certificate is signed by an authority of your own; or accept with "
            "LEADLINE_INSECURE=true that whoever is on the way reads passwords and events"
        )


@asynccontextmanager
async def admin_client(kafka: Kafka, patience_s: float = 0.0) -> AsyncIterator[AIOKafkaAdminClient]:
    """A client that asks about topics and groups, while it is used. Raises KafkaFault."""
    admin = AIOKafkaAdminClient(**client_options(kafka))
    try:
        await reach(admin, kafka, patience_s)
        async with answering(kafka):
            refuse_networks(kafka, await _advertised(admin))
            yield admin
    finally:
        await closed(admin.close())


async def _advertised(admin: AIOKafkaAdminClient) -> list[str]:
    """Where Kafka tells its clients to go on."""
    return [f"{broker['host']}:{broker['port']}" for broker in (await admin.describe_cluster())["brokers"]]


def _transport(cluster: Cluster) -> dict[str, Any]:
    protocol = "PLAINTEXT" if cluster.tls is None else "SSL"
    if cluster.login is not None:
        protocol = f"SASL_{protocol}"
    if cluster.tls is None:
        return {"security_protocol": protocol}
    cluster.tls.context()  # What is wrong with the files is told now, and not by each connection.
    return {"security_protocol": protocol, "ssl_context": RenewedContext(cluster.tls)}


def _login(login: Login | None) -> dict[str, Any]:
    if login is None:
        return {}
    return {
        "sasl_mechanism": login.mechanism,
        "sasl_plain_username": login.user,
        "sasl_plain_password": _Password(login.password),
    }


class _Password(str):
    """The password when the client was made; as the file has it now when aiokafka encodes it for a connection."""

    def __new__(cls, read: Callable[[], str]) -> _Password:
        password = super().__new__(cls, read())
        password._read = read
        return password

    _read: Callable[[], str]

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """The bytes of the present password. Raises OSError, with which the connection fails."""
        return self._read().encode(encoding, errors)

    def __repr__(self) -> str:
        return "(secret)"
