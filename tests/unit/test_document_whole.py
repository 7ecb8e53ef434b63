"""The text of fit, segments, grades, flags and surge: what is refused names its line, the value, the fix."""

from __future__ import annotations

import pytest

from scoring.document import BadModel, line_of, read_model
from scoring.model import ScoringModel

GOOD = """\
version: whole
rules:
  - {id: click, kind: email.clicked, points: 6}
fit:
  - id: vp
    where: {job_title: {matches: '\\bvp\\b'}}
    points: 15
    dimension: authority
  - id: rival
    where:
      company_domain: {in: [rival.example]}
      email: {is: business}
    flag: competitor
segments:
  - name: enterprise
    where: {company_size: {min: 1000}}
    bands:
      hot: {enter: 60, leave: 50}
grades:
  fit: {A: 20, B: 10, C: 0}
  engagement:
    1: 60
    2: 30
flag_cap: 10
surge:
  points: 30
  within: 48h
  kinds: 2
  times_usual: 3
  cooldown: 7d
bands:
  - {name: warm, enter: 40, leave: 32}
  - {name: hot, enter: 70, leave: 60, alert: true}
"""
"""Every part beyond engagement, on lines of its own."""

BAD = [
    # (what is replaced, by what, the line, the refusal: path, what and fix)
    (
        "    points: 15\n",
        "",
        5,
        "fit[0]: fit rule vp does nothing; add points, such as points: 10, or flag: REASON",
    ),
    (
        "    points: 15\n",
        "    points: 0\n",
        7,
        "fit[0].points: 0 points do nothing; write a whole number from -100",
    ),
    (
        "    points: 15\n",
        "    points: 1e3\n",
        7,
        "fit[0].points: '1e3' is not a whole number; write a whole number",
    ),
    ("    points: 15\n", "    points: -101\n", 7, "fit[0].points: -101 is too low; write -100 or more"),
    (
        "    flag: competitor\n",
        "    flag: x\n    points: 5\n",
        13,
        "fit[1].flag: fit rule rival has points and a flag",
    ),
    ("    flag: competitor\n", "    flag: ''\n", 13, "fit[1].flag: is empty; write a name"),
    ("    flag: competitor\n", "    flag: true\n", 13, "fit[1].flag: true is not a text; write a text, in quotes"),
    ("    flag: competitor\n", f"    flag: {'x' * 201}\n", 13, "is too long; keep to 200 characters"),
    ("authority", "money", 8, "'money' is none of the words that it may be; write 'budget', 'authority', 'need'"),
    ("    dimension:", "    dimensions:", 8, "fit[0].dimensions: there is no such member; write dimension, or"),
    (
        "{is: business}",
        "{is: work}",
        12,
        "where.email.is: 'work' is none of the words that it may be; write 'free'",
    ),
    ("{is: business}", "{is: [free, role]}", 12, "email.is: ['free', 'role'] is none of the words"),
    ("{is: business}", "{}", 12, "where.email: {} is no condition; write a plain value, or some of in, contains"),
    ("{is: business}", "", 12, "where.email: null is no condition; write a plain value, or some of in"),
    ("{is: business}", "{equals: x}", 12, "where.email: `equals` is not a condition; write the plain value itself"),
    ("{is: business}", "{starts: x}", 12, "email.starts: there is no such member; write starts_with, or remove it"),
    ("{is: business}", "{min: low}", 12, "where.email.min: 'low' is not a number; write a number"),
    ("{is: business}", "{max: .nan}", 12, "where.email.max: nan is not a number; write a number"),
    ("{is: business}", ".inf", 12, "fit[1].where.email: inf is not a plain value; write a text, a number, true"),
    ("{is: business}", "{missing: 1}", 12, "where.email.missing: 1 is not true or false; write true or false"),
    ("{is: business}", "{contains: 5}", 12, "email.contains: 5 is not a text; write a text, in quotes if it looks"),
    ("{is: business}", "2026-11-30", 12, "where.email: 2026-11-30 (a date) is no condition; write a plain value"),
    (
        "[rival.example]",
        "rival.example",
        11,
        "company_domain.in: 'rival.example' is not a list; write a list, such as",
    ),
    ("[rival.example]", "[]", 11, "where.company_domain.in: is empty; write at least one"),
    ("[rival.example]", "[a, [b]]", 11, "in[1]: ['b'] is not a plain value; write a text, a number, true or false"),
    (
        "      email: ",
        "      lead_id: ",
        12,
        "where.lead_id: `lead_id` is no field of a profile; name another member",
    ),
    (
        "'\\bvp\\b'",
        "'(?=vp)'",
        6,
        "'(?=vp)' is no regular expression here: invalid perl operator; without look-around",
    ),
    ("'\\bvp\\b'", "'(a)\\1'", 6, "is no regular expression here: invalid escape sequence: \\1; back-references"),
    ("'\\bvp\\b'", "'(vp'", 6, "'(vp' is no regular expression here: missing ); correct it; as in RE2"),
    (
        "'\\bvp\\b'",
        "'(a{100}){100}'",
        6,
        "invalid repetition size: {100}; write a shorter one: repetitions go up to",
    ),
    (
        "    where: {job_title: {matches: '\\bvp\\b'}}\n",
        "    where: {}\n",
        6,
        "fit[0].where: is empty; write at least one",
    ),
    (
        "    where: {job_title: {matches: '\\bvp\\b'}}\n",
        "    where: [vp]\n",
        6,
        "fit[0].where: ['vp'] is not a mapping",
    ),
    ("    where: {job_title: {matches: '\\bvp\\b'}}\n", "", 5, "fit[0].where: is missing; add it"),
    (
        "  - id: rival\n",
        "  - id: click\n",
        9,
        "fit[1].id: rule or window 'click' is there twice; give each a name of",
    ),
    (
        "  - id: rival\n",
        "  - id: inactivity\n",
        9,
        "'inactivity': the name is taken by leadline itself; choose another",
    ),
    (
        "      hot: {",
        "      hott: {",
        18,
        "segments[0].bands.hott: segment enterprise: there is no band 'hott'; warm, hot",
    ),
    (
        "enter: 60, leave: 50",
        "enter: 60, leave: 61",
        18,
        "bands.hot.leave: leave 61 is not below enter 60; below 60",
    ),
    ("enter: 60, leave: 50", "enter: 60", 18, "segments[0].bands.hot.leave: is missing; add it"),
    (
        "enter: 60, leave: 50",
        "enter: high, leave: 5",
        18,
        "bands.hot.enter: 'high' is not a number; write a number",
    ),
    ("enter: 60, leave: 50", "enter: .inf, leave: 5", 18, "bands.hot.enter: inf is not a number; write a number"),
    (
        "enter: 60, leave: 50",
        "enter: 35, leave: 33",
        17,
        "segment enterprise: band hot: enter 35 is not above that of",
    ),
    (
        "enter: 60, leave: 50",
        "enter: 60, leave: 50, alert: true",
        18,
        "bands.hot.alert: there is no such member; write",
    ),
    ("  - name: enterprise\n", "  - name:\n", 15, "segments[0].name: null is not a text"),
    ("    where: {company_size: {min: 1000}}\n", "", 15, "segments[0].where: is missing; add it"),
    (
        "B: 10, C: 0",
        "B: 20, C: 0",
        20,
        "grades.fit.B: the line of A (20) is not above that of B (20); write higher",
    ),
    ("B: 10, C: 0", "E: 10", 20, "grades.fit.E: E is none of the names that it may be; write 'A', 'B' or 'C'"),
    ("B: 10, C: 0", "B: ten", 20, "grades.fit.B: 'ten' is not a number; write a number"),
    (
        "    2: 30\n",
        "    4: 30\n",
        23,
        "grades.engagement.4: 4 is none of the names that it may be; write 1, 2 or 3",
    ),
    (
        "    2: 30\n",
        "    2: 70\n",
        23,
        "grades.engagement.2: the line of 1 (60) is not above that of 2 (70); write",
    ),
    ("    2: 30\n", "    2: [30]\n", 23, "grades.engagement.2: [30] is not a number; write a number"),
    ("    2: 30\n", "    yes: 30\n", 23, "grades.engagement.yes: yes is none of the names that it may be"),
    ("    2: 30\n", "    1: 30\n", 23, "'1' is there twice; keep one plain key of each name"),
    ("  engagement:\n    1: 60\n    2: 30\n", "", 19, "grades.engagement: is missing; add it"),
    ("    1: 60\n    2: 30\n", "    {}\n", 21, "grades.engagement: is empty; write at least one"),
    ("flag_cap: 10", "flag_cap: low", 24, "flag_cap: 'low' is not a number; write a number"),
    ("flag_cap: 10", "flag_cap: .inf", 24, "flag_cap: inf is not a number; write a number"),
    ("flag_cap: 10", "flagcap: 10", 24, "flagcap: there is no such member; write flag_cap, or remove it"),
    ("  points: 30\n", "  points: 0\n", 26, "surge.points: 0 is too low; write 1 or more"),
    ("  points: 30\n", "  points: 10001\n", 26, "surge.points: 10001 is too high; write 10000 or less"),
    ("  points: 30\n", "", 25, "surge.points: is missing; add it"),
    (
        "  within: 48h\n",
        "  within: 11d\n",
        27,
        "surge.within: a surge is looked for within up to 10d; write such as 24h",
    ),
    (
        "  within: 48h\n",
        "  within: 48\n",
        27,
        "surge.within: 48 is no duration; write a whole number and s, m, h or d",
    ),
    ("  kinds: 2\n", "  kinds: 17\n", 28, "surge.kinds: 17 is too high; write 16 or less"),
    ("  kinds: 2\n", "  kinds: [email.clicked]\n", 28, "surge.kinds: ['email.clicked'] is not a whole number"),
    ("times_usual: 3", "times_usual: -1", 29, "surge.times_usual: -1 is too low; write 0 or more"),
    ("  cooldown: 7d\n", "  cooldown: none\n", 30, "surge.cooldown: 'none' is no duration; such as 7d or 24h"),
]


