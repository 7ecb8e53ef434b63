"""Refusals: each reason by an example, with the field that it names."""

from __future__ import annotations

import json
from typing import Any

import pytest

from schemas.codec import DEPTH_MAX, VALUE_MAX_BYTES, decode_command, decode_object, decode_profile, decode_signal
from schemas.instants import DAY_MS, MINUTE_MS, format_ms, parse_ms
from schemas.rejected import MEANING, Reason, Refused, RejectedRecord
from scoring.document import default_text
from scoring.offline import FileScorer
from tests.laws.drive import plan_of

NOON = "2026-03-02T12:00:00Z"
NOON_MS = parse_ms(NOON)
GOOD: dict[str, Any] = {"id": "e-1", "lead_id": "L-7", "occurred_at": NOON, "kind": "page.viewed"}
COMMAND: dict[str, Any] = {
    "id": "c",
    "occurred_at": NOON,
    "command": "model",
    "version": "v",
    "body": default_text(),
}


def good(**members: object) -> bytes:
    """A good signal with other members."""
    return json.dumps(GOOD | members).encode()


def without(name: str) -> bytes:
    """A good signal without one member."""
    return json.dumps({member: value for member, value in GOOD.items() if member != name}).encode()


def spelled(value: str) -> bytes:
    """A good signal with an attribute spelled so in JSON."""
    return good()[:-1] + f', "n": {value}}}'.encode()


def at(offset_ms: int) -> bytes:
    """A good signal that occurred so much after its record."""
    return good(occurred_at=format_ms(NOON_MS + offset_ms))


