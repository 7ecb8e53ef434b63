"""`leadline settings`: every setting, and no secret."""

from __future__ import annotations

import json

from click.testing import CliRunner

from streams.cli import main
from streams.settings import Settings

ENVIRONMENT = {"LEADLINE_PARTITIONS": "12", "LEADLINE_REDIS": "redis://:hunter2@r:6379/0"}


def test_every_setting_is_shown_with_where_it_comes_from() -> None:
    """As text: variable, value, origin, and below it what it means."""
    result = CliRunner().invoke(main, ["settings"], env=ENVIRONMENT)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert len(lines) == 1 + 2 * len(Settings.model_fields)
    (partitions,) = (line for line in lines if line.startswith("LEADLINE_PARTITIONS"))
    assert partitions.split() == ["LEADLINE_PARTITIONS", "12", "environment"]


def test_as_json() -> None:
    """One object for each."""
    found = json.loads(CliRunner().invoke(main, ["settings", "--json"], env=ENVIRONMENT).stdout)
    assert [each["name"] for each in found] == list(Settings.model_fields)
    assert list(found[0]) == ["name", "variable", "value", "origin", "meaning"]


def test_a_password_is_not_shown() -> None:
    """Neither way."""
    for arguments in ([], ["--json"]):
        assert "hunter2" not in CliRunner().invoke(main, ["settings", *arguments], env=ENVIRONMENT).output
