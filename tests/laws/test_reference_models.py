"""The product against the slow reference while one model after another comes into force."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.laws.cases import fits
from tests.laws.drive import scored
from tests.laws.edges import END_MS, GAPS_MS, KIND_LISTS, edge_histories, edge_models
from tests.support.reference import differences, score
from tests.support.reference.instants import instant_ms, iso

NAMED = sorted({kind for kinds in KIND_LISTS for kind in kinds})
NAMES_ALL = {"id": "all", "kind": NAMED, "points": 1, "where": {"never": "sent"}}
"""The contract does not say what becomes of counts under a kind that is no longer named: each stays named."""


@st.composite
def successions(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A model, and lines among which others come into force: rules change place, points, group, or count anew."""
    engaging = draw(st.sampled_from(KIND_LISTS))
    quiet = draw(st.booleans())
    models = [_comparable(draw(edge_models()), engaging, quiet=quiet) for _ in range(draw(st.integers(2, 3)))]
    models[1]["rules"] += draw(st.permutations(models[0]["rules"]))[:2]
    models[1]["rules"] = list({rule["id"]: rule for rule in models[1]["rules"]}.values())
    lines = draw(edge_histories())
    for number, model in enumerate(models[1:], start=1):
        place = draw(st.integers(0, len(lines)))
        lines.insert(
            place, _command(number, model, lines[max(0, place - 1)]["timestamp"], draw(st.sampled_from(GAPS_MS)))
        )
    assume(all(fits(model) for model in models))
    return models[0], lines


def _comparable(model: dict[str, Any], engaging: list[str], *, quiet: bool) -> dict[str, Any]:
    """The model with what the contract leaves open made the same: which kinds it names, and which engage."""
    model = model | {"rules": [*model["rules"], NAMES_ALL]}
    model.pop("inactivity", None)
    if quiet:
        model["inactivity"] = {"after": "36h", "points": -10, "every": "1h", "at_most": 2, "count": engaging}
    return model


def _command(number: int, model: dict[str, Any], timestamp: str, ago_ms: int) -> dict[str, Any]:
    """A record at that Kafka timestamp; the instant of the command may be earlier than what was applied."""
    version = f"model-{number}"
    body = json.dumps(model | {"version": version})
    occurred_at = iso(instant_ms(timestamp) - ago_ms)
    value = {"id": f"c-{number}", "occurred_at": occurred_at, "command": "model", "version": version, "body": body}
    return {"topic": "lead.commands", "timestamp": timestamp, "value": value}


@given(successions())
def test_models_in_succession_agree(case: tuple[dict[str, Any], list[dict[str, Any]]]) -> None:
    """What a lead carries over, where its band then is, and what it does from there on."""
    model, lines = case
    assert differences(score(lines, model, END_MS), scored(model, lines, END_MS)) == []