SIGNALS: list[tuple[str, bytes | None, Reason, str]] = [
    ("tombstone", None, Reason.NO_VALUE, ""),
    ("5 MB", good(text="x" * 5_000_000), Reason.TOO_LARGE, ""),
    ("a byte too many", good(t="x" * (VALUE_MAX_BYTES - len(good(t="")) + 1)), Reason.TOO_LARGE, ""),
    ("5 MB of brackets", b"[" * 5_000_000, Reason.TOO_LARGE, ""),
    ("nothing", b"", Reason.NOT_JSON, ""),
    ("not JSON", b"id=e-1&lead=L-7", Reason.NOT_JSON, ""),
    ("half a value", good()[:-1], Reason.NOT_JSON, ""),
    ("two values", good() + good(), Reason.NOT_JSON, ""),
    ("NaN", spelled("NaN"), Reason.NOT_JSON, ""),
    ("Infinity", spelled("-Infinity"), Reason.NOT_JSON, ""),
    ("1e400", spelled("1e400"), Reason.NOT_JSON, ""),
    ("-1e400, nested", spelled('[{"a": -1e400}]'), Reason.NOT_JSON, ""),
    ("not UTF-8", b'{"id": "\xff"}', Reason.NOT_JSON, ""),
    ("UTF-16", good().decode().encode("utf-16"), Reason.NOT_JSON, ""),
    ("half a surrogate pair", spelled('"\\ud800"'), Reason.NOT_JSON, ""),
    ("avro", b"\x00\x00\x00\x00\x07\x06foo", Reason.NOT_JSON, ""),
    ("10,000 deep", spelled("[" * 10_000 + "]" * 10_000), Reason.TOO_DEEP, ""),
    ("10,000 deep, open", b"[" * 10_000, Reason.TOO_DEEP, ""),
    ("10,000 objects deep", spelled('{"a":' * 10_000 + "1" + "}" * 10_000), Reason.TOO_DEEP, ""),
    ("one too deep", spelled("[" * DEPTH_MAX + "]" * DEPTH_MAX), Reason.TOO_DEEP, ""),
    ("null", b"null", Reason.NOT_OBJECT, ""),
    ("a list", b"[1]", Reason.NOT_OBJECT, ""),
    ("a text", b'"e-1"', Reason.NOT_OBJECT, ""),
    ("a number", b"7", Reason.NOT_OBJECT, ""),
    ("an empty object", b"{}", Reason.MISSING, "id"),
    ("no id", without("id"), Reason.MISSING, "id"),
    ("no lead", without("lead_id"), Reason.MISSING, "lead_id"),
    ("no instant", without("occurred_at"), Reason.MISSING, "occurred_at"),
    ("no kind", without("kind"), Reason.MISSING, "kind"),
    ("null id", good(id=None), Reason.MISSING, "id"),
    ("null instant", good(occurred_at=None), Reason.MISSING, "occurred_at"),
    ("null kind", good(kind=None), Reason.MISSING, "kind"),
    ("blank kind", good(kind=" "), Reason.MISSING, "kind"),
    ("empty id", good(id=""), Reason.EMPTY, "id"),
    ("blank lead", good(lead_id=" \t"), Reason.EMPTY, "lead_id"),
    ("blank instant", good(occurred_at=" "), Reason.EMPTY, "occurred_at"),
    ("long id", good(id="x" * 201), Reason.TOO_LONG, "id"),
    ("long lead", good(lead_id="é" * 201), Reason.TOO_LONG, "lead_id"),
    ("id a number", good(id=7), Reason.WRONG_TYPE, "id"),
    ("lead a list", good(lead_id=["L"]), Reason.WRONG_TYPE, "lead_id"),
    ("instant a number", good(occurred_at=1_772_452_800), Reason.WRONG_TYPE, "occurred_at"),
    ("kind an object", good(kind={"a": 1}), Reason.WRONG_TYPE, "kind"),
    ("machine a text", good(machine="yes"), Reason.WRONG_TYPE, "machine"),
    ("machine a number", good(machine=1), Reason.WRONG_TYPE, "machine"),
    ("kind without a dot", good(kind="opened"), Reason.BAD_KIND, "kind"),
    ("kind in capitals", good(kind="Page.Viewed"), Reason.BAD_KIND, "kind"),
    ("kind with a new line", good(kind="page.viewed\n"), Reason.BAD_KIND, "kind"),
    ("long kind", good(kind="a." + "b" * 199), Reason.BAD_KIND, "kind"),
    ("yesterday", good(occurred_at="yesterday"), Reason.BAD_INSTANT, "occurred_at"),
    ("30 February", good(occurred_at="2026-02-30T12:00:00Z"), Reason.BAD_INSTANT, "occurred_at"),
    ("no zone", good(occurred_at="2026-03-02T12:00:00"), Reason.NO_ZONE, "occurred_at"),
    ("1970", good(occurred_at="1970-01-01T00:00:00Z"), Reason.TOO_OLD, "occurred_at"),
    ("before 2000", good(occurred_at="1999-12-31T23:59:59.999Z"), Reason.TOO_OLD, "occurred_at"),
    ("over 400 days", at(-400 * DAY_MS - 1), Reason.TOO_OLD, "occurred_at"),
    ("over 5 minutes", at(5 * MINUTE_MS + 1), Reason.IN_FUTURE, "occurred_at"),
    ("2099", good(occurred_at="2099-01-01T00:00:00Z"), Reason.IN_FUTURE, "occurred_at"),
]


@pytest.mark.parametrize(
    ("value", "reason", "field"), [row[1:] for row in SIGNALS], ids=[row[0] for row in SIGNALS]
)
def test_signal_is_refused(value: bytes | None, reason: Reason, field: str) -> None:
    """A value with one fault is refused for it; the field is its path, empty for the whole value."""
    with pytest.raises(Refused) as caught:
        decode_signal(value, None, NOON_MS)
    assert (caught.value.reason, caught.value.field) == (reason, field)
    assert MEANING[reason] in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        *(
            good(),
            good(id="x" * 200),
            good(lead_id="é" * 200),
            good(extra=None),
            at(5 * MINUTE_MS),
            at(-400 * DAY_MS),
        ),
        spelled("[" * (DEPTH_MAX - 1) + "]" * (DEPTH_MAX - 1)),
        good(text="[" * 10_000 + '\\"' * 100 + "{" * 10_000),
        good(t="x" * (VALUE_MAX_BYTES - len(good(t="")))),
        spelled("1.7e308"),
        spelled('"\\ud83e\\udd8a"'),
    ],
)
def test_signal_on_the_edge_is_taken(value: bytes) -> None:
    """What is just within a bound is accepted."""
    assert decode_signal(value, None, NOON_MS).kind == "page.viewed"


