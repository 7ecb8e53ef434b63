"""What all this ran on: without it no figure means anything."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path

import redis

from tests.support.servers.jars import kafka_jars


@dataclass(frozen=True, slots=True)
class Machine:
    """Hardware and versions. `load` is the load average of the minute before: above a quarter of the cores,
    somebody else was working, and every figure is too high."""

    cpu: str
    cores: int
    memory_gib: float
    system: str
    python: str
    kafka: str
    redis: str
    load: float

    @property
    def is_busy(self) -> bool:
        """Whether somebody else was working."""
        return self.load > self.cores / 4


def this_machine(redis_url: str) -> Machine:
    """The machine under this process, and the Redis at this address."""
    connection = redis.Redis.from_url(redis_url)
    try:
        redis_version = connection.info("server")["redis_version"]
    finally:
        connection.close()
    return Machine(
        cpu=_cpu_model(),
        cores=len(os.sched_getaffinity(0)),
        memory_gib=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30,
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        kafka=_kafka_version(),
        redis=str(redis_version),
        load=os.getloadavg()[0],
    )


def _cpu_model() -> str:
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _kafka_version() -> str:
    names = [path.name for path in kafka_jars().glob("kafka_*.jar")]
    found = re.search(r"kafka_[\d.]+-(.+)\.jar", " ".join(sorted(names)))
    return found[1] if found else "unknown"
