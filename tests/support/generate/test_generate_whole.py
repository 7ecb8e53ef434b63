"""Models with everything switched on, profiles and commands are what they say they are."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest
import yaml

from tests.support.generate import (
    BROKEN_COMMANDS,
    BROKEN_PROFILES,
    Acts,
    Broken,
    Mix,
    model_yaml,
    random_history,
    random_model,
    random_successor,
)
from tests.support.generate.profiles import FIELDS, random_fields, random_fit_where
from tests.support.reference import differences, read_model, score
from tests.support.reference.conditions import all_hold
from tests.support.reference.instants import instant_ms, iso
from tests.support.reference.mail import WORDS

RECORD_MS = instant_ms("2026-03-02T12:00:00Z")
CASES = [("lead.profiles", name, broken) for name, broken in sorted(BROKEN_PROFILES.items())] + [
    ("lead.commands", name, broken) for name, broken in sorted(BROKEN_COMMANDS.items())
]


@pytest.mark.parametrize("seed", range(60))
def test_models_and_their_successors_are_valid(seed: int) -> None:
    """A random model and the models after it are accepted, also after a turn through YAML."""
    rng = Random(seed)
    model = random_model(rng, whole=True)
    for _ in range(3):
        read_model(model)
        assert yaml.safe_load(model_yaml(model)) == model
        model = random_successor(rng, model)


@pytest.mark.parametrize(("topic", "name", "broken"), CASES)
def test_broken_values_have_their_reason(topic: str, name: str, broken: Broken) -> None:
    """Each spoiled profile and command is refused for the one fault that it was given; the good one is not."""
    good = {"id": "a", "lead_id": "L", "occurred_at": iso(RECORD_MS), "command": "contacted"}
    line = {"topic": topic, "timestamp": iso(RECORD_MS), "value": good}
    assert score([line], {"rules": []}, None)["rejected"] == []
    line["value"] = broken.spoil(good, RECORD_MS)
    answer = score([line], {"rules": []}, None)
    assert answer["rejected"] == [{"line": 1, "reason": broken.reason, "field": broken.field}]
    untimed = score([{name: line[name] for name in ("topic", "value")}], {"rules": []}, None)
    assert len(untimed["rejected"]) == (0 if broken.by_record else 1)


def _whole(seed: int, crowds: float = 0.1) -> tuple[dict[str, Any], list[Any]]:
    rng = Random(seed)
    model = random_model(rng, whole=True)
    return model, random_history(rng, model, 10, Mix(lines_per_lead=6, commands=seed % 3, acts=Acts(crowds=crowds)))


def test_histories_reach_every_corner() -> None:
    """Over some seeds there is each kind and cause of a change, each grade, each thing that is ignored."""
    seen: Counter[Any] = Counter()
    refused: set[tuple[str, str]] = set()
    for seed in range(20):
        model, lines = _whole(seed, crowds=0.3)
        answer = score(lines, model, None)
        refused |= {(one["reason"], one["field"]) for one in answer["rejected"]}
        seen.update(answer["ignored"])
        seen.update(lead["status"] for lead in answer["leads"])
        for change in answer["changes"]:
            kind, cause = change["kind"], change["cause"]
            what = change["flag"]["action"] if kind == "flag" else change.get("direction")
            seen.update([(kind, cause, what, change["alert"])])
            seen.update(change["grade"] or "none")
    assert refused >= {("too_many", "reason"), ("too_many", "")}
    for what in ("duplicate", "machine", "erased", "command", "converted", "dead", *"ABCD1234"):
        assert seen[what] > 0, what
    for cause in ("signal", "profile", "flag", "retract", "model", "time"):
        assert seen["band", cause, "down", False] > 0, cause
    for cause in ("signal", "profile", "flag"):
        assert seen["band", cause, "up", True] > 0, cause
    for flag in (("flag", "raised"), ("flag", "lifted"), ("flag", "expired"), ("profile", "raised")):
        assert seen["flag", *flag, False] > 0, flag
    assert min(seen["surge", "signal", None, alert] for alert in (True, False)) > 0


def test_conditions_ask_for_what_profiles_say() -> None:
    """Each word about an address and each field is asked about, and some profile meets the condition."""
    rng = Random(1)
    met: Counter[str] = Counter()
    for _ in range(6_000):
        where, fields = random_fit_where(rng), random_fields(rng)
        if all_hold(where, fields):
            met.update(list(where))
            met.update(
                [
                    condition["is"]
                    for condition in where.values()
                    if isinstance(condition, dict) and "is" in condition
                ]
            )
    assert met.keys() == {*WORDS, *FIELDS}


@pytest.mark.parametrize("seed", range(20))
def test_the_same_seed_makes_the_same(seed: int) -> None:
    """Seeds are the only source of chance, and Kafka timestamps never go back."""
    model, lines = _whole(seed)
    assert (model, lines) == _whole(seed)
    times = [instant_ms(line["timestamp"]) for line in lines]
    assert times == sorted(times)


@pytest.mark.parametrize("seed", range(15))
def test_steps_do_not_matter(seed: int) -> None:
    """Law 3: after the last input, one step to the end, or some that stay before it, give the same answer."""
    model, lines = _whole(seed)
    end_ms = max(instant_ms(line["timestamp"]) for line in lines) + 90 * 86_400_000
    rng = Random(seed)
    timers = [
        {"topic": "timer", "lead_id": lead["lead_id"], "timestamp": iso(end_ms - rng.randrange(90 * 86_400_000))}
        for lead in score(lines, model, None)["leads"]
        for _ in range(3)
    ]
    timers.sort(key=lambda line: instant_ms(line["timestamp"]))
    assert differences(score(lines, model, end_ms), score([*lines, *timers], model, end_ms)) == []