COMMAND_LINES: dict[str, tuple[dict[str, Any], Reason, str]] = {
    "no command": ({**COMMAND, "command": None}, Reason.MISSING, "command"),
    "unknown": ({**COMMAND, "command": "promote"}, Reason.UNKNOWN_COMMAND, "command"),
    "a number": ({**COMMAND, "command": 7}, Reason.WRONG_TYPE, "command"),
    "no body": ({**COMMAND, "body": 7}, Reason.WRONG_TYPE, "body"),
    "no version": ({**COMMAND, "version": ""}, Reason.EMPTY, "version"),
    "not YAML": ({**COMMAND, "body": "rules: ["}, Reason.BAD_MODEL, "body"),
    "no such day": ({**COMMAND, "body": "version: 2026-11-31"}, Reason.BAD_MODEL, "body"),
    "too large": (
        {
            **COMMAND,
            "body": json.dumps(
                {"rules": [{"id": f"r{n}", "kind": "a.b", "points": 1, "expires_after": "7d"} for n in range(12)]}
            ),
        },
        Reason.BAD_MODEL,
        "body",
    ),
}


ABOUT: dict[str, Any] = {"id": "c", "lead_id": "L-7", "occurred_at": NOON}
FLAG = ABOUT | {"command": "flag", "reason": "doubt"}
UNFLAG = ABOUT | {"command": "unflag", "reason": "doubt"}
RETRACT = ABOUT | {"command": "retract", "kind": "email.opened", "signal_id": "e-1"}
OUTCOME = ABOUT | {"command": "outcome", "result": "dead"}
CONTACTED = ABOUT | {"command": "contacted"}
ERASE = ABOUT | {"command": "erase"}

