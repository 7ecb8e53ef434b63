"""Redis is reached in one way: plain text stays on this machine, certificates are checked, secrets are renewed."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.cli import main
from streams.cli.errors import UNSAFE
from streams.lane.ports import StoreRefused, StoreUnavailable
from streams.settings import load
from streams.store.address import RedisAddress


def options(**variables: str) -> dict[str, object]:
    """What these settings make of a connection."""
    return RedisAddress.of(
        load({f"LEADLINE_{name}": value for name, value in variables.items()})
    ).connection_options()


@pytest.mark.parametrize(
    "url",
    ["redis://127.0.0.1:6379/0", "redis://localhost", "redis://", "redis://:x@[::1]:1/0", "unix:///run/redis.sock"],
)
def test_plain_text_on_this_machine_needs_nothing(url: str) -> None:
    """Loopback addresses, the name localhost, and sockets of files."""
    assert "tls" not in options(REDIS=url)


@pytest.mark.parametrize("url", ["redis://redis:6379/0", "redis://:geheim@10.0.0.7", "redis://?host=redis.example"])
def test_plain_text_to_another_machine_is_refused_with_the_fix(url: str) -> None:
    """Wherever the URL names the other machine."""
    with pytest.raises(StoreRefused, match=r"plain text.*rediss://.*LEADLINE_INSECURE=true") as refused:
        options(REDIS=url)
    assert "geheim" not in str(refused.value)
    assert options(REDIS=url, INSECURE="true")


def test_nothing_of_tls_is_taken_from_the_url() -> None:
    """redis-py would switch its checks off there."""
    with pytest.raises(StoreRefused, match="ssl_ options"):
        options(REDIS="rediss://redis:6379/0?ssl_cert_reqs=none")


def test_user_and_password_are_read_again_for_each_connection(tmp_path: Path) -> None:
    """The file of the URL may change; without a user, or without either, less is sent."""
    path = tmp_path / "redis"
    path.write_text("rediss://kim:first@redis:6379/0\n")
    credentials = options(REDIS_FILE=str(path))["credential_provider"]
    told = []
    for url in ("rediss://kim:sec%40ond@redis", "rediss://:third@redis", "rediss://redis"):
        path.write_text(url)
        told.append(credentials.get_credentials())  # type: ignore[attr-defined]
    assert told == [("kim", "sec@ond"), ("third",), ()]


@pytest.mark.parametrize("name", ["REDIS_CA_FILE", "REDIS_CERT_FILE"])
def test_a_file_that_is_not_there_is_named(name: str) -> None:
    """A certificate may come later: it is waited for as for a Redis that is away."""
    with pytest.raises(StoreUnavailable, match=r"nowhere\.pem.*: No such file"):
        options(REDIS="rediss://redis:6379/0", **{name: "nowhere.pem"})


@pytest.mark.parametrize("arguments", [["top"], ["lead", "L-1"], ["worker"]])
def test_a_command_ends_with_5_before_anything_is_sent(arguments: list[str]) -> None:
    """Refused for safety, in one line, the worker included."""
    refused = CliRunner().invoke(main, arguments, env={"LEADLINE_REDIS": "redis://:geheim@redis.example/0"})
    assert refused.exit_code == UNSAFE
    assert "Redis at redis.example would be spoken to in plain text" in refused.output
    assert "geheim" not in refused.output
