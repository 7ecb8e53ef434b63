"""What a release is made of: locked to the hash, listed, looked up; and an audit that looked up nothing is none."""

from __future__ import annotations

import json
import re
import tomllib

import pytest
from packaging.requirements import Requirement

from tests.support.audit import FOUND, UNREACHABLE, judged
from tests.support.tidy.project import text

LOCKED = "deploy/requirements.txt"

ENTRY = re.compile(
    r"^([A-Za-z0-9._-]+)==([^ ;\\]+)(?: ; [^\\]*)?((?: \\\n    --hash=sha256:[0-9a-f]{64})+)$", re.MULTILINE
)


def test_every_dependency_is_locked_with_hashes() -> None:
    """Each that pyproject.toml wants stands in the lock, at a version that it allows; `make lock` mends it."""
    locked = {name: version for name, version, _ in ENTRY.findall(text(LOCKED))}
    for line in tomllib.loads(text("pyproject.toml"))["project"]["dependencies"]:
        wanted = Requirement(line)
        assert wanted.specifier.contains(locked.get(wanted.name.lower(), "")), f"{line}: run `make lock`"


def test_the_lock_holds_nothing_but_versions_and_hashes() -> None:
    """No line that is not part of an entry: no name of an index, no path, no version without a hash."""
    assert ENTRY.sub("", text(LOCKED)).strip() == ""


@pytest.mark.parametrize(
    ("dependencies", "said", "code"),
    [
        ([{"name": "a", "version": "1", "vulns": []}], "1 of 1 looked up, 0 holes", 0),
        (
            [{"name": "a", "version": "1", "vulns": [{"id": "X-1", "fix_versions": ["2"]}]}],
            "a 1: X-1, mended in 2",
            FOUND,
        ),
        ([{"name": "a", "skip_reason": "not found"}], "0 of 1 looked up, 0 holes", UNREACHABLE),
    ],
)
def test_an_audit_is_judged_by_what_was_looked_up(dependencies: list[object], said: str, code: int) -> None:
    """Holes are named; what could not be looked up is no good news."""
    lines, found = judged(json.dumps({"dependencies": dependencies}), "")
    assert (said in "\n".join(lines), found) == (True, code)


def test_an_audit_without_a_database_says_so() -> None:
    """pip-audit ends with a traceback then."""
    lines, code = judged("", "Traceback\nConnectionError: no name")
    assert code == UNREACHABLE
    assert lines == [
        "audit: nothing was looked up: the database cannot be reached from here (ConnectionError: no name)"
    ]
