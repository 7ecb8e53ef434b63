"""The product against the slow reference on large random models and histories, with everything in them."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
import yaml

from schemas.topics import COMMANDS
from tests.laws.cases import fits
from tests.laws.drive import scored
from tests.support.generate import Acts, Mix, random_history, random_model
from tests.support.generate.models import Model
from tests.support.reference import differences, score

MODELS, LEADS = 20, 60
LINES_PER_LEAD = 6
"""Mean of a skewed spread, so that some leads have 30. The reference takes the square of it: 2 ms a lead so."""

TIMEOUT_S = 60


def _model(rng: Random) -> Model:
    """The first random model that the product takes."""
    while not fits(model := random_model(rng, whole=True)):
        pass
    return model


def _taken(lines: list[Any]) -> list[Any]:
    """The lines without the models that the product does not take."""
    commands = [line for line in lines if line["topic"] == COMMANDS.name and isinstance(line["value"], dict)]
    models = [line for line in commands if line["value"].get("command") == "model"]
    refused = [line for line in models if not fits(yaml.safe_load(line["value"]["body"]))]
    return [line for line in lines if line not in refused]


@pytest.mark.timeout(TIMEOUT_S)
@pytest.mark.parametrize("seed", range(MODELS))
def test_random_models_and_leads_agree(seed: int) -> None:
    """20 models times 60 leads, with all that a lead can send or hear, broken lines, and new models on the way."""
    rng = Random(seed)
    model = _model(rng)
    mix = Mix(lines_per_lead=LINES_PER_LEAD, commands=seed % 3, acts=Acts())
    lines = _taken(random_history(rng, model, LEADS, mix))
    assert differences(score(lines, model, None), scored(model, lines)) == []


@pytest.mark.parametrize("seed", [100, 102, 103])
def test_long_lives_agree(seed: int) -> None:
    """A few leads of some hundred signals each: more ids, buckets and hours than are remembered."""
    rng = Random(seed)
    model = _model(rng)
    mix = Mix(lines_per_lead=300, repeated=0.15, acts=Acts(erase=0.0005))
    lines = random_history(rng, model, 2, mix)
    assert differences(score(lines, model, None), scored(model, lines)) == []
