"""Settings come from one place, are checked, and what is wrong is said in the operator's words."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from streams.settings import Settings, SettingsError, describe, load


def test_without_anything_there_are_defaults() -> None:
    """An empty environment is a working one."""
    settings = load({})
    assert settings == Settings()
    assert (settings.kafka, settings.redis) == ("127.0.0.1:9092", "redis://127.0.0.1:6379/0")


def test_variables_are_read_and_others_are_not() -> None:
    """A setting is its name in capitals; what other programs put into the environment does not count."""
    settings = load(
        {"LEADLINE_PARTITIONS": "12", "LEADLINE_VOLATILE": "true", "LEADLINE_PORT": "tcp://10.0.0.1:80"}
    )
    assert (settings.partitions, settings.volatile) == (12, True)


def test_several_brokers_may_have_spaces_between_them() -> None:
    """A list of addresses is what aiokafka takes, however it was typed."""
    assert load({"LEADLINE_KAFKA": "a:9092, [::1]:9093"}).kafka == "a:9092,[::1]:9093"


def test_settings_do_not_change() -> None:
    """Nobody changes a setting while the worker runs."""
    with pytest.raises(ValidationError):
        load({}).partitions = 7  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [
        ("LEADLINE_PARTITIONS", "six", "a valid integer"),
        ("LEADLINE_PARTITIONS", "0", "greater than or equal to 1"),
        ("LEADLINE_OUTBOX_LIMIT", "1000001", "less than or equal to 1000000"),
        ("LEADLINE_KAFKA", "localhost", "host:port, such as 127.0.0.1:9092"),
        ("LEADLINE_KAFKA", "a:9092,b:99999", "host:port"),
        ("LEADLINE_HTTP", "8080", "host:port"),
        ("LEADLINE_PREFIX", "{ll}", "match pattern"),
        ("LEADLINE_JOURNAL", "perhaps", "a valid boolean"),
    ],
)
def test_a_wrong_value_names_variable_value_and_what_is_right(name: str, value: str, right: str) -> None:
    """The text is all that an operator needs."""
    with pytest.raises(SettingsError) as caught:
        load({name: value})
    assert f"{name}={value} is not right" in str(caught.value)
    assert right in str(caught.value)
    assert "The default is " in str(caught.value)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    """Two mistakes need one start, not two."""
    with pytest.raises(SettingsError) as caught:
        load({"LEADLINE_PARTITIONS": "x", "LEADLINE_GRACE_S": "-1"})
    assert [line.partition("=")[0] for line in str(caught.value).splitlines()] == [
        "LEADLINE_PARTITIONS",
        "LEADLINE_GRACE_S",
    ]


def test_a_secret_is_never_shown() -> None:
    """Neither an error nor a description nor the settings themselves print what is in a Redis URL."""
    with pytest.raises(SettingsError) as caught:
        load({"LEADLINE_REDIS": "http://:geheim@redis"})
    environ = {"LEADLINE_REDIS": "redis://:geheim@redis:6379/0"}
    assert "geheim" not in f"{caught.value} {describe(environ)} {load(environ)!r}"
    assert load(environ).redis == environ["LEADLINE_REDIS"]


def test_a_secret_may_be_in_a_file(tmp_path: Path) -> None:
    """The file of a secret is read, without the line's end; the variable itself goes before it."""
    path = tmp_path / "redis"
    path.write_text("redis://:secret@redis:6379/0\n")
    environ = {"LEADLINE_REDIS_FILE": str(path)}
    assert load(environ).redis == "redis://:secret@redis:6379/0"
    assert load({**environ, "LEADLINE_REDIS": "redis://other:1/0"}).redis == "redis://other:1/0"


def test_a_file_of_settings_is_read_after_the_environment(tmp_path: Path) -> None:
    """Lines of the file count where the environment says nothing, and `describe` tells which is which."""
    path = tmp_path / "leadline.env"
    path.write_text("# ours\n\nLEADLINE_PARTITIONS=12\nLEADLINE_PREFIX = file\n")
    environ = {"LEADLINE_SETTINGS_FILE": str(path), "LEADLINE_PREFIX": "variable"}
    settings = load(environ)
    assert (settings.partitions, settings.prefix) == (12, "variable")
    origins = {line.name: line.origin for line in describe(environ)}
    assert (origins["partitions"], origins["prefix"], origins["group"]) == (str(path), "environment", "default")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "LEADLINE_PARTITION=12",
            r"line 1: 'LEADLINE_PARTITION' is no setting; did you mean LEADLINE_PARTITIONS=...\?",
        ),
        ("\nwhatever", "line 2: 'whatever' is no setting; `leadline settings` lists"),
        ("LEADLINE_PARTITIONS=many", "LEADLINE_PARTITIONS=many in .*leadline.env is not right"),
    ],
)
def test_a_wrong_line_of_the_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    """A file is ours alone, so what nobody knows in it is a mistake."""
    path = tmp_path / "leadline.env"
    path.write_text(text)
    with pytest.raises(SettingsError, match=said):
        load({"LEADLINE_SETTINGS_FILE": str(path)})


def test_a_file_that_is_not_there_is_named() -> None:
    """A path that leads nowhere is said with its variable."""
    with pytest.raises(SettingsError, match="LEADLINE_SETTINGS_FILE=nowhere: the file cannot be read"):
        load({"LEADLINE_SETTINGS_FILE": "nowhere"})


def test_every_setting_is_described() -> None:
    """`leadline settings` has a line with a meaning for each."""
    lines = describe({})
    assert [line.name for line in lines] == list(Settings.model_fields)
    assert all(line.meaning and line.variable == f"LEADLINE_{line.name.upper()}" for line in lines)
    assert {line.value for line in lines if line.name == "redis"} == {"(secret)"}


@pytest.mark.parametrize(
    ("given", "lacking"),
    [
        ({"LEADLINE_KAFKA_USER": "kim"}, "LEADLINE_KAFKA_PASSWORD"),
        ({"LEADLINE_KAFKA_PASSWORD": "geheim"}, "LEADLINE_KAFKA_USER"),
        ({"LEADLINE_KAFKA_KEY_FILE": "key.pem"}, "LEADLINE_KAFKA_CERT_FILE"),
        ({"LEADLINE_REDIS_KEY_FILE": "key.pem"}, "LEADLINE_REDIS_CERT_FILE"),
    ],
)
def test_one_half_of_a_proof_is_not_enough(given: dict[str, str], lacking: str) -> None:
    """A user without a password and a key without a certificate are mistakes."""
    with pytest.raises(SettingsError, match=f"is set and {lacking} is not") as caught:
        load(given)
    assert "geheim" not in str(caught.value)


def test_the_file_of_a_secret_is_read_again(tmp_path: Path) -> None:
    """`present` tells what it holds now, also of a copy; a secret that was given as such stays."""
    path = tmp_path / "redis"
    path.write_text("redis://:one@127.0.0.1/0")
    settings = load({"LEADLINE_REDIS_FILE": str(path)}).model_copy(update={"volatile": True})
    path.write_text("redis://:two@127.0.0.1/0\n")
    assert settings.present("redis") == "redis://:two@127.0.0.1/0"
    assert load({"LEADLINE_REDIS": "redis://127.0.0.1/1"}).present("redis") == "redis://127.0.0.1/1"
