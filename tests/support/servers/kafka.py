"""One real Kafka node: broker and controller in one process (KRaft), nothing shared with other runs."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.servers.jars import kafka_jars
from tests.support.servers.process import LOG_TAIL_CHARS, ServerFailed, answers, free_port
from tests.support.servers.server import Server

HEAP = "-Xmx1g"

FAST_JVM: tuple[str, ...] = (HEAP, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""Starts in 3.4 s in place of 4.2 s, with 4.5 s of CPU in place of 7.8: the second compiler does not pay."""

THOROUGH_JVM: tuple[str, ...] = (HEAP,)
"""For measuring: the compiler and the collector that a broker has in production."""

CLUSTER_ID = "bGVhZGxpbmUtdGVzdHMtMA"
"""16 bytes in url-safe base64, as StorageTool wants them."""

FORMAT_TIMEOUT_S = 60
"""Takes 1.3 s; the bound is for a machine that is busy with everything else."""

MAX_RECORD_BYTES = 8 * 1024 * 1024
"""Tests send a record of 5 MB to see it rejected, so the broker must take it."""

API_VERSIONS = struct.pack(">ihhih", 10, 18, 0, 7, -1)
"""Kafka's simplest question (key 18, version 0), correlation 7, no client id, with its length in front."""

API_VERSIONS_REPLY = struct.pack(">ih", 7, 0)
"""Correlation 7, no error."""

LOG4J = """\
Configuration:
  Appenders:
    Console: {name: out, PatternLayout: {pattern: "%d %p %m (%c)%n%throwable"}}
  Loggers:
    Root: {level: WARN, AppenderRef: {ref: out}}
"""


class KafkaServer(Server):
    """A broker that answers at `bootstrap`. Topics are not made by themselves; transactions work."""

    name = "kafka"
    start_timeout_s = 60.0

    def __init__(
        self,
        *,
        settings: Mapping[str, str] | None = None,
        jvm: Sequence[str] = FAST_JVM,
        front_port: int | None = None,
    ) -> None:
        """`front_port`: where a proxy stands; whoever begins there is told to stay there (see `front`)."""
        super().__init__()
        self.controller_port = free_port()
        self.front_port = front_port
        self.back_port = free_port()
        self.settings = dict(settings or {})
        self.jvm = tuple(jvm)

    @property
    def bootstrap(self) -> str:
        """The address that clients begin with: `127.0.0.1:port`."""
        return f"127.0.0.1:{self.port}"

    @property
    def front(self) -> str:
        """The address of the proxy, which passes on to `back_port`: Kafka tells its clients where to go on, and
        what comes in by that port it sends to the proxy again. Without a proxy the same as `bootstrap`."""
        return self.bootstrap if self.front_port is None else f"127.0.0.1:{self.front_port}"

    def command(self) -> list[str]:
        """The broker's command line; the first time its directory is formatted."""
        properties = self.directory / "server.properties"
        if not properties.exists():
            (self.directory / "log4j2.yaml").write_text(LOG4J)
            properties.write_text("".join(f"{key}={value}\n" for key, value in self._properties().items()))
            self._format(properties)
        logging = f"-Dlog4j2.configurationFile={self.directory / 'log4j2.yaml'}"
        return self._java(logging, "kafka.Kafka", str(properties))

    def is_up(self) -> bool:
        """A broker opens its port once it is part of its cluster."""
        return answers(self.port, API_VERSIONS, API_VERSIONS_REPLY)

    def _java(self, *arguments: str) -> list[str]:
        return ["java", *self.jvm, "-cp", f"{kafka_jars()}/*", *arguments]

    def _format(self, properties: Path) -> None:
        done = subprocess.run(
            self._java("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(properties)),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=FORMAT_TIMEOUT_S,
            check=False,
        )
        if done.returncode != 0:
            raise ServerFailed(f"Kafka's directory was not formatted:\n{done.stdout[-LOG_TAIL_CHARS:]}")

    def _properties(self) -> dict[str, str]:
        controller = f"127.0.0.1:{self.controller_port}"
        doors = {"PLAINTEXT": (self.bootstrap, self.bootstrap)}
        if self.front_port is not None:
            doors["FRONT"] = (f"127.0.0.1:{self.back_port}", self.front)
        listeners = [f"{name}://{address}" for name, (address, _) in doors.items()]
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@{controller}",
            "listeners": ",".join([*listeners, f"CONTROLLER://{controller}"]),
            "advertised.listeners": ",".join(f"{name}://{told}" for name, (_, told) in doors.items()),
            "inter.broker.listener.name": "PLAINTEXT",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in [*doors, "CONTROLLER"]),
            "log.dirs": str(self.directory / "logs"),
            "auto.create.topics.enable": "false",
            "message.max.bytes": str(MAX_RECORD_BYTES),
            # Deleted topics free their disk at once, not after a minute: tests make topics anew all the time.
            "log.segment.delete.delay.ms": "100",
            # After a kill the broker comes back when its old registration has lapsed: 4 s, not 9.
            "broker.session.timeout.ms": "4000",
            "broker.heartbeat.interval.ms": "500",
            # Tests do not wait for members that may still come.
            "group.initial.rebalance.delay.ms": "0",
            # One node: everything internal has one copy, and few partitions to load at a restart.
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "transaction.state.log.num.partitions": "4",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            **self.settings,
        }
