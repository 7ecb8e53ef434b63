"""A scoring model's text: what is refused names its line, what is wrong, and what would be right."""

from __future__ import annotations

import pytest

from schemas.instants import DAY_MS, HOUR_MS
from scoring.document import TEXT_MAX_CHARS, BadModel, default_text, read_model
from scoring.plan import STATE_MAX_BYTES, Plan

GOOD = """\
version: "2026-11"
timezone: Europe/Berlin
scale: {min: 0, max: 100}
rules:
  - id: open
    kind: email.opened
    points: 2
    half_life: 7d
    limit: {times: 1, per: message_id}
    group: email
  - id: pricing
    kind: [email.clicked, page.viewed]
    where:
      url: {contains: /pricing}
    points: 10
    expires_after: 14d
windows:
  - id: busy
    count: email.clicked
    within: 7d
    steps:
      - {at_least: 3, points: 5}
      - {at_least: 6, points: 10}
inactivity: {after: 14d, points: -10, every: 14d, at_most: 3}
groups:
  email: {min: -30, max: 40}
bands:
  - {name: warm, enter: 40, leave: 32}
  - {name: hot, enter: 70, leave: 60, alert: true, cooldown: 24h}
"""
"""Every part of a model, on lines of its own."""

BAD = [
    # (what is replaced, by what, the line, words of the refusal)
    ("    points: 2\n", "    points: 2.5\n", 7, "rules[0].points: 2.5 is not a whole number; write a whole number"),
    ("    points: 2\n", "    points: 0\n", 7, "0 points do nothing; write a whole number from -100 to 100"),
    ("    points: 2\n", "    points: 101\n", 7, "101 is too high; write 100 or less"),
    (
        "    points: 2\n",
        "    points: yes\n",
        7,
        "rules[0].points: true is not a whole number; write a whole number",
    ),
    ("    points: 2\n", "", 5, "rules[0].points: is missing; add it"),
    ("    points: 2\n", "    points: '2'\n", 7, "rules[0].points: '2' is not a whole number; write a whole number"),
    ("    half_life: 7d\n", "    half_life: 7\n", 8, "7 is no duration; write a whole number and s, m, h or d"),
    ("    half_life: 7d\n", "    half_life: 1w\n", 8, "'1w' is no duration; such as 7d or 24h"),
    (
        "    half_life: 7d\n",
        "    half_live: 7d\n",
        8,
        "rules[0].half_live: there is no such member; write half_life, or remove it",
    ),
    (
        "    half_life: 7d\n",
        "    half_life: 7d\n    fades_over: 7d\n",
        9,
        "more than one decay: half_life, fades_over; keep one",
    ),
    (
        "    expires_after: 14d\n",
        "    expires_after: 91d\n",
        16,
        "go up to 90d; write 90d or less, or use half_life",
    ),
    ("    kind: email.opened\n", "    kind: opened\n", 6, "'opened' is no kind; a dotted lower-case name"),
    ("    kind: email.opened\n", "    kind: []\n", 6, "[] names no kind; write one kind or a list"),
    (
        "  - id: pricing\n",
        "  - id: open\n",
        11,
        "rule or window 'open' is there twice; give each a name of its own",
    ),
    (
        "      url: {contains: /pricing}\n",
        "      url: {has: /pricing}\n",
        14,
        "where.url.has: there is no such member; remove it, or correct its spelling",
    ),
    (
        "      url: {contains: /pricing}\n",
        "      url: {matches: '('}\n",
        14,
        "'(' is no regular expression here: missing ); correct it",
    ),
    (
        "      url: {contains: /pricing}\n",
        "      url: [a]\n",
        14,
        "['a'] is no condition; write a plain value, or some of in",
    ),
    (
        "      url: {contains: /pricing}\n",
        "      kind: email.opened\n",
        14,
        "`kind` is no attribute; name another member",
    ),
    ("times: 1, per", "times: 0, per", 9, "rules[0].limit.times: 0 is too low; write 1 or more"),
    ("per: message_id", "per: lead_id", 9, "`lead_id` is no attribute; write day, week, ever or an attribute"),
    ("    within: 7d\n", "    within: 90m\n", 20, "a window is whole hours, up to 30d; write such as 24h or 7d"),
    (
        "{at_least: 6, points: 10}",
        "{at_least: 3, points: 10}",
        23,
        "at_least 3 is not above the 3 before it; from low to high",
    ),
    (
        "after: 14d, points: -10",
        "after: 14d, points: 10",
        24,
        "inactivity.points: 10 is too high; write -1 or less",
    ),
    ("every: 14d, ", "", 24, "at_most is 3, but there is no `every`; add `every`, such as every: 14d"),
    ("{min: -30, max: 40}", "{min: 30, max: 40}", 26, "groups.email.min: 30 is too high; write 0 or less"),
    ("enter: 40, leave: 32", "enter: 40, leave: 40", 28, "band warm: leave 40 is not below enter 40; such as 32"),
    (
        "enter: 70, leave: 60",
        "enter: 40, leave: 35",
        29,
        "band hot: enter 40 is not above that of warm; from low to high",
    ),
    ("enter: 70, leave: 60", "enter: 70, leave: 31", 29, "band hot: leave 31 is not above that of warm (32)"),
    ("enter: 70, leave: 60", "enter: 70", 29, "bands[1].leave: is missing; add it"),
    ("enter: 70, leave", "enter: .inf, leave", 29, "bands[1].enter: inf is not a number; write a number"),
    ("alert: true", "alert: 1", 29, "bands[1].alert: 1 is not true or false; write true or false"),
    ("name: hot", "name: cold", 29, "band 'cold': the name is taken by leadline itself; choose another name"),
    ("Europe/Berlin", "Europe/Bonn", 2, "'Europe/Bonn' is no time zone; write one such as Europe/Berlin or UTC"),
    (
        "{min: 0, max: 100}",
        "{min: 100, max: 0}",
        3,
        "the scale's min 100 is not below its max 0; {min: 0, max: 100}",
    ),
    ('version: "2026-11"', "version: 2026-11-31", 1, "2026-11-31; quotes"),
    ('version: "2026-11"', "version:", 1, 'null is no version; write a label such as "2026-11"'),
    ('version: "2026-11"', "colour: red", 1, "colour: there is no such member; remove it, or correct its spelling"),
    ("groups:\n", "groups:\n  email: {max: 1}\n", 27, "'email' is there twice; keep one plain key of each name"),
    ("    group: email\n", "    group: email\n    group: events\n", 11, "'group' is there twice"),
    ("    points: 2\n", "    points: &two 2\n    id: *two\n", 8, "an alias (*name); write the part out in full"),
    ("    points: 2\n", "\tpoints: 2\n", 7, "no YAML: '\\t'; correct the line"),
    ("  - id: pricing\n", "  - id: [pricing\n", 12, "no YAML; correct the line"),
    (
        "timezone: Europe/Berlin",
        "timezone: 5",
        2,
        "timezone: 5 is not a text; write a text, in quotes if it looks like something else",
    ),
    (
        "groups:\n  email: {min: -30, max: 40}\n",
        "groups: [email]\n",
        25,
        "groups: ['email'] is not a mapping; write `name: value` pairs",
    ),
]


