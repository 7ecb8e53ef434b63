"""What this machine lacks for the real servers, and how to get it."""

from __future__ import annotations

import shutil

from tests.support.servers.jars import jars_present

REMEDY = {
    "java": "Java 17 or newer runs Kafka: apt-get install openjdk-17-jre-headless",
    "mvn": "Maven fetches Kafka's jars: apt-get install maven",
    "redis-server": "Redis 6.2 or newer: apt-get install redis-server",
    "openssl": "it makes the certificates of the tests: apt-get install openssl",
    "prometheus": "Prometheus and promtool: apt-get install prometheus (its service need not run)",
}
"""Each program that the real servers need, with the words for an operator without it."""


def missing_servers() -> list[str]:
    """One line for each program that is not there; empty when both real servers can be started."""
    return missing_for_kafka() + missing_for_redis()


def missing_for_kafka() -> list[str]:
    """What a real Kafka lacks here. Maven is needed only until the jars have been copied once."""
    return _lacking("java") if jars_present() else _lacking("java", "mvn")


def missing_for_redis() -> list[str]:
    """What a real Redis lacks here."""
    return _lacking("redis-server")


def missing_for_tls() -> list[str]:
    """What certificates lack here."""
    return _lacking("openssl")


def missing_for_prometheus() -> list[str]:
    """What the tests of alerts and dashboards lack here."""
    return _lacking("prometheus")


def _lacking(*programs: str) -> list[str]:
    return [f"{program} is missing. {REMEDY[program]}" for program in programs if shutil.which(program) is None]