LEAD_COMMANDS: dict[str, tuple[dict[str, Any], Reason, str]] = {
    "no lead": (ERASE | {"lead_id": None}, Reason.MISSING, "lead_id"),
    "no id": (CONTACTED | {"id": " "}, Reason.EMPTY, "id"),
    "command a list": (ABOUT | {"command": ["flag"]}, Reason.WRONG_TYPE, "command"),
    "blank command": (ABOUT | {"command": " "}, Reason.MISSING, "command"),
    "command in capitals": (ABOUT | {"command": "Flag"}, Reason.UNKNOWN_COMMAND, "command"),
    "no reason": (ABOUT | {"command": "flag"}, Reason.MISSING, "reason"),
    "null reason": (UNFLAG | {"reason": None}, Reason.MISSING, "reason"),
    "blank reason": (FLAG | {"reason": "  "}, Reason.EMPTY, "reason"),
    "reason a number": (UNFLAG | {"reason": 7}, Reason.WRONG_TYPE, "reason"),
    "until without a zone": (FLAG | {"until": "2026-03-09T12:00:00"}, Reason.NO_ZONE, "until"),
    "until a word": (FLAG | {"until": "tomorrow"}, Reason.BAD_INSTANT, "until"),
    "until a number": (FLAG | {"until": 7}, Reason.WRONG_TYPE, "until"),
    "cap a text": (FLAG | {"cap": "10"}, Reason.WRONG_TYPE, "cap"),
    "cap true": (FLAG | {"cap": True}, Reason.WRONG_TYPE, "cap"),
    "by a number": (FLAG | {"by": 7}, Reason.WRONG_TYPE, "by"),
    "cap before by": (FLAG | {"by": 7, "cap": []}, Reason.WRONG_TYPE, "cap"),
    "until before all else": (FLAG | {"by": 7, "cap": [], "until": "x"}, Reason.BAD_INSTANT, "until"),
    "another verdict": (UNFLAG | {"verdict": "maybe"}, Reason.BAD_VALUE, "verdict"),
    "verdict true": (UNFLAG | {"verdict": True}, Reason.WRONG_TYPE, "verdict"),
    "no kind": (RETRACT | {"kind": None}, Reason.MISSING, "kind"),
    "kind without a dot": (RETRACT | {"kind": "opened"}, Reason.BAD_KIND, "kind"),
    "blank kind": (RETRACT | {"kind": ""}, Reason.EMPTY, "kind"),
    "no signal": (ABOUT | {"command": "retract", "kind": "a.b"}, Reason.MISSING, "signal_id"),
    "long signal": (RETRACT | {"signal_id": "x" * 201}, Reason.TOO_LONG, "signal_id"),
    "why a list": (RETRACT | {"why": ["scanner"]}, Reason.WRONG_TYPE, "why"),
    "no result": (ABOUT | {"command": "outcome"}, Reason.MISSING, "result"),
    "another result": (OUTCOME | {"result": "won"}, Reason.BAD_VALUE, "result"),
    "result a number": (OUTCOME | {"result": 1}, Reason.WRONG_TYPE, "result"),
    "value a text": (OUTCOME | {"value": "990"}, Reason.WRONG_TYPE, "value"),
    "note a number": (CONTACTED | {"note": 7}, Reason.WRONG_TYPE, "note"),
    "over 400 days": (ERASE | {"occurred_at": "2024-03-02T12:00:00Z"}, Reason.TOO_OLD, "occurred_at"),
    "ahead": (FLAG | {"occurred_at": "2026-03-02T12:05:00.001Z"}, Reason.IN_FUTURE, "occurred_at"),
    "the instant last": (
        OUTCOME | {"occurred_at": "2099-01-01T00:00:00Z", "value": "x"},
        Reason.WRONG_TYPE,
        "value",
    ),
}


@pytest.mark.parametrize("name", LEAD_COMMANDS)
def test_command_about_a_lead_is_refused(name: str) -> None:
    """A command with one fault is refused for it; of two, for the one that stands first in the order of checks."""
    value, reason, field = LEAD_COMMANDS[name]
    with pytest.raises(Refused) as caught:
        decode_command(json.dumps(value).encode(), NOON_MS)
    assert (caught.value.reason, caught.value.field) == (reason, field)


@pytest.mark.parametrize(
    ("value", "member", "read"),
    [
        (FLAG | {"until": None, "cap": None, "by": None}, "by", None),
        (FLAG | {"until": " ", "by": ""}, "until", None),
        (FLAG | {"until": "2026-03-02T13:00:00+01:00"}, "until", NOON_MS),
        (FLAG | {"cap": -5}, "cap", -5),
        (FLAG | {"reason": "é" * 300}, "reason", "é" * 200),
        (FLAG | {"by": "x" * 300}, "by", "x" * 200),
        (UNFLAG | {"verdict": ""}, "verdict", None),
        (RETRACT | {"signal_id": "x" * 200, "why": "y" * 201}, "why", "y" * 200),
        (OUTCOME | {"value": 990.5}, "value", 990.5),
        (CONTACTED | {"note": "rang twice", "more": [1]}, "note", "rang twice"),
    ],
)
def test_command_about_a_lead_is_read(value: dict[str, Any], member: str, read: object) -> None:
    """Null and blank are as good as missing; texts that people write are cut, not refused."""
    assert getattr(decode_command(json.dumps(value).encode(), NOON_MS), member) == read


PROFILE = {"id": "p", "lead_id": "L-7", "occurred_at": NOON}