@pytest.mark.parametrize(("part", "instead", "line", "words"), BAD, ids=[row[3][:40] for row in BAD])
def test_refusal_says_line_fault_and_fix(part: str, instead: str, line: int, words: str) -> None:
    """One fault, one problem: on its line, with the value and what would be right."""
    assert GOOD.count(part) == 1
    with pytest.raises(BadModel) as caught:
        read_model(GOOD.replace(part, instead))
    (problem,) = caught.value.problems
    assert problem.line == line
    assert str(caught.value).startswith(f"line {line}:")
    for piece in words.replace("; ", ": ").split(": "):
        assert piece.strip() in str(caught.value)
    assert problem.what
    assert problem.fix


def test_all_faults_are_told_at_once_from_top_to_bottom() -> None:
    """Three faults: three lines of refusal, in the order of the text."""
    text = (
        GOOD.replace("points: 2\n", "points: x\n")
        .replace("within: 7d", "within: soon")
        .replace("leave: 60", "leave: x")
    )
    with pytest.raises(BadModel) as caught:
        read_model(text)
    assert [problem.line for problem in caught.value.problems] == [7, 20, 29]
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == ["line 7", "line 20", "line 29"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the document is no mapping; start with `version:` and `rules:`"),
        ("# nothing\n", "the document is no mapping"),
        ("- a\n- b\n", "the document is no mapping"),
        ("version: a\n---\nversion: b\n", "another document"),
        ("? [a, b]\n: c\n", "a strange key; keep one plain key of each name"),
        ("1: 2\n", "line 1: 1: there is no such member"),
        ("version: \0\n", "no YAML"),
        ("version: !thing x\n", "line 1"),
        ("version: !!python/object/apply:os.system [ls]\n", "line 1"),
        ("\nversion: !!int x\n", "line 2"),
        ("\nversion: !!timestamp x\n", "line 2"),
        ("\nversion: !!int\n", "line 2"),
        ("\nversion: !!bool maybe\n", "line 2"),
        ("version: =\n", "line 1"),
        ("<<: 5\n", "line 1"),
        ("version: 0x_\n", "line 1"),
        ("\n\nversion: 2026-02-30T25:61:00Z\n", "line 3"),
        ('version: "\\UFFFFFFFF"\n', "line 1"),
        ('version: "\\ud800"\n', "line 1"),
        (f"version: {'9' * 5000}\n", "line 1"),
        (f"rules:\n  - {{id: a, kind: a.b, points: 0x{'f' * 5000}}}\n", "line 2"),
        ("rules:\n  - {id: a, kind: a.b, points: 1, where: {u: {matches: '((a{999}){999}){999}'}}}\n", "line 2"),
        ("[" * 10_000, "line 1"),
        ("{a: " * 5_000, "line 1"),
        ("\n".join(f"{' ' * depth}a:" for depth in range(340)), "line"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n", "line 2: an alias"),
        ("a: &a [*a]\n", "line 1: an alias"),
        ("x" * (TEXT_MAX_CHARS + 1), f"the text has {TEXT_MAX_CHARS + 1} characters; keep to {TEXT_MAX_CHARS}"),
        ("rules:\n" + "  - {id: a, kind: a.b, points: 1}\n" * 30_000, "keep to 65536"),
        (
            "rules:\n" + "".join(f"  - {{id: r{n}, kind: a.b, points: 1}}\n" for n in range(65)),
            "65 are too many; keep to 64",
        ),
        (
            "rules:\n" + "".join(f"  - {{id: r{n}, kind: a.b, points: 1}}\n" for n in range(17)),
            "line 18: rules[16].kind: 17 rules are about a.b",
        ),
        (
            "rules:\n" + "".join(f"  - {{id: r{n}, kind: a.b{n}, points: 1}}\n" for n in range(17)),
            "line 18: rules[16].kind: 17 kinds are named, a.b16 as the 17th; name at most 16",
        ),
    ],
    ids=range(32),
)
def test_hostile_text_is_refused_as_a_bad_model(text: str, words: str) -> None:
    """Bombs, depth, strange tags and keys, numbers beyond all bounds: refused in words, never by another error."""
    with pytest.raises(BadModel) as caught:
        read_model(text)
    for piece in words.split("; "):
        assert piece in str(caught.value)
    assert len(str(caught.value)) < 2_000


