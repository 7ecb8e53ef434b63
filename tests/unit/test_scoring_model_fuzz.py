"""Whatever text comes as a scoring model, it is one, or refused as none: never another error."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scoring.document import BadModel, Problem, default_text, read_model
from scoring.model import ScoringModel
from scoring.plan import Plan, TooLarge
from tests.laws.profile import times

PIECES = (
    *(
        ": ",
        "- ",
        "{",
        "}",
        "[",
        "]",
        "\n",
        "  ",
        "\t",
        "&a ",
        "*a",
        "!!int ",
        "!x ",
        "? ",
        "| ",
        "> ",
        "# ",
        "---\n",
    ),
    *("<<: ", "=", "~", "null", "yes", "0x_", "0b", "1_0", "1:60", ".inf", ".nan", "-.5", "1.0e+999", "2026-02-30"),
    *(
        "2026-02-28T25:00:00",
        '"\\x"',
        '"\\UFFFFFFFF"',
        '"\\ud800"',
        "'",
        "%YAML 1.3\n",
        "\x00",
        "\ufeff",
        "\u2028",
        "é",
    ),
    *(
        "999999999999999999999999",
        "-1",
        "0",
        "1e9",
        "7d",
        "0d",
        "email.opened",
        "a{99999999999}",
        "(",
        "[[",
        "in",
        "min",
    ),
)
LINES = default_text().splitlines(keepends=True)
WORDS = sorted({word.strip(",{}[]") for line in LINES for word in line.split() if not line.startswith("#")})

edits = st.lists(
    st.tuples(
        st.integers(0, len(default_text())),
        st.integers(0, 12),
        st.one_of(st.sampled_from(PIECES), st.sampled_from(WORDS), st.just("")),
    ),
    min_size=1,
    max_size=4,
)


def problems(text: str) -> list[Problem]:
    """What is wrong with the text; nothing if it can be read and compiled."""
    try:
        Plan(read_model(text))
    except BadModel as bad:
        return bad.problems
    except TooLarge as too_large:
        return [Problem(1, "", str(too_large), "")]
    return []


@times(2)
@given(edits)
def test_default_model_with_small_faults(changes: list[tuple[int, int, str]]) -> None:
    """Some characters of the default model replaced by others that mean something in YAML."""
    text = default_text()
    for place, length, piece in changes:
        text = text[:place] + piece + text[place + length :]
    assert all(problem.line >= 1 for problem in problems(text))


@times(4)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.sampled_from(WORDS)), max_size=20).map("".join))
def test_pieces_of_yaml(text: str) -> None:
    """Any sequence of what means something in YAML or in a model."""
    assert all(problem.line >= 1 for problem in problems(text))


@times(4)
@given(st.text(max_size=40))
def test_any_text(text: str) -> None:
    """Any text at all."""
    assert all(problem.line >= 1 for problem in problems(text))


@times(2)
@given(
    st.recursive(
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(),
            st.floats(),
            st.text("aé:#,", max_size=5),
            st.sampled_from(WORDS),
        ),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(st.one_of(st.sampled_from(WORDS), st.integers(0, 3)), inner, max_size=3),
        ),
        max_leaves=8,
    ),
    st.sampled_from([*ScoringModel.model_fields]),
)
def test_any_value_in_any_place(value: object, member: str) -> None:
    """Any structure where a model has a part: told by a problem on a line that exists."""
    text = f"\n\n{member}: {_flow(value)}\n"
    assert all(1 <= problem.line <= 3 for problem in problems(text))


def _flow(value: object) -> str:
    """The value in YAML's flow style."""
    match value:
        case dict():
            return "{" + ", ".join(f"{_flow(name)}: {_flow(inner)}" for name, inner in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_flow, value)) + "]"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case None:
            return "null"
        case _:
            return str(value)
