"""What an operator may set, from the environment or a file. The one definition of every setting.

Each setting is one variable, `LEADLINE_` and its name in capitals. `LEADLINE_SETTINGS_FILE` names a file of
`LEADLINE_NAME=value` lines (blank lines and lines that begin with # count for nothing), the format that Docker
and systemd read too. A secret may be given as a file as well: `LEADLINE_REDIS_FILE` names one that holds the URL.
A variable goes before its file, both go before the settings file, and that before the default. What is in the
file of a secret may change while a process runs: each new connection uses what it holds then (`present`).

What the measurements decide (session timeouts, fetch sizes, intervals) is a constant beside its use, with its
reason. A setting is here because two installations need it to be different.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

VARIABLE_PREFIX = "LEADLINE_"
FILE_SUFFIX = "_FILE"
SETTINGS_FILE = "LEADLINE_SETTINGS_FILE"
SECRETS = frozenset({"redis", "kafka_password"})
"""Never shown: they hold passwords. These may be given as a file."""

NEEDS = (
    ("kafka_user", "kafka_password"),
    ("kafka_password", "kafka_user"),
    ("kafka_key_file", "kafka_cert_file"),
    ("redis_key_file", "redis_cert_file"),
)
"""(one, another): the first means nothing without the second."""

PORT_MAX = 65_535


class SettingsError(Exception):
    """A setting is not right: the text names the variable, the value, and what would be right."""


def _addresses(text: str) -> str:
    return ",".join(_address(address.strip()) for address in text.split(","))


def _address(text: str) -> str:
    found = re.fullmatch(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})", text)
    if found is None or int(found[1]) > PORT_MAX:
        raise ValueError("an address is host:port, such as 127.0.0.1:9092")
    return text


def _redis_url(text: str) -> str:
    if not re.match(r"(redis|rediss|unix)://", text):
        raise ValueError("a Redis address begins with redis://, rediss:// or unix://")
    return text


Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$")]
Addresses = Annotated[str, AfterValidator(_addresses)]
Address = Annotated[str, AfterValidator(_address)]


class Settings(BaseModel):
    """All settings, checked. `load` makes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kafka: Addresses = Field(
        "127.0.0.1:9092", description="Kafka's bootstrap servers: host:port, several with commas"
    )
    redis: Annotated[str, AfterValidator(_redis_url)] = Field(
        "redis://127.0.0.1:6379/0", repr=False, description="URL of Redis, with its password if it has one"
    )
    kafka_tls: bool = Field(
        False, description="TLS to Kafka; LEADLINE_KAFKA_CA_FILE or LEADLINE_KAFKA_CERT_FILE mean it, too"
    )
    kafka_ca_file: str = Field(
        "", description="who may have signed Kafka's certificate, PEM; else whom this system trusts"
    )
    kafka_cert_file: str = Field("", description="our certificate for a Kafka that wants one (mTLS), PEM")
    kafka_key_file: str = Field("", description="its key without a passphrase, PEM, unless it is in the same file")
    kafka_user: str = Field("", description="user at Kafka (SASL), with LEADLINE_KAFKA_PASSWORD")
    kafka_password: str = Field("", repr=False, description="that user's password")
    kafka_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = Field(
        "SCRAM-SHA-512", description="how the password is shown to Kafka (SASL)"
    )
    redis_ca_file: str = Field(
        "",
        description="who may have signed the certificate of a rediss:// Redis, PEM; else whom this system trusts",
    )
    redis_cert_file: str = Field("", description="our certificate for a Redis that wants one, PEM")
    redis_key_file: str = Field("", description="its key without a passphrase, PEM, unless it is in the same file")
    insecure: bool = Field(
        False, description="accept plain text to other machines: whoever is on the way reads passwords and events"
    )
    prefix: Name = Field("ll", description="first part of every key in Redis: one for each installation in it")
    environment: Name = Field(
        "default", description="kept in Redis beside the scores: a worker of another environment refuses them"
    )
    partitions: int = Field(
        6, ge=1, le=1_000, description="partitions of every topic; scores are bound to it, so it never changes"
    )
    group: Name = Field("leadline", description="Kafka consumer group: workers of one group share the partitions")
    http: Address = Field("127.0.0.1:8080", description="address of /metrics, /live and /ready")
    batch_records: int = Field(
        4_000, ge=1, le=7_000, description="most records of one topic in a commit: larger is faster and later"
    )
    lane_cache_leads: int = Field(
        10_000, ge=0, le=1_000_000, description="leads that a lane keeps in memory, some 2 KB each"
    )
    grace_s: int = Field(
        60, ge=0, le=3_600, description="how late a signal may come before an idle lane lets time pass without it"
    )
    topic_wait_s: int = Field(
        10, ge=1, le=3_600, description="how long a topic that cannot be read holds up the others"
    )
    publishing: Literal["exactly-once", "at-least-once"] = Field(
        "exactly-once",
        description="at-least-once: without transactions, for a broker that has none; an entry may be repeated",
    )
    # Some 15 MB of a lane in Redis and as much in the worker; Kafka takes as many in two seconds.
    outbox_limit: int = Field(
        10_000,
        ge=100,
        le=1_000_000,
        description="entries of a lane that wait for Kafka before the lane stops reading",
    )
    journal: bool = Field(False, description="keep what each commit applied in Redis: for tests, grows for ever")
    volatile: bool = Field(
        False, description="accept a Redis without persistence: scores are lost when it restarts"
    )
    rejected_payload: bool = Field(
        False, description="publish the value of a rejected record too: it may hold personal data"
    )

    _files: dict[str, str] = PrivateAttr(default_factory=dict)
    """The paths of those secrets that came from files."""

    def present(self, secret: str) -> str:
        """A secret as its file holds it now; as it was given, if that was not by a file. Raises OSError."""
        path = self._files.get(secret)
        return str(getattr(self, secret)) if path is None else Path(path).read_text(encoding="utf-8").strip()


