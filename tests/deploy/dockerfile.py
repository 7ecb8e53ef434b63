"""A Dockerfile taken apart, and its steps run without Docker: in a directory that stands for the image's root.

Of the language only what deploy/Dockerfile uses: FROM, RUN, WORKDIR, COPY, ENV, USER, EXPOSE, HEALTHCHECK,
ENTRYPOINT and CMD. What a step names by one of the image's own paths (`/src`, `/wheels`, `/opt`) it gets below that
directory.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

OWN_PATHS = re.compile(r"(?<![\w.])/(?=(?:src|wheels|opt)\b)")
"""Made by the steps themselves; everything else is the system's."""


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction: its name in capitals, and what follows."""

    name: str
    text: str

    @property
    def words(self) -> list[str]:
        """The arguments: of the JSON form, or as a shell would split them."""
        listed: list[str] = json.loads(self.text) if self.text.startswith("[") else shlex.split(self.text)
        return listed


@dataclass(slots=True)
class Stage:
    """The steps from one FROM to the next."""

    base: str
    steps: list[Step] = field(default_factory=list)

    def last(self, name: str) -> Step:
        """The instruction of this name that counts. Raises IndexError if there is none."""
        return [step for step in self.steps if step.name == name][-1]

    @property
    def environment(self) -> dict[str, str]:
        """What all its ENV lines set."""
        pairs = [word.partition("=") for step in self.steps if step.name == "ENV" for word in step.words]
        return {name: value for name, _, value in pairs}

    @property
    def command(self) -> list[str]:
        """What a container runs: the entry point and its arguments."""
        return [*self.last("ENTRYPOINT").words, *self.last("CMD").words]


def stages(path: Path) -> list[Stage]:
    """The stages of a Dockerfile, in order."""
    found: list[Stage] = []
    for step in _steps(path.read_text(encoding="utf-8")):
        if step.name == "FROM":
            found.append(Stage(step.words[0]))
        else:
            found[-1].steps.append(step)
    return found


def _steps(text: str) -> Iterator[Step]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if line.strip():
            name, _, rest = line.partition(" ")
            yield Step(name.upper(), re.sub(r"\s+", " ", rest).strip())


def below(root: Path, text: str) -> str:
    """The text with the image's own paths below `root`."""
    return OWN_PATHS.sub(f"{root}/", text)


def copy(root: Path, workdir: Path, context: Path, step: Step) -> None:
    """COPY from the context: files into a directory, or a directory as another. A missing file raises OSError."""
    *sources, target = step.words
    goal = Path(below(root, target)) if target.startswith("/") else workdir / target
    for source in sources:
        if (context / source).is_dir():
            shutil.copytree(context / source, goal, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
        else:
            goal.mkdir(parents=True, exist_ok=True)
            shutil.copy2(context / source, goal)


def environment_of(stage: Stage, root: Path, outside: Mapping[str, str]) -> dict[str, str]:
    """The variables of a container of this stage, and no others but those `outside`."""
    return {name: below(root, value) for name, value in stage.environment.items()} | dict(outside)
