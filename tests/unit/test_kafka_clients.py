"""Every client of Kafka is made in one way: plain text stays on this machine, and what protects it is passed on."""

from __future__ import annotations

import ast
import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.cluster import ClusterMetadata
from aiokafka.structs import PartitionMetadata
from click.testing import CliRunner

from streams.cli import main
from streams.cli.errors import UNSAFE, code_of
from streams.kafka.clients import ASK_AGAIN_S, client_options, pace, refuse_networks
from streams.kafka.cluster import Cluster
from streams.kafka.errors import KafkaUnreachable, Unprotected
from streams.settings import load
from streams.tls import Tls
from tests.support.tidy import python
from tests.support.tidy.project import Offence, expect_none, files

CLIENTS = frozenset({"AIOKafkaConsumer", "AIOKafkaProducer", "AIOKafkaAdminClient"})

WHILE_S = 0.5

LOGIN = {"LEADLINE_KAFKA_USER": "kim", "LEADLINE_KAFKA_PASSWORD": "geheim"}


def options(**variables: str) -> dict[str, object]:
    """What these settings make of a client."""
    return client_options(Cluster.of(load({f"LEADLINE_{name}": value for name, value in variables.items()})))


def is_made_with_client_options(call: ast.Call) -> bool:
    """Whether one of the arguments is `**client_options(...)`."""
    return any(
        keyword.arg is None and ast.unparse(keyword.value).startswith("client_options(")
        for keyword in call.keywords
    )


def test_no_client_is_made_without_them() -> None:
    """Wherever the product makes a client of aiokafka, `**client_options(...)` is among its arguments."""
    made = [
        (path, name, call)
        for path in files(".py", under="streams/")
        for name, call in python.calls(path)
        if name.rpartition(".")[2] in CLIENTS
    ]
    assert len(made) >= 10
    expect_none(
        (Offence(path, call.lineno, name) for path, name, call in made if not is_made_with_client_options(call)),
        "Pass **client_options(kafka): without it neither TLS nor the user reaches the client.",
    )


def test_no_function_is_given_the_address_alone() -> None:
    """`given.kafka` is for showing; what connects is given `Cluster.of(given)`."""
    expect_none(
        (
            Offence(path, argument.lineno, ast.unparse(argument))
            for path in files(".py", under="streams/")
            if path != "streams/kafka/cluster.py"
            for _, call in python.calls(path)
            for argument in [*call.args, *(keyword.value for keyword in call.keywords)]
            if isinstance(argument, ast.Attribute)
            and ast.unparse(argument).endswith(("given.kafka", "settings.kafka"))
        ),
        "Pass Cluster.of(given): the address alone says nothing of TLS and users.",
    )


@pytest.mark.parametrize("address", ["127.0.0.1:9092", "localhost:9092", "[::1]:9092", "127.9.9.9:1,LOCALHOST.:2"])
def test_plain_text_on_this_machine_needs_nothing(address: str) -> None:
    """Loopback addresses and the name localhost."""
    assert options(KAFKA=address) == {"bootstrap_servers": address, "security_protocol": "PLAINTEXT"}


@pytest.mark.parametrize(
    "address", ["kafka:9092", "10.0.0.7:9092", "127.0.0.1:1,[fe80::1]:2", "localhost.example:1"]
)
def test_plain_text_to_another_machine_is_refused_with_the_fix(address: str) -> None:
    """Also with a user, whose password would be read on the way, and for one address of several."""
    for more in ({}, {"KAFKA_USER": "kim", "KAFKA_PASSWORD": "geheim"}):
        with pytest.raises(
            Unprotected, match=r"plain text.*LEADLINE_KAFKA_TLS=true.*LEADLINE_INSECURE=true"
        ) as found:
            options(KAFKA=address, **more)
        assert code_of(found.value) == UNSAFE
    with pytest.raises(Unprotected):
        client_options(address)


def test_what_kafka_advertises_is_looked_at_too() -> None:
    """A tunnel on loopback whose broker sends its clients elsewhere; by TLS, or accepted, it may."""
    there = ["127.0.0.1:9092", "broker.example:9092"]
    for kafka in ("127.0.0.1:1", Cluster("127.0.0.1:1")):
        refuse_networks(kafka, there[:1])
        with pytest.raises(Unprotected, match=r"broker\.example:9092 would be spoken to in plain text"):
            refuse_networks(kafka, there)
    refuse_networks(Cluster("127.0.0.1:1", tls=Tls()), there)
    refuse_networks(Cluster("127.0.0.1:1", insecure=True), there)


