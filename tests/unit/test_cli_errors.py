"""Whatever goes wrong ends in one text on standard error and the promised exit code."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from streams.cli import NAMES, main
from streams.cli.errors import KNOWN, code_of
from streams.kafka.errors import KafkaUnreachable, NeverTaken, TopicsDiffer
from streams.lane.ports import StoreRefused, StoreUnavailable

ROOT = Path(__file__).parents[2]

BARE = {name: value for name, value in os.environ.items() if not name.startswith("LEADLINE_")}


@pytest.fixture
def raising(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """`leadline settings` raises what is put here."""
    errors: list[BaseException] = []

    def describe(environ: object) -> None:
        raise errors[0]

    import streams.cli.settings

    monkeypatch.setattr(streams.cli.settings, "describe", describe)
    return errors


@pytest.mark.parametrize("name", KNOWN)
def test_every_known_error_exists(name: str) -> None:
    """The table names errors by text, so each text must be an exception's."""
    module, _, attribute = name.rpartition(".")
    assert issubclass(getattr(importlib.import_module(module), attribute), Exception)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KafkaUnreachable("k:9092", "no connection"), 3),
        (StoreUnavailable("away"), 3),
        (TopicsDiffer("other"), 5),
        (NeverTaken("never"), 5),
        (StoreRefused("evicts"), 5),
        (ValueError("a bug"), None),
    ],
)
def test_errors_have_the_codes_of_whose_turn_it_is(error: Exception, code: int | None) -> None:
    """3 is waited for, 5 is decided by the operator, and a bug has no text of its own."""
    assert code_of(error) == code


def test_an_error_is_one_text_on_standard_error(raising: list[BaseException]) -> None:
    """Nothing on standard output, no traceback, the cause and the fix as they were raised."""
    raising.append(StoreUnavailable("Redis at r:6379 cannot be reached: check that it runs"))
    result = CliRunner().invoke(main, ["settings", "--json"])
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == "error: Redis at r:6379 cannot be reached: check that it runs\n"


def test_a_bug_keeps_its_traceback(raising: list[BaseException]) -> None:
    """What nobody foresaw is not dressed up: the exception goes to the interpreter."""
    raising.append(ZeroDivisionError("a bug"))
    result = CliRunner().invoke(main, ["settings"])
    assert result.exit_code == 1
    assert isinstance(result.exception, ZeroDivisionError)


def test_ctrl_c_ends_silently(raising: list[BaseException]) -> None:
    """130, as the shell sees any command that was interrupted, and not a word."""
    raising.append(KeyboardInterrupt())
    result = CliRunner().invoke(main, ["settings"])
    assert (result.exit_code, result.output) == (130, "")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["setings"], "No such command 'setings'; see `leadline --help`"),
        (["settings", "--jsn"], "No such option: --jsn"),
        (["--jsn"], "No such option: --jsn"),
        (["lead"], "Missing argument 'ID'; see `leadline lead --help`"),
        (["top", "-n", "0"], "0 is not in the range"),
        (["score", "no-such-file"], "File 'no-such-file' does not exist"),
        (["model", "check", "no-such-file"], "File 'no-such-file' does not exist"),
        (["score", os.devnull, "--as-of", "yesterday"], "'yesterday' is no instant"),
        (["score", os.devnull, "--as-of", "2026-11-23T09:30:00"], "has no time zone"),
    ],
)
def test_wrong_usage_is_told_and_ends_with_2(arguments: list[str], text: str) -> None:
    """What is wrong, and where the help is."""
    result = CliRunner().invoke(main, arguments, prog_name="leadline")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert text in result.stderr


def test_a_wrong_setting_ends_with_2() -> None:
    """Before anything is connected to."""
    for command in (["top"], ["worker"], ["settings"], ["doctor"]):
        result = CliRunner().invoke(main, command, env={"LEADLINE_KAFKA": "nonsense"})
        assert result.exit_code == 2
        assert result.stderr.startswith("error: LEADLINE_KAFKA=nonsense is not right")


def test_a_reader_that_goes_away_is_no_error() -> None:
    """`leadline settings | head -0`: nothing is written to standard error, and 141 is SIGPIPE's code."""
    reads, writes = os.pipe()
    os.close(reads)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "streams.cli", "settings"],
            stdout=writes, stderr=subprocess.PIPE, cwd=ROOT, env=BARE, timeout=30, check=False,
        )  # fmt: skip
    finally:
        os.close(writes)
    assert (ended.returncode, ended.stderr) == (141, b"")


def test_a_command_imports_only_what_it_needs() -> None:
    """`leadline settings` waits for neither Kafka's client nor Redis's nor Faust."""
    script = (
        "import sys; from streams.cli import main\n"
        "try: main(['settings', '--json'])\n"
        "finally: print(sorted({'aiokafka', 'redis', 'faust', 'asyncio', 'msgspec'} & set(sys.modules)))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, cwd=ROOT, env=BARE, timeout=30, check=True
    )
    assert ended.stdout.splitlines()[-1] == b"[]"


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_help(name: str) -> None:
    """Each name leads to a command whose help says what it does."""
    command = main.commands[name]
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0
    assert command.name == name
    assert isinstance(command, click.Group) or "--json" in result.output or name == "worker"
    assert len(command.get_short_help_str()) > 20