class Described(NamedTuple):
    """One line of `leadline settings`. `value` is '(secret)' for a secret."""

    name: str
    variable: str
    value: str
    origin: str
    meaning: str


def load(environ: Mapping[str, str]) -> Settings:
    """The settings. Raises SettingsError."""
    given = _given(environ)
    try:
        settings = Settings.model_validate({name: value for name, (value, _) in given.items()})
    except ValidationError as error:
        raise SettingsError("\n".join(_wrong(given, first) for first in _wrongs(error))) from None
    for one, another in NEEDS:
        if getattr(settings, one) and not getattr(settings, another):
            raise SettingsError(f"{variable(one)} is set and {variable(another)} is not: set both, or none")
    settings._files.update(
        (name, environ[origin]) for name, (_, origin) in given.items() if origin == variable(name) + FILE_SUFFIX
    )
    return settings


def describe(environ: Mapping[str, str]) -> list[Described]:
    """Every setting as it is, and where it comes from. Raises SettingsError."""
    given = _given(environ)
    values = load(environ).model_dump()
    return [
        Described(
            name,
            variable(name),
            "(secret)" if name in SECRETS and values[name] else str(values[name]),
            given[name][1] if name in given else "default",
            field.description or "",
        )
        for name, field in Settings.model_fields.items()
    ]


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return VARIABLE_PREFIX + name.upper()


def _given(environ: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """What was given, and where, by the name of the setting."""
    path = environ.get(SETTINGS_FILE)
    lines = _read_lines(path) if path else {}
    given: dict[str, tuple[str, str]] = {}
    for name in Settings.model_fields:
        key = variable(name)
        if key in environ:
            given[name] = (environ[key], "environment")
        elif name in SECRETS and key + FILE_SUFFIX in environ:
            given[name] = (_read(key + FILE_SUFFIX, environ[key + FILE_SUFFIX]).strip(), key + FILE_SUFFIX)
        elif key in lines:
            given[name] = (lines[key], f"{path}")
    return given


def _read_lines(path: str) -> dict[str, str]:
    known = [variable(name) for name in Settings.model_fields]
    lines: dict[str, str] = {}
    for number, line in enumerate(_read(SETTINGS_FILE, path).splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        key, equals, value = text.partition("=")
        if not equals or key.strip() not in known:
            near = difflib.get_close_matches(key.strip().upper(), known, n=1)
            hint = f"did you mean {near[0]}=...?" if near else "`leadline settings` lists what there is"
            raise SettingsError(f"{path}, line {number}: {key.strip()!r} is no setting; {hint}")
        lines[key.strip()] = value.strip()
    return lines


def _read(key: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{key}={path}: the file cannot be read ({error})") from error


def _wrongs(error: ValidationError) -> list[tuple[str, str]]:
    """(name, what would be right) of every setting that is wrong."""
    return [
        (str(found["loc"][0]), found["msg"].removeprefix("Value error, "))
        for found in error.errors(include_url=False, include_input=False, include_context=False)
    ]


def _wrong(given: Mapping[str, tuple[str, str]], wrong: tuple[str, str]) -> str:
    name, right = wrong
    value, origin = given[name]
    shown = "(secret)" if name in SECRETS else value
    example = Settings.model_fields[name].default
    where = "" if origin == "environment" else f" in {origin}"
    return f"{variable(name)}={shown}{where} is not right: {right}. The default is {example or 'none'}."