PROFILES: dict[str, tuple[bytes | None, Reason, str]] = {
    "tombstone": (None, Reason.NO_VALUE, ""),
    "no lead": (json.dumps(PROFILE | {"lead_id": " "}).encode(), Reason.EMPTY, "lead_id"),
    "a list": (json.dumps(PROFILE | {"job_title": ["VP"]}).encode(), Reason.WRONG_TYPE, "job_title"),
    "an object": (json.dumps(PROFILE | {"company": {"size": 5}}).encode(), Reason.WRONG_TYPE, "company"),
    "e-mail of 10,000": (json.dumps(PROFILE | {"email": "x" * 10_000}).encode(), Reason.TOO_LONG, "email"),
    "a text of 1,001": (json.dumps(PROFILE | {"need": "é" * 1_001}).encode(), Reason.TOO_LONG, "need"),
    "a name of 1,001": (json.dumps(PROFILE | {"n" * 1_001: 1}).encode(), Reason.TOO_LONG, "n" * 1_001),
    "65 fields": (json.dumps(PROFILE | {f"f{n}": n for n in range(65)}).encode(), Reason.TOO_MANY, ""),
    "types before the count": (
        json.dumps(PROFILE | {f"f{n}": n for n in range(65)} | {"z": []}).encode(),
        Reason.WRONG_TYPE,
        "z",
    ),
    "the count before the instant": (
        json.dumps(PROFILE | {f"f{n}": n for n in range(65)} | {"occurred_at": "1999-01-01T00:00:00Z"}).encode(),
        Reason.TOO_MANY,
        "",
    ),
    "ahead": (
        json.dumps(PROFILE | {"occurred_at": "2026-03-02T12:05:00.001Z"}).encode(),
        Reason.IN_FUTURE,
        "occurred_at",
    ),
}


@pytest.mark.parametrize("name", PROFILES)
def test_profile_is_refused(name: str) -> None:
    """A profile with one fault is refused whole; the field is the one at fault, empty for the whole value."""
    value, reason, field = PROFILES[name]
    with pytest.raises(Refused) as caught:
        decode_profile(value, NOON_MS)
    assert (caught.value.reason, caught.value.field) == (reason, field)


def test_profile_is_read() -> None:
    """Texts to 1,000 characters, numbers, truth values, 64 in all; null and blank ones were not sent."""
    fields = {f"f{n}": n for n in range(61)} | {"need": "é" * 1_000, "size": 99.5, "consent": False}
    sent = PROFILE | fields | {"phone": None, "title": " "}
    assert decode_profile(json.dumps(sent).encode(), NOON_MS).fields == fields


def lines(*values: tuple[str, dict[str, Any]]) -> list[bytes]:
    """Lines of a file."""
    return [json.dumps({"topic": topic, "value": value}).encode() for topic, value in values]


TOO_MANY: dict[str, tuple[list[bytes], str]] = {
    "a 17th flag": (lines(*(("lead.commands", FLAG | {"reason": f"r{n}"}) for n in range(17))), "reason"),
    "a 65th field": (
        lines(
            ("lead.profiles", PROFILE | {f"f{n}": n for n in range(64)}),
            ("lead.profiles", PROFILE | {"one": "more"}),
        ),
        "",
    ),
}


@pytest.mark.parametrize("name", TOO_MANY)
def test_more_than_a_lead_may_have_is_refused(name: str) -> None:
    """What is known already counts; the lead stays as it was, and another word for what it has is taken."""
    given, field = TOO_MANY[name]
    scorer = FileScorer(plan_of({"version": "v"}))
    for number, line in enumerate([*given, given[0]], start=1):
        scorer.feed(number, line)
    assert scorer.finish()["rejected"] == [{"line": len(given), "reason": Reason.TOO_MANY, "field": field}]


@pytest.mark.parametrize("name", COMMAND_LINES)
def test_command_is_refused(name: str) -> None:
    """A command in a file with one fault is listed with its reason, and the file goes on."""
    value, reason, field = COMMAND_LINES[name]
    scorer = FileScorer(plan_of({"version": "v"}))
    scorer.feed(1, json.dumps({"topic": "lead.commands", "value": value}).encode())
    assert scorer.finish()["rejected"] == [{"line": 1, "reason": reason, "field": field}]


