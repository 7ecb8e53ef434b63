"""Which Kafka, and who we are there: what clients are made with (`clients`), as the settings say it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from streams.settings import Settings
from streams.tls import Tls


@dataclass(frozen=True, slots=True)
class Login:
    """A user of Kafka. `password` reads it as it is now."""

    user: str
    password: Callable[[], str]
    mechanism: str


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Kafka. As a text it is its address, which is safe to show."""

    address: str
    tls: Tls | None = None
    login: Login | None = None
    insecure: bool = False

    @classmethod
    def of(cls, given: Settings) -> Cluster:
        """The one that these settings name."""
        tls = Tls(given.kafka_ca_file, given.kafka_cert_file, given.kafka_key_file)
        login = Login(given.kafka_user, lambda: given.present("kafka_password"), given.kafka_mechanism)
        return cls(
            given.kafka,
            tls if given.kafka_tls or tls != Tls() else None,
            login if given.kafka_user else None,
            given.insecure,
        )

    def __str__(self) -> str:
        return self.address


Kafka = Cluster | str
"""A cluster; or merely its address, where it asks for nothing: the sandbox's broker, and that of the tests."""
