"""A Kafka and a Redis as production should have them: TLS, users, and no right that nobody was given.

Both keep their door in plain text on loopback, by which the tests administer them; nobody else goes in there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from tests.support.servers.certificates import Authority
from tests.support.servers.kafka import KafkaServer
from tests.support.servers.process import free_port
from tests.support.servers.redis import RedisServer

ADMIN_TIMEOUT_S = 20.0
"""For one administrative request; an idle broker answers in 0.05 s."""

ITERATIONS = 4_096
"""The fewest that Kafka accepts: a password of a test needs no more."""

Binding = TypeVar("Binding", AclBinding, AclBindingFilter)

JAAS = "org.apache.kafka.common.security"


class Right(NamedTuple):
    """`operation` on a `topic`, `group` or `transactional id`; a name that ends in * is a prefix."""

    resource: str
    name: str
    operation: str


class SecuredKafka(KafkaServer):
    """Answers at `sasl`, by TLS and a password, and at `mtls`, by TLS and a certificate of the client."""

    def __init__(self, authority: Authority, plain_user: tuple[str, str] = ("plain", "plain")) -> None:
        """`plain_user`: name and password of who may say them as they are, through TLS."""
        super().__init__()
        self._authority = authority
        self._plain_user = plain_user
        self._sasl_port, self._mtls_port = free_port(), free_port()

    @property
    def sasl(self) -> str:
        """The address for users with a password."""
        return f"127.0.0.1:{self._sasl_port}"

    @property
    def mtls(self) -> str:
        """The address for who has a certificate."""
        return f"127.0.0.1:{self._mtls_port}"

    def set_password(self, user: str, password: str) -> None:
        """Make a user of SCRAM, or give one another password."""
        info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, ITERATIONS)
        changed = UserScramCredentialUpsertion(user, info, password.encode())
        admin = self._admin()
        for done in admin.alter_user_scram_credentials([changed]).values():
            done.result(ADMIN_TIMEOUT_S)

    def allow(self, principal: str, rights: Iterable[Right]) -> None:
        """Give a principal these rights: `User:kim`, `User:CN=kim`."""
        bindings = [_binding(AclBinding, principal, right) for right in rights]
        admin = self._admin()
        for done in admin.create_acls(bindings).values():
            done.result(ADMIN_TIMEOUT_S)

    def disallow(self, principal: str, right: Right) -> None:
        """Take one right away."""
        admin = self._admin()
        for done in admin.delete_acls([_binding(AclBindingFilter, principal, right)]).values():
            assert len(done.result(ADMIN_TIMEOUT_S)) == 1

    def delete_topic(self, name: str) -> None:
        """As an accident does."""
        admin = self._admin()
        admin.delete_topics([name])[name].result(ADMIN_TIMEOUT_S)

    def _admin(self) -> AdminClient:
        """To be held until its futures are done: they end with it."""
        return AdminClient({"bootstrap.servers": self.bootstrap})

    def _properties(self) -> dict[str, str]:
        plain = super()._properties()
        protocols = f"{plain['listener.security.protocol.map']},SASL_SSL:SASL_SSL,SSL:SSL"
        server = self._authority.server()
        keys = self.directory / "server.pem"
        keys.write_text(server.key.read_text() + server.cert.read_text())
        doors = f"SASL_SSL://{self.sasl},SSL://{self.mtls}"
        name, password = self._plain_user
        return {
            **plain,
            "listeners": f"{plain['listeners']},{doors}",
            "advertised.listeners": f"{plain['advertised.listeners']},{doors}",
            "listener.security.protocol.map": protocols,
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(keys),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self._authority.ca),
            "listener.name.ssl.ssl.client.auth": "required",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
            "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": f"{JAAS}.scram.ScramLoginModule required;",
            "listener.name.sasl_ssl.plain.sasl.jaas.config": (
                f'{JAAS}.plain.PlainLoginModule required user_{name}="{password}";'
            ),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
        }


class SecuredRedis(RedisServer):
    """Answers by TLS at `tls_url(user, password)` and wants a certificate of its clients."""

    def __init__(self, authority: Authority) -> None:
        self.tls_port = free_port()
        server = authority.server()
        super().__init__(
            "--tls-port", str(self.tls_port), "--tls-auth-clients", "yes",
            "--tls-cert-file", str(server.cert), "--tls-key-file", str(server.key),
            "--tls-ca-cert-file", str(authority.ca),
        )  # fmt: skip

    def tls_url(self, user: str, password: str) -> str:
        """The address for a user."""
        return f"rediss://{user}:{password}@127.0.0.1:{self.tls_port}/0"


def _binding(kind: type[Binding], principal: str, right: Right) -> Binding:
    kinds = {
        "topic": ResourceType.TOPIC,
        "group": ResourceType.GROUP,
        "transactional id": ResourceType.TRANSACTIONAL_ID,
    }
    is_prefix = right.name.endswith("*")
    words: Sequence[object] = (
        kinds[right.resource],
        right.name.removesuffix("*"),
        ResourcePatternType.PREFIXED if is_prefix else ResourcePatternType.LITERAL,
        principal,
        "*",
        AclOperation[_constant(right.operation)],
        AclPermissionType.ALLOW,
    )
    return kind(*words)


def _constant(operation: str) -> str:
    """`DescribeConfigs` is `DESCRIBE_CONFIGS`."""
    return "".join(f"_{letter}" if letter.isupper() else letter for letter in operation).lstrip("_").upper()
