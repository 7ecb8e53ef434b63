"""What is generated is what it says it is, and the reference agrees with itself on it."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.generate import BROKEN, Mix, model_yaml, random_history, random_model, random_successor
from tests.support.generate.strategies import SPAN_MS, START_MS, histories, models
from tests.support.reference import differences, read_model, score
from tests.support.reference.falls import first_fall
from tests.support.reference.fold import _Fold
from tests.support.reference.instants import DAY_MS, SECOND_MS, instant_ms, iso
from tests.support.reference.points import breakdown

END_MS = START_MS + SPAN_MS + 30 * DAY_MS
RECORD_MS = instant_ms("2026-03-02T12:00:00Z")


@pytest.mark.parametrize("seed", range(60))
def test_models_and_their_successors_are_valid(seed: int) -> None:
    """A random model and the model after it are accepted, also after a turn through YAML."""
    model = random_model(Random(seed))
    after = random_successor(Random(seed), model)
    for one in (model, after):
        read_model(one)
        assert yaml.safe_load(model_yaml(one)) == one


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_broken_values_have_their_reason(name: str) -> None:
    """Each spoiled value is refused for the one fault that it was given."""
    broken = BROKEN[name]
    good = {"id": "e", "lead_id": "L", "occurred_at": iso(RECORD_MS), "kind": "page.viewed"}
    line = {"topic": "engagements", "timestamp": iso(RECORD_MS), "value": broken.spoil(good, RECORD_MS)}
    answer = score([line], {"rules": []}, None)
    assert answer["rejected"] == [{"line": 1, "reason": broken.reason, "field": broken.field}]
    untimed = score([{name: line[name] for name in ("topic", "value")}], {"rules": []}, None)
    assert len(untimed["rejected"]) == (0 if broken.by_record else 1)


def test_histories_reach_every_corner() -> None:
    """Over some seeds there is each sort of line, every reason, falls, alerts, and other models in force."""
    reasons, causes, alerts, ignored = set(), set(), set(), {"duplicate": 0, "machine": 0}
    for seed in range(25):
        model = random_model(Random(seed))
        lines = random_history(Random(seed), model, 10, Mix(commands=1, broken=0.1))
        times = [instant_ms(line["timestamp"]) for line in lines]
        assert times == sorted(times)
        assert lines == random_history(Random(seed), model, 10, Mix(commands=1, broken=0.1))
        answer = score(lines, model, None)
        reasons |= {one["reason"] for one in answer["rejected"]}
        causes |= {one["cause"] for one in answer["changes"]}
        alerts |= {one["alert"] for one in answer["changes"]}
        ignored = {name: count + answer["ignored"][name] for name, count in ignored.items()}
    assert reasons == {broken.reason for broken in BROKEN.values()}
    assert causes == {"signal", "time", "model"}
    assert alerts == {True, False}
    assert min(ignored.values()) > 50


@settings(max_examples=60, deadline=None)
@given(models(), histories(timers=False), st.integers(0, SPAN_MS // SECOND_MS))
def test_first_fall_is_the_one_of_a_plain_scan(model: dict[str, Any], lines: list[Any], after_s: int) -> None:
    """Looking at every second of the 20 minutes before, and at every hour before that, finds no earlier fall."""
    fold = _Fold(read_model(model))
    for number, line in enumerate(lines):
        fold.line(number, line)
    for lead in fold._leads.values():
        place = fold.model.place_of(lead.band)
        if place < 0:
            continue
        fall_ms = first_fall(fold.model, lead, END_MS)
        near_s = (fall_ms or lead.as_of_ms + after_s * SECOND_MS) // SECOND_MS
        leave = fold.model.bands[place].leave
        first_s = lead.as_of_ms // SECOND_MS + 1
        coarse = range(first_s, near_s, 3600)
        seconds = [*coarse, *range(max(first_s, near_s - 1200), near_s)]
        below = [at_s for at_s in seconds if breakdown(fold.model, lead, at_s * SECOND_MS).score < leave]
        assert [at_s for at_s in below if fall_ms is None or at_s < near_s] == []
        if fall_ms is not None:
            assert breakdown(fold.model, lead, fall_ms).score < leave


@settings(max_examples=60, deadline=None)
@given(models(), histories(timers=False), st.lists(st.integers(0, 29 * DAY_MS), max_size=5))
def test_steps_do_not_matter(model: dict[str, Any], lines: list[Any], steps: list[int]) -> None:
    """Law 3: after the last input, one step to the end, or many that stay before it, give the same answer."""
    if not lines:
        return
    last_ms = max(instant_ms(line["value"]["occurred_at"]) for line in lines)
    timers = [{"topic": "timer", "lead_id": "L", "timestamp": iso(last_ms + step)} for step in sorted(steps)]
    assert differences(score(lines, model, END_MS), score([*lines, *timers], model, END_MS)) == []


@settings(max_examples=60, deadline=None)
@given(models(limited=False), histories(distinct=True), st.randoms(use_true_random=False))
def test_order_does_not_matter(model: dict[str, Any], lines: list[Any], rng: Random) -> None:
    """Law 1: without limits, the same signals in any order give the same score."""
    plain = [{name: line[name] for name in ("topic", "value")} for line in lines if "value" in line]
    shuffled = rng.sample(plain, len(plain))
    ours, theirs = score(plain, model, END_MS), score(shuffled, model, END_MS)
    assert [one["score"] for one in ours["leads"]] == pytest.approx(
        [one["score"] for one in theirs["leads"]], abs=1e-6
    )


@settings(max_examples=60, deadline=None)
@given(models(), histories())
def test_explanation_sums_to_the_score(model: dict[str, Any], lines: list[Any]) -> None:
    """Law 5: contributions and adjustments add up to the score."""
    for lead in score(lines, model, END_MS)["leads"]:
        told = [part["points"] for part in (*lead["contributions"], *lead["adjustments"])]
        assert sum(told) == pytest.approx(lead["score"], abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(models(negative=False), histories(timers=False))
def test_score_never_rises_by_itself(model: dict[str, Any], lines: list[Any]) -> None:
    """Law 4: with no losses and ascending steps, time alone never raises the score."""
    scores = [score(lines, model, END_MS + days * DAY_MS)["leads"] for days in range(-60, 0, 7)]
    falling = [leads[0]["score"] for leads in scores if leads]
    assert falling == sorted(falling, reverse=True)
