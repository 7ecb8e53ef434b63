"""The jars of Kafka, copied once by Maven into `.servers/` beside the code and shared by all runs."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.servers.process import LOG_TAIL_CHARS, ServerFailed

POM = Path(__file__).with_name("pom.xml")
SHELF = Path(__file__).parents[3] / ".servers"
JARS = SHELF / "kafka-4.1"

MAVEN_TIMEOUT_S = 600
"""93 jars, 54 MB: 7 to 12 s on a good line, minutes on a bad one."""


def kafka_jars() -> Path:
    """The directory of the jars that pom.xml asks for, copied now if need be. Raises ServerFailed."""
    if not jars_present():
        with _one_at_a_time():
            if not jars_present():
                _copy()
    return JARS


def jars_present() -> bool:
    """Whether a finished copy for this very pom.xml is there: the pom is written into it last."""
    stamp = JARS / POM.name
    return stamp.exists() and stamp.read_bytes() == POM.read_bytes()


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    SHELF.mkdir(exist_ok=True)
    with (SHELF / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # released when the file closes, also by a crash
        yield


def _copy() -> None:
    """Copy beside, then move into place, so that nobody sees half of it."""
    beside = SHELF / f"{JARS.name}.part"
    for old in (beside, JARS):
        shutil.rmtree(old, ignore_errors=True)
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={beside}"]
    done = subprocess.run(
        ["mvn", "-q", "-B", "-f", str(POM), *goal],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=MAVEN_TIMEOUT_S, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise ServerFailed(f"Maven could not fetch Kafka's jars:\n{done.stdout[-LOG_TAIL_CHARS:]}")
    shutil.copy(POM, beside / POM.name)
    beside.rename(JARS)
