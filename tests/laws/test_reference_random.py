"""The product against the slow reference on large random models and histories, with everything in them."""

from __future__ import annotations

from random import Random

import pytest
import yaml

from schemas.topics import COMMANDS
from tests.laws.cases import fits
from tests.laws.drive import scored
from tests.support.generate import Mix, random_history, random_model
from tests.support.generate.models import Model
from tests.support.reference import differences, score

MODELS, LEADS = 20, 200
LINES_PER_LEAD = 6
"""Mean of a skewed spread, so that some leads have 30. The reference takes the square of it: 2 ms a lead so."""

TIMEOUT_S = 60


def _model(rng: Random) -> Model:
    """The first random model that the product takes."""
    while not fits(model := random_model(rng)):
        pass
    return model


@pytest.mark.timeout(TIMEOUT_S)
@pytest.mark.parametrize("seed", range(MODELS))
def test_random_models_and_leads_agree(seed: int) -> None:
    """20 models times 200 leads with late, repeated, machines' and broken lines, and new models on the way."""
    rng = Random(seed)
    model = _model(rng)
    lines = random_history(rng, model, LEADS, Mix(lines_per_lead=LINES_PER_LEAD, commands=seed % 3))
    lines = [
        line for line in lines if line["topic"] != COMMANDS.name or fits(yaml.safe_load(line["value"]["body"]))
    ]
    assert differences(score(lines, model, None), scored(model, lines)) == []


@pytest.mark.parametrize("seed", [100, 102, 103])
def test_long_lives_agree(seed: int) -> None:
    """A few leads of some hundred signals each: more ids, buckets and hours than are remembered."""
    rng = Random(seed)
    model = _model(rng)
    lines = random_history(rng, model, 3, Mix(lines_per_lead=400, repeated=0.15))
    assert differences(score(lines, model, None), scored(model, lines)) == []
