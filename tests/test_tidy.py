"""The style of this codebase, as far as a program can check it. Each failure says what to do instead."""

from __future__ import annotations

import ast
import re
import tomllib
import warnings
from itertools import chain
from pathlib import PurePosixPath

import pytest

from tests.support.tidy import prose, python
from tests.support.tidy.bans import BANS, Ban
from tests.support.tidy.project import Offence, expect_none, files, lines, mentions, text

README = "README.md"
PRODUCT = ("schemas/", "scoring/", "streams/")

FILE_LINES, FILE_LINES_AIM = 400, 250
FUNCTION_LINES = 40
PARAMETERS = 6
README_WORDS = 700
"""What a reader takes in at one go; the median function of the codebases that we learned from has 6 lines."""

UNFINISHED = re.compile(r"\b(?:T[O]DO|F[I]XME|X[X]X)\b")
FOREIGN_PATH = re.compile(r"\.\./[s]hared\b|(?<![\w.$}-])/(?:[w]ork|[r]oot|[h]ome/\w+)/")
SETTING = re.compile(r"\bLEADLINE_[A-Z0-9_]*[A-Z0-9]\b")
METRIC = re.compile(r"\bleadline_[a-z0-9_]*[a-z0-9]\b")
METRIC_PARTS = re.compile(r"_(?:total|bucket|sum|count|created|info)$")
DOTTED = re.compile(r"(?:email|webinar|lead|leadline)\.[a-z]+(?:[.-][a-z]+)*")
FILE_SUFFIXES = (".py", ".md", ".yaml", ".yml", ".toml", ".json", ".ndjson")


def test_python_files_are_short() -> None:
    """No Python file has more than 400 lines, and those above 250 are listed as warnings."""
    lengths = {path: len(lines(path)) for path in files(".py")}
    for path, length in lengths.items():
        if FILE_LINES_AIM < length <= FILE_LINES:
            warnings.warn(f"{path} has {length} lines; the aim is {FILE_LINES_AIM}", stacklevel=1)
    expect_none(
        (Offence(path, n, f"{n} lines") for path, n in lengths.items() if n > FILE_LINES),
        f"Split it by what it is for: {FILE_LINES} lines at most.",
    )


def test_functions_are_short() -> None:
    """No function has more than 40 lines besides its signature and docstring."""
    expect_none(
        (
            Offence(path, function.lineno, f"{function.name} has {length} lines")
            for path in files(".py")
            for function in python.functions(path)
            if (length := python.body_lines(function)) > FUNCTION_LINES
        ),
        f"Pull out its loops or its arithmetic: {FUNCTION_LINES} lines at most.",
    )


def test_functions_have_few_parameters() -> None:
    """No function has more than six parameters, unless a comment above it says why."""
    expect_none(
        (
            Offence(path, function.lineno, f"{function.name} has {len(python.parameters(function))} parameters")
            for path in files(".py")
            for function in python.functions(path)
            if len(python.parameters(function)) > PARAMETERS
            and not python.is_keyword_only_constructor(function)
            and not python.comment_above(path, function)
        ),
        f"Group them in a value of their own: {PARAMETERS} at most, or a comment above with the reason.",
    )


def test_public_things_have_docstrings() -> None:
    """Every public function, class and method of the product has a docstring."""
    expect_none(
        (
            Offence(path, node.lineno, node.name)
            for path in files(".py")
            if path.startswith(PRODUCT)
            for node in python.public_definitions(path)
            if ast.get_docstring(node) is None
        ),
        "Say what it means: units, shapes, errors.",
    )


def test_modules_and_folders_explain_themselves() -> None:
    """Every Python file opens with a docstring, and every folder of them has an `__init__.py`."""
    folders = {str(PurePosixPath(path).parent) for path in files(".py")} - {"."}
    inits = {f"{folder}/__init__.py" for folder in folders}
    missing = [Offence(path, 1, "is missing") for path in inits - set(files(".py"))]
    silent = [Offence(path, 1, "no docstring") for path in files(".py") if not ast.get_docstring(python.tree(path))]
    expect_none(missing + silent, "Explain it on top: what it does, and why it is separate.")


@pytest.mark.parametrize("ban", BANS, ids=lambda ban: ban.what)
def test_banned_names_stay_at_home(ban: Ban) -> None:
    """What has one home, or none, is not used elsewhere, under whatever name it was imported."""
    expect_none(
        (
            Offence(path, line, name)
            for path in files(".py", under=ban.scope)
            if not path.startswith(ban.home)
            for name, line in python.references(path)
            if name in ban.names
        ),
        ban.instead,
    )


def test_randomness_has_a_seed() -> None:
    """Every generator of random numbers is made from a seed."""
    expect_none(
        (
            Offence(path, call.lineno, "random.Random() without a seed")
            for path in files(".py")
            for name, call in python.calls(path)
            if name == "random.Random" and not call.args and not call.keywords
        ),
        "Give it a seed that a failure can print.",
    )


