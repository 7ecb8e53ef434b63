"""What the peers are installed in: made on demand in `.servers/` beside the code, pinned, shared by all runs.

Quix Streams has an environment of its own (quix.txt), since it needs another confluent-kafka than the demo. The
Java program is compiled by Maven with its jars (kafka_streams/pom.xml). What cannot be had is told in words.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

from tests.support.servers.jars import SHELF

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "quix.txt"
PROJECT = HERE / "kafka_streams"

STAMP = "made-from"
"""A file in a finished folder, written last: the hash of what it was made from."""

TIMEOUT_S = 600
"""100 MB from a registry: half a minute on a good line."""

TAIL_CHARS = 600


class NotToBeHad(Exception):
    """A peer cannot be run here; the text says why, in one line for a reader and what the tool printed."""


def quix_python() -> str:
    """The interpreter of the environment that has Quix Streams. Raises NotToBeHad."""

    def make(folder: Path) -> None:
        _run([sys.executable, "-m", "venv", str(folder)])
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, "-r", str(REQUIREMENTS)])

    return str(_made("quix-streams", [REQUIREMENTS], make) / "bin" / "python")


def kafka_streams_classpath() -> str:
    """The classes of the Java program and its jars. Raises NotToBeHad."""
    missing = [program for program in ("java", "javac", "mvn") if shutil.which(program) is None]
    if missing:
        raise NotToBeHad(f"{', '.join(missing)} is missing: a JDK of Java 17 or newer, and Maven")

    def make(folder: Path) -> None:
        jars = ["-DincludeScope=runtime", f"-DoutputDirectory={folder / 'lib'}"]
        goals = ["compile", "dependency:copy-dependencies"]
        _run(["mvn", "-q", "-B", "-f", str(PROJECT / "pom.xml"), f"-Dtarget={folder}", *goals, *jars])

    folder = _made("kafka-streams", sorted([PROJECT / "pom.xml", *PROJECT.rglob("*.java")]), make)
    return f"{folder / 'classes'}:{folder / 'lib' / '*'}"


def _made(name: str, sources: Sequence[Path], make: Callable[[Path], None]) -> Path:
    """The folder of this name, made anew unless it is of these very sources. An environment cannot be moved, so a
    folder is whole only once its stamp is in it."""
    folder, wanted = SHELF / name, sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()
    stamp = folder / STAMP
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        SHELF.mkdir(exist_ok=True)
        make(folder)
        stamp.write_text(wanted)
    return folder


def _run(argv: Sequence[str]) -> None:
    try:
        done = subprocess.run(
            argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise NotToBeHad(f"`{Path(argv[0]).name}` took more than {TIMEOUT_S} s") from None
    if done.returncode != 0:
        raise NotToBeHad(f"`{Path(argv[0]).name}` failed:\n{done.stdout[-TAIL_CHARS:]}")