def test_good_model_is_read() -> None:
    """Each part of the text is in the model: durations in milliseconds, one kind as a list of one."""
    model = read_model(GOOD)
    assert model.version == "2026-11"
    assert [rule.half_life for rule in model.rules] == [7 * DAY_MS, None]
    assert model.rules[0].kind == ("email.opened",)
    assert model.kinds == ("email.opened", "email.clicked", "page.viewed")
    assert model.windows[0].within == 7 * 24 * HOUR_MS
    assert [(band.name, band.alert, band.cooldown) for band in model.bands] == [
        ("warm", False, None),
        ("hot", True, DAY_MS),
    ]
    assert model.threshold == 70
    assert model.engagement_kinds == {"email.opened", "email.clicked", "page.viewed"}


@pytest.mark.parametrize(
    ("written", "label"),
    [('"2026-11"', "2026-11"), ("2026-11-30", "2026-11-30"), ("7", "7"), ("1.10", "1.1"), ("autumn", "autumn")],
)
def test_version_is_a_label(written: str, label: str) -> None:
    """A date or a number is taken as it prints."""
    assert read_model(f"version: {written}").version == label


def test_model_without_a_version_is_labelled_by_its_text() -> None:
    """The same text has the same label, another text another one."""
    first, again, other = (read_model(text).version for text in ("rules: []", "rules: []", "rules: [] #"))
    assert first == again != other
    assert len(first) == 16


def test_default_model_is_good_and_its_states_are_small() -> None:
    """The packaged model loads, says where its line is, and leaves room below the bound of a state."""
    model = read_model(default_text())
    assert model.version == "default-1"
    assert model.threshold == 70
    assert Plan(model).state_worst_bytes < STATE_MAX_BYTES
