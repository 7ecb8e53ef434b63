"""The image's steps, one by one, and what they make: a worker that runs as nobody from an environment apart."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.error import URLError

import pytest

from streams.clock import SystemClock
from streams.settings import Settings, variable
from tests.conftest import FreshTopics
from tests.deploy.dockerfile import Stage, Step, below, copy, environment_of, stages
from tests.support.servers import Program, free_port
from tests.support.workers import ROOT

DOCKERFILE = ROOT / "deploy" / "Dockerfile"
LOCK = "deploy/requirements.txt"

STEP_TIMEOUT_S = 240
"""To install the libraries takes a quarter of a minute; the bound is for a machine that is busy, and compiles."""

START_TIMEOUT_S = 60.0

PAGES = ("/live", "/ready", "/metrics")
"""What a worker answers to probes and to Prometheus; compose.yaml and kubernetes/ name no other."""

Image = tuple[Path, Stage]
"""Where the root of the image is, and its last stage."""


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """What the steps of the Dockerfile make, in a directory that everybody may read."""
    root = Path(tempfile.mkdtemp(prefix="leadline-image-"))
    root.chmod(0o755)
    build, last = stages(DOCKERFILE)
    try:
        _run_all(build, root)
        yield root, last
    finally:
        shutil.rmtree(root)


@pytest.mark.timeout(3 * STEP_TIMEOUT_S)
async def test_the_image_starts_a_worker_as_nobody(
    image: Image, fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """Built by the Dockerfile's steps, started with its command, variables and user, it is alive."""
    root, stage = image
    port = free_port()
    given = {"kafka": await fresh_topics(6), "redis": redis_url, "prefix": prefix, "http": f"127.0.0.1:{port}"}
    outside = {variable(name): value for name, value in given.items()}
    environment = environment_of(stage, root, outside)
    program, *arguments = stage.command
    command = [shutil.which(program, path=environment["PATH"]) or program, *arguments]
    worker = Program([*_as_user(stage), *command], log=tmp_path / "worker.log", env=environment, cwd=Path("/"))
    try:
        for page in PAGES:
            worker.wait_until(partial(_answers, f"http://127.0.0.1:{port}{page}"), timeout_s=START_TIMEOUT_S)
        assert _program_and_user(worker.pid) == (
            _python_of(root),
            _uid(stage) if os.geteuid() == 0 else os.geteuid(),
        )
    finally:
        assert worker.terminate() == 0


def test_the_image_has_the_compiled_modules_and_no_installer(image: Image) -> None:
    """Each module that setup.py compiles is there as a library; nothing could install more."""
    root, _ = image
    (site,) = (root / "opt" / "leadline" / "lib").glob("python*/site-packages")
    assert {path.parent.name for path in site.glob("s*/**/*.so")} >= {"schemas", "scoring", "lane"}
    assert not list(site.glob("pip*"))
    assert not list(site.glob("tests"))


def test_the_image_runs_the__python_of_the_tests_as_nobody_without_a_shell() -> None:
    """Both stages begin from the same Python; the user is a number that is not root's."""
    build, last = stages(DOCKERFILE)
    assert build.base == last.base == f"python:3.{sys.version_info.minor}-slim-bookworm"
    assert _uid(last) > 0
    for name in ("ENTRYPOINT", "CMD"):
        assert last.last(name).text.startswith("["), "a JSON list starts no shell"
    assert '["python", "-c"' in last.last("HEALTHCHECK").text


def test_the_image_tells_its_health_where_it_listens() -> None:
    """One port in the setting, in EXPOSE and in the probe; the context has every file that is copied."""
    _, last = stages(DOCKERFILE)
    host, _, port = Settings(http=last.environment[variable("http")]).http.rpartition(":")
    assert (host, port) == ("0.0.0.0", last.last("EXPOSE").text)
    assert f":{port}/live'" in last.last("HEALTHCHECK").text
    listed = {line[1:] for line in (ROOT / "deploy/Dockerfile.dockerignore").read_text().split() if line[0] == "!"}
    build, _ = stages(DOCKERFILE)
    copied = {word for step in build.steps if step.name == "COPY" for word in step.words[:-1]}
    assert copied == listed


def _run_all(build: Stage, root: Path) -> None:
    """The steps of the first stage. What the system's packages bring is on this machine already."""
    workdir = root
    for step in build.steps:
        if step.name == "WORKDIR":
            workdir = Path(below(root, step.text))
            workdir.mkdir(parents=True)
        elif step.name == "COPY":
            copy(root, workdir, ROOT, step)
            if "streams" in step.words:
                _take_what_is_compiled(workdir)
        elif not step.text.startswith("apt-get"):
            _run(step, root, workdir)


def _take_what_is_compiled(workdir: Path) -> None:
    """What `make install` has compiled of these very sources, as Docker's cache would have it: a minute less.

    setuptools compiles what is older than its sources, Cython's own among them, which pip installs on the way.
    """
    later_s = SystemClock().now_ms() / 1_000 + STEP_TIMEOUT_S
    libraries = workdir / "build" / f"lib.{sysconfig.get_platform()}-{sys.implementation.cache_tag}"
    for source in [*(ROOT / "build").rglob("*.c"), *ROOT.glob("s*/**/*.so")]:
        goal = (libraries if source.suffix == ".so" else workdir) / source.relative_to(ROOT)
        goal.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, goal)
        os.utime(goal, (later_s, later_s))


def _run(step: Step, root: Path, workdir: Path) -> None:
    tools = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["/bin/sh", "-c", below(root, step.text)],
        cwd=workdir,
        env=tools,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=STEP_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, f"{step.text}\n{done.stdout}"


def _uid(stage: Stage) -> int:
    return int(stage.last("USER").text.partition(":")[0])


def _program_and_user(pid: int) -> tuple[Path, int]:
    """What runs, and who it is."""
    return Path(f"/proc/{pid}/exe").resolve(), Path(f"/proc/{pid}").stat().st_uid


def _python_of(root: Path) -> Path:
    """The interpreter of the image's environment, itself and no link."""
    return (root / "opt/leadline/bin/python").resolve()


def _as_user(stage: Stage) -> list[str]:
    """In front of a command: become the image's user, which only root can."""
    if os.geteuid() != 0:
        return []
    user, _, group = stage.last("USER").text.partition(":")
    return ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", "--no-new-privs"]


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1.0) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False