def test_tests_sleep_only_between_two_looks() -> None:
    """In tests `asyncio.sleep` stands in a loop that looks for a condition; `sleep(0)` only yields."""
    expect_none(
        (
            Offence(path, call.lineno, "asyncio.sleep outside a loop")
            for path in files(".py", under="tests/")
            for name, call in python.calls(path)
            if name == "asyncio.sleep" and not python.only_yields(call) and not python.in_a_loop(path, call)
        ),
        "Wait for what the test needs: a condition with a bound, or an asyncio.Event.",
    )


def test_pure_packages_have_no_any() -> None:
    """Neither `scoring` nor `schemas` uses `Any`."""
    expect_none(
        (
            Offence(path, line, name)
            for path in files(".py")
            if path.startswith(("schemas/", "scoring/"))
            for name, line in python.references(path)
            if name == "typing.Any"
        ),
        "Name the type; `object` for what is not known yet.",
    )


def test_nothing_is_left_unfinished() -> None:
    """No file holds a note to finish something later."""
    expect_none(mentions(UNFINISHED, files()), "Finish it, or open an issue and leave no note.")


def test_no_file_points_to_a_machine() -> None:
    """No file names a path of the machine it was written on."""
    expect_none(mentions(FOREIGN_PATH, files()), "Name a path relative to the repository, or a setting.")


def test_markdown_links_resolve() -> None:
    """Every link of a page to a file or a heading of the repository leads there."""
    expect_none(
        (
            Offence(path, line, target)
            for path in files(".md")
            for line, target in prose.links(path)
            if not prose.leads_somewhere(path, target)
        ),
        "Correct the path (relative to the page) or the heading.",
    )


def test_pages_name_targets_of_the_makefile() -> None:
    """Every `make X` of a page is a target."""
    targets = set(re.findall(r"^([a-z][\w-]*):", text("Makefile"), flags=re.MULTILINE))
    expect_none(
        (
            Offence(path, command.line, f"make {word}")
            for path in files(".md")
            for command in prose.commands(path)
            if command.program == "make"
            for word in command.words
            if re.fullmatch(r"[a-z][\w-]*", word) and word not in targets
        ),
        f"The Makefile has {', '.join(sorted(targets))}.",
    )


def test_pages_name_commands_of_the_command_line() -> None:
    """Every `leadline X` of a page is a command."""
    from streams.cli import main

    expect_none(
        (
            Offence(path, command.line, f"leadline {unknown}")
            for path in files(".md")
            for command in prose.commands(path)
            if command.program == "leadline"
            for unknown in prose.unknown_commands(main, command.words)
        ),
        f"`leadline` has {', '.join(sorted(main.commands))}.",
    )


def test_settings_named_to_operators_exist() -> None:
    """Every `LEADLINE_` variable of a page or of deploy/ is a setting, or the file of one."""
    fields = {
        f"LEADLINE_{node.target.id.upper()}"
        for settings in python.public_definitions("streams/settings.py")
        if settings.name == "Settings"
        for node in settings.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    expect_none(
        (
            mention
            for mention in mentions(SETTING, [*files(".md"), *files(under="deploy/")])
            if mention.what not in fields and mention.what.removesuffix("_FILE") not in fields
        ),
        "Name a setting of streams/settings.py.",
    )


def test_metrics_named_to_operators_exist() -> None:
    """Every metric of an alert, a dashboard or a page of deploy/ is one of streams/metrics/."""
    from streams.metrics import NAMES

    known = {METRIC_PARTS.sub("", name) for name in NAMES}
    expect_none(
        (
            mention
            for mention in mentions(METRIC, files(".yaml", ".yml", ".json", ".md", under="deploy/"))
            if METRIC_PARTS.sub("", mention.what) not in known
        ),
        "Name a metric of streams/metrics/.",
    )


def test_readme_names_topics_of_the_table() -> None:
    """Every topic that the README sets as code is in schemas/topics.py."""
    from schemas.topics import ALL

    known = {topic.name for topic in ALL} | {topic.default_kind for topic in ALL}
    kinds = set(DOTTED.findall(text("scoring/default.yaml")))
    expect_none(
        (
            Offence(README, line, name)
            for line, piece in prose.code(README)
            for name in re.split(r"[\s,]+", piece)
            if DOTTED.fullmatch(name) and not name.endswith(FILE_SUFFIXES) and name not in known | kinds
        ),
        "Name a topic of schemas/topics.py, or a kind of scoring/default.yaml.",
    )


def test_readme_is_short() -> None:
    """The README has fewer than 700 words besides its code blocks and tables."""
    count = prose.word_count(README)
    expect_none(
        [Offence(README, 1, f"{count} words")] if count >= README_WORDS else [],
        "Move detail to the README of a folder.",
    )


def test_each_dependency_has_a_reason() -> None:
    """Every dependency in pyproject.toml has its reason in a comment on its line."""
    project = tomllib.loads(text("pyproject.toml"))["project"]
    wanted = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    expect_none(
        (
            Offence("pyproject.toml", number, requirement)
            for requirement in wanted
            if not requirement.startswith(project["name"])
            for number, line in lines("pyproject.toml")
            if f'"{requirement}"' in line and not re.search(r"#.*\w{2}", line.split(f'"{requirement}"')[1])
        ),
        "Write behind it what it is for.",
    )