@pytest.mark.parametrize(("part", "instead", "line", "words"), BAD, ids=range(len(BAD)))
def test_refusal_says_line_fault_and_fix(part: str, instead: str, line: int, words: str) -> None:
    """One fault, one problem: on its line, with the value and what would be right."""
    assert GOOD.count(part) == 1
    with pytest.raises(BadModel) as caught:
        read_model(GOOD.replace(part, instead))
    (problem,) = caught.value.problems
    assert problem.line == line
    for piece in words.split("; "):
        assert piece in str(problem)
    assert "Input should" not in str(problem)
    assert len(str(problem)) < 400


def test_good_model_is_read() -> None:
    """The parts are there; lines of grades have letters and numbers."""
    model = read_model(GOOD)
    assert model.grades is not None
    assert (model.grades.fit, model.grades.engagement) == ({"A": 20, "B": 10, "C": 0}, {1: 60, 2: 30})
    assert [model.threshold_of(segment) for segment in (None, *model.segments)] == [70, 60]


@pytest.mark.parametrize("number", ["1", "'1'", '"1"'])
def test_numbers_of_grades_are_names_however_they_are_written(number: str) -> None:
    """Plain as in YAML, or in quotes as in JSON."""
    model = read_model(f"grades: {{fit: {{A: 1}}, engagement: {{{number}: 60}}}}")
    assert model.grades is not None
    assert model.grades.engagement == {1: 60}