@pytest.mark.parametrize(
    ("line", "reason", "field"),
    [
        (b"{", Reason.NOT_JSON, ""),
        (b"\xff", Reason.NOT_JSON, ""),
        (b'{"topic": "lead.score-changes", "value": {}}', Reason.UNKNOWN_TOPIC, "topic"),
        (b'{"topic": "email.opens"}', Reason.NOT_OBJECT, ""),
        (b'{"topic": "email.opens", "timestamp": "noon", "value": {}}', Reason.BAD_INSTANT, "timestamp"),
        (b'{"topic": "email.opens", "timestamp": "2026-03-02T12:00:00", "value": {}}', Reason.NO_ZONE, "timestamp"),
        (b'{"topic": "timer", "lead_id": "L"}', Reason.MISSING, "timestamp"),
        (b'{"topic": "timer", "timestamp": "2026-03-02T12:00:00Z"}', Reason.MISSING, "lead_id"),
    ],
)
def test_line_of_a_file_is_refused(line: bytes, reason: Reason, field: str) -> None:
    """A line that is none is listed with its reason, and the file goes on."""
    scorer = FileScorer(plan_of({"version": "v"}))
    scorer.feed(1, line)
    scorer.feed(2, json.dumps({"topic": "engagements", "value": GOOD}).encode())
    report = scorer.finish()
    assert report["rejected"] == [{"line": 1, "reason": reason, "field": field}]
    assert [lead["lead_id"] for lead in report["leads"]] == ["L-7"]


@pytest.mark.parametrize(
    "occurred_at", ["2250-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-12:00"]
)
def test_far_future_without_a_timestamp_is_refused(occurred_at: str) -> None:
    """A state has no room for such an instant; without a Kafka timestamp it is refused all the same."""
    with pytest.raises(Refused) as caught:
        decode_signal(good(occurred_at=occurred_at), None, None)
    assert (caught.value.reason, caught.value.field) == (Reason.IN_FUTURE, "occurred_at")


def test_every_reason_has_a_meaning_and_an_example() -> None:
    """The list of reasons is closed: each says what it means, and a test here or of the lane reaches it."""
    assert set(MEANING) == set(Reason)
    lane = {Reason.KEY_MISSING, Reason.KEY_MISMATCH, Reason.BAD_ORIGIN, Reason.POISON}
    shown = {row[2] for row in SIGNALS} | {Reason.UNKNOWN_TOPIC, Reason.TOO_MANY}
    shown |= {row[1] for row in (*COMMAND_LINES.values(), *LEAD_COMMANDS.values())}
    assert shown | lane == set(Reason)


def test_command_is_read() -> None:
    """A good command comes back with its instant and body."""
    command = decode_command(json.dumps(COMMAND).encode(), NOON_MS)
    assert (command.occurred_at, command.version, command.body) == (NOON_MS, "v", default_text())


def test_depth_is_told_from_brackets_in_texts() -> None:
    """Brackets within a text nest nothing, escaped quotes do not end it."""
    text = '\\"' + "[" * 200 + "\\\\"
    assert decode_object(json.dumps({"a": text, "b": [[text]]}).encode()) == {"a": text, "b": [[text]]}


def test_rejected_record_has_the_members_of_the_contract() -> None:
    """What goes to the topic of rejections: which record, why, a hash; no payload unless configured."""
    record = RejectedRecord(
        topic="engagements",
        partition=0,
        offset=7,
        timestamp=NOON,
        reason=Reason.EMPTY,
        field="id",
        hash="0",
        size_bytes=2,
    )
    assert json.loads(record.model_dump_json()) == {
        "topic": "engagements",
        "partition": 0,
        "offset": 7,
        "timestamp": NOON,
        "reason": "empty",
        "field": "id",
        "hash": "0",
        "size_bytes": 2,
        "payload": None,
    }