def test_plain_text_to_another_machine_may_be_accepted() -> None:
    """LEADLINE_INSECURE, with a user and without."""
    assert options(KAFKA="kafka:9092", INSECURE="true")["security_protocol"] == "PLAINTEXT"
    login = {"KAFKA_USER": "kim", "KAFKA_PASSWORD": "geheim"}
    assert options(KAFKA="kafka:9092", INSECURE="true", **login)["security_protocol"] == "SASL_PLAINTEXT"


def test_tls_and_a_user_reach_the_client() -> None:
    """SASL_SSL with SCRAM-SHA-512, or with the mechanism that was set."""
    found = options(KAFKA="kafka:9093", KAFKA_TLS="true", KAFKA_USER="kim", KAFKA_PASSWORD="geheim")
    assert found["security_protocol"] == "SASL_SSL"
    assert (found["sasl_mechanism"], found["sasl_plain_username"]) == ("SCRAM-SHA-512", "kim")
    assert found["sasl_plain_password"] == "geheim"
    assert "geheim" not in repr(found)
    assert options(KAFKA="kafka:9093", KAFKA_TLS="true")["security_protocol"] == "SSL"


def test_a_password_is_read_again_for_each_connection(tmp_path: Path) -> None:
    """aiokafka encodes it once for each; what has become of the file meanwhile counts."""
    path = tmp_path / "password"
    path.write_text("first\n")
    given = load({"LEADLINE_KAFKA_USER": "kim", "LEADLINE_KAFKA_PASSWORD_FILE": str(path)})
    password = client_options(Cluster.of(given))["sasl_plain_password"]
    path.write_text("second\n")
    assert password.encode() == b"second"
    path.unlink()
    with pytest.raises(FileNotFoundError):
        password.encode()


@pytest.mark.parametrize("name", ["KAFKA_CA_FILE", "KAFKA_CERT_FILE"])
def test_a_file_that_is_not_there_is_named(name: str) -> None:
    """A certificate may come later: it is waited for as for a Kafka that is away."""
    with pytest.raises(KafkaUnreachable, match=r"nowhere\.pem.*: No such file"):
        options(**{name: "nowhere.pem"})


@pytest.mark.parametrize("arguments", [["topics", "check"], ["watch"], ["rebuild"]])
def test_a_command_ends_with_5_before_anything_is_sent(arguments: list[str]) -> None:
    """Refused for safety, in one line."""
    refused = CliRunner().invoke(main, arguments, env={"LEADLINE_KAFKA": "kafka.example:9092"})
    assert refused.exit_code == UNSAFE
    assert refused.stderr.startswith("error: Kafka at kafka.example:9092 would be spoken to in plain text")


@pytest.mark.parametrize(("is_told", "leader"), [(False, 1), (True, -1)], ids=["nobody answers", "no leader"])
async def test_a_client_waits_before_it_asks_again(is_told: bool, leader: int) -> None:
    """By itself it asks as often as whoever waits for a leader comes round, which is at once."""
    assert await asks_in_a_while(leader, is_told=is_told, paced=False) > 100
    assert 1 < await asks_in_a_while(leader, is_told=is_told, paced=True) <= 1 + WHILE_S / ASK_AGAIN_S


async def test_a_client_does_not_wait_where_all_is_known() -> None:
    """A topic that is new to it is asked for right away."""
    assert await asks_in_a_while(1, is_told=True, paced=True) > 100


async def asks_in_a_while(leader: int, *, is_told: bool, paced: bool) -> int:
    """How often a client asks for metadata that is asked to look again and again, as a fetcher does."""
    client, asks = AIOKafkaClient(), 0
    client.cluster = ClusterMetadata()
    client.cluster._partitions = {"email.opens": {0: PartitionMetadata("email.opens", 0, leader, [1], [1], None)}}

    async def answer(known: ClusterMetadata, topics: object) -> bool:
        nonlocal asks
        asks += 1
        await asyncio.sleep(0)
        return is_told

    client._metadata_update = answer
    if paced:
        pace(client)
    synchronizer = asyncio.create_task(client._md_synchronizer())
    with suppress(TimeoutError):
        async with asyncio.timeout(WHILE_S):
            while True:
                await client.force_metadata_update()
    synchronizer.cancel()
    return asks