@pytest.mark.parametrize("name", ["no", "on", "2026", "1.5", "2026-11-30", "null", "true", "int"])
def test_a_name_is_the_text_that_is_written(name: str) -> None:
    """What YAML takes for a truth value or a date is a field's name like any other."""
    model = read_model(f"fit: [{{id: a, points: 1, where: {{{name}: {{min: 3}}}}}}]")
    assert list(model.fit[0].where) == [name]
    with pytest.raises(BadModel) as caught:
        read_model(f"fit:\n  - {{id: a, points: 1,\n     where: {{x: 1,\n       {name}: {{min: low}}}}}}")
    assert str(caught.value) == f"line 4: fit[0].where.{name}.min: 'low' is not a number; write a number"


@pytest.mark.parametrize(
    ("part", "most", "one"),
    [
        ("rules", 64, "{{id: r{n}, kind: a.b{k}, points: 1}}"),
        ("windows", 64, "{{id: w{n}, count: a.b, within: 7d, steps: [{{at_least: 1, points: 1}}]}}"),
        ("fit", 64, "{{id: f{n}, where: {{x: {n}}}, points: 1}}"),
        ("segments", 32, "{{name: s{n}, where: {{x: {n}}}}}"),
        ("bands", 8, "{{name: b{n}, enter: {n}.5, leave: {n}}}"),
    ],
)
def test_too_many_are_refused(part: str, most: int, one: str) -> None:
    """By how many there are, and how many there may be."""
    lines = "".join(f"  - {one.format(n=n, k=n // 16)}\n" for n in range(most + 1))
    with pytest.raises(BadModel) as caught:
        read_model(f"{part}:\n{lines}")
    assert f"line 1: {part}: {most + 1} are too many; keep to {most}" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "rules:\n" + "".join(f"  - {{id: r{n}, kind: a.b{n}, points: 1}}\n" for n in range(15))
            + "windows:\n  - {id: w, count: [x.y, x.z], within: 7d, steps: [{at_least: 1, points: 1}]}\n",
            "line 18: windows[0].count: 17 kinds are named, x.z as the 17th; name at most 16",
        ),
        (
            "rules:\n" + "".join(f"  - {{id: r{n}, kind: a.b{n}, points: 1}}\n" for n in range(16))
            + "inactivity:\n  after: 7d\n  points: -5\n  count: a.c\n",
            "line 21: inactivity.count: 17 kinds are named, a.c as the 17th; name at most 16",
        ),
    ],
    ids=["window", "inactivity"],
)  # fmt: skip
def test_the_kind_too_many_is_named_where_it_stands(text: str, told: str) -> None:
    """In a rule, a window or the inactivity."""
    with pytest.raises(BadModel) as caught:
        read_model(text)
    assert told in str(caught.value)


def test_a_text_in_json_is_a_model_too() -> None:
    """YAML takes it, and a producer of models may write nothing else."""
    model = read_model(GOOD)
    again = read_model(model.model_dump_json(by_alias=True, exclude_none=True, include={"version", "grades"}))
    assert again == ScoringModel(version="whole", grades=model.grades)


def test_the_line_of_a_member_is_found() -> None:
    """For refusals that come after reading."""
    assert [line_of(GOOD, path) for path in ((), ("fit", 1), ("fit", 1, "flag"), ("surge", "none"))] == [
        1,
        9,
        13,
        25,
    ]
