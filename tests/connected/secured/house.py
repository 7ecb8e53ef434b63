"""Both servers by TLS, and users made for them with the rights of a role."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from redis import Redis

from tests.support.rights import kafka_rights, redis_rights
from tests.support.servers.certificates import Authority, Certificate
from tests.support.servers.secured import SecuredKafka, SecuredRedis

PASSWORD = "correct-horse"

PARTITIONS = 2

ASKED_WHERE_ALLOWED = ("config|get",)
"""To whom it is forbidden, Redis tells enough by INFO."""

Given = dict[str, object]
"""Settings of a worker or a command, by name."""


@dataclass(frozen=True)
class House:
    """Both servers, and whose certificates they trust."""

    authority: Authority
    kafka: SecuredKafka
    redis: SecuredRedis
    certificate: Certificate

    def user(self, name: str, directory: Path, role: str = "Worker", password: str = PASSWORD) -> Given:
        """A new user of both, with the rights of a role for a prefix of its name; the settings of who is it."""
        self.kafka.set_password(name, password)
        self.allow(f"User:{name}", name, role)
        self.redis_user(name, redis_rights("Worker and operator", name), password)
        files = {"kafka_password": password, "redis": self.redis.tls_url(name, password)}
        for secret, content in files.items():
            (directory / secret).write_text(f"{content}\n")
        return {
            "prefix": name,
            "group": name,
            "partitions": PARTITIONS,
            "kafka": self.kafka.sasl,
            "kafka_user": name,
            "kafka_password_file": directory / "kafka_password",
            "kafka_ca_file": self.authority.ca,
            "redis": None,
            "redis_file": directory / "redis",
            "redis_ca_file": self.authority.ca,
            "redis_cert_file": self.certificate.cert,
            "redis_key_file": self.certificate.key,
        }

    def allow(self, principal: str, prefix: str, role: str = "Worker") -> None:
        """At Kafka; an operator may what a worker may, too."""
        for each in {"Worker", role}:
            self.kafka.allow(principal, kafka_rights(each, group=prefix, prefix=prefix))

    def redis_user(self, name: str, rights: list[str], password: str = PASSWORD) -> None:
        """Make a user of Redis, or make it anew, with these words of ACL SETUSER."""
        with Redis.from_url(self.redis.url) as admin:
            admin.execute_command("ACL", "SETUSER", name, "reset", "on", f">{password}", *rights)

    def refusals(self) -> list[object]:
        """What Redis has refused for want of a right, but for what is asked only where it is allowed."""
        with Redis.from_url(self.redis.url) as admin:
            return [each for each in admin.acl_log() if each["object"] not in ASKED_WHERE_ALLOWED]

    def forget_refusals(self) -> None:
        """Of whoever came before."""
        with Redis.from_url(self.redis.url) as admin:
            admin.acl_log_reset()
