"""`leadline model check`: a model in words, or everything that is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scoring.document import default_text
from streams.cli import main
from tests.support.doubles.scored import MODEL

EVERYTHING = """
version: all
timezone: Europe/Berlin
scale: {min: -10, max: 50}
rules:
  - {id: a, kind: email.clicked, points: 1, fades_over: 7d, where: {url: {contains: x, starts_with: h}, n: 3}}
  - {id: b, kind: [page.viewed, form.sent], points: -2, expires_after: 24h, where: {utm: {missing: true}}}
  - {id: c, kind: form.sent, points: 3, limit: {times: 1, per: ever}, where: {x: {in: [a, 1, true]}, y: {max: 9}}}
  - {id: d, kind: form.sent, points: 4, limit: {times: 2, per: campaign}, where: {z: {matches: "^v", min: 1}}}
windows:
  - {id: w, count: [email.clicked], within: 24h, steps: [{at_least: 2, points: 5}], group: g}
inactivity: {after: 14d, points: -5}
groups: {g: {min: -1, max: 9}}
bands:
  - {name: low, enter: 10, leave: 5, alert: true}
fit:
  - {id: f, where: {title: {matches: vp}, size: {min: 1000000}}, points: 8, dimension: authority, group: g}
  - {id: x, where: {email: {is: disposable}}, flag: spam}
segments:
  - {name: big, where: {size: {min: 5000}}, bands: {low: {enter: 8, leave: 2.5}}}
  - {name: rest, where: {size: {missing: false}}}
grades: {fit: {A: 20, C: -5}, engagement: {2: 30.5}}
flag_cap: 3
surge: {points: 30, within: 36h, kinds: 2, times_usual: 1.5, cooldown: 7d}
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Where the tests write theirs."""
    return tmp_path / "model.yaml"


def check(model: Path, text: str, *arguments: str) -> Result:
    """`leadline model check` of this text."""
    model.write_text(text, "utf-8")
    return CliRunner().invoke(main, ["model", "check", str(model), *arguments])


def test_a_model_in_words(model: Path) -> None:
    """What each rule gives and how it fades, where the bands are, the line agreed with sales."""
    result = check(model, MODEL)
    assert result.exit_code == 0
    for words in (
        "model small: scores from 0 to 100, days of UTC",
        "open     +2  email.opened, half of it left after 7d, group email",
        "page    +10  page.viewed, half of it left after 14d, at most 3 times a day, group intent",
        "intent      at most 45",
        "warm  entered at 40, left below 32",
        "hot   entered at 70, left below 60, alerts sales each time",
        "-10  after 14d without a signal",
        "the line agreed with sales is 70",
        "of 16,384 bytes",
    ):
        assert words in result.stdout


def test_the_packaged_model_is_a_good_one(model: Path) -> None:
    """It is the one that people copy."""
    assert check(model, default_text()).exit_code == 0


def test_every_kind_of_rule_has_words(model: Path) -> None:
    """Each decay, limit and condition is told."""
    text = check(model, EVERYTHING).stdout
    for words in (
        "scores from -10 to 50, days of Europe/Berlin",
        'where url contains "x" and url starts with "h" and n is 3, fades to nothing over 7d',
        "page.viewed or form.sent, where utm is missing, ends after 1d",
        'where x is one of "a", 1, true and y is at most 9, for ever, at most once ever',
        "z matches /^v/ and z is at least 1, for ever, at most twice for each campaign",
        "email.clicked within 1d: +5 from 2 on, group g",
        "low  entered at 10, left below 5, alerts sales each time",
        "f    +8  title matches /vp/ and size is at least 1,000,000, tells of authority, group g",
        "x  flag  email is a disposable address, raises the red flag spam while that is so",
        "big   size is at least 5,000: low entered at 8, left below 2.5",
        "rest  size is there: the lines of all",
        "fit         A from 20 on, C from -5 on, else D",
        "engagement  2 from 30.5 on, else 4",
        "30  points or more within 36h, of at least 2 kinds, and 1.5 times what is usual for the lead",
        "the line agreed with sales is 10, 8 for big",
        "while a red flag is up a score is at most 3, or what the flag says itself",
    ):
        assert words in text


def test_a_model_without_bands_says_what_that_means(model: Path) -> None:
    """Nothing is wrong with it, and nobody will be called."""
    result = check(model, "rules: []")
    assert result.exit_code == 0
    assert "no lead will ever be handed to sales" in result.stdout


def test_as_json(model: Path) -> None:
    """The model as it was understood, and its figures."""
    found = json.loads(check(model, MODEL, "--json").stdout)
    assert (found["version"], found["threshold"]) == ("small", 70.0)
    assert found["model"]["rules"][0]["id"] == "open"
    assert 0 < found["state_worst_bytes"] <= 16_384


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules: [", "line 1: no YAML"),
        ("rules:\n  - {id: a, kind: x, points: 1}", "line 2: rules[0].kind"),
        ("bands:\n  - {name: hot, enter: 60, leave: 70}", "leave 70 is not below enter 60; write a leave below 60"),
        ("rulez: []", "line 1: rulez: there is no such member; write rules, or remove it"),
        (
            "fit:\n  - {id: a, where: {email: {is: fre}}, points: 1}",
            "line 2: fit[0].where.email.is: 'fre' is none of",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line(model: Path, text: str, said: str) -> None:
    """Exit code 4, nothing on standard output."""
    result = check(model, text)
    assert (result.exit_code, result.stdout) == (4, "")
    assert result.stderr.startswith(f"error: {model} is not a scoring model:\n")
    assert said in result.stderr


def test_a_model_that_grows_too_large_is_refused(model: Path) -> None:
    """With what to do about it."""
    rules = "".join(f"  - {{id: r{n}, kind: a.b{n // 16}, points: 1, expires_after: 7d}}\n" for n in range(16))
    result = check(model, "rules:\n" + rules)
    assert result.exit_code == 4
    assert "use fewer rules with a limit" in result.stderr
    assert "the most is taken by\n  line 17: rules[15]: r15 takes up to" in result.stderr
    assert len(result.stderr.splitlines()) == 6


def test_a_file_that_is_no_text_is_told(model: Path) -> None:
    """A spreadsheet, say."""
    model.write_bytes(b"rules: \xff\xfe")
    result = CliRunner().invoke(main, ["model", "check", str(model)])
    assert result.exit_code == 4
    assert "is no text in UTF-8 (byte 7)" in result.stderr
