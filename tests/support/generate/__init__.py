"""Random scoring models and histories, from a seed, valid by the contract unless made to be refused.

    words.py       kinds, topics and attributes that models ask about and signals carry; profiles.py: fields
    models.py      `random_model`, `random_successor`, `model_yaml`; whole.py: fit, segments, grades, surge
    histories.py   `random_history`: lines for `score` in order of arrival; acts.py: profiles and commands
    inputs.py      what these have in common with signals; crowds.py: more than a lead may have
    broken.py      signals that the contract refuses, each with its reason; broken_acts.py: profiles, commands
    strategies.py  small models and histories for hypothesis, which shrink

The same seed makes the same model and history. Nothing reads a clock. What the contract leaves open is kept
out, so that two readings of it cannot differ on what is made here: one fault a refused line, no kind without a
dot, no number that is whole but written as a float, no repeat exactly 72 h later.
"""

from tests.support.generate.acts import Acts
from tests.support.generate.broken import BROKEN, Broken
from tests.support.generate.broken_acts import BROKEN_COMMANDS, BROKEN_PROFILES
from tests.support.generate.histories import Mix, random_history
from tests.support.generate.models import model_yaml, random_model, random_successor

__all__ = [
    "BROKEN",
    "BROKEN_COMMANDS",
    "BROKEN_PROFILES",
    "Acts",
    "Broken",
    "Mix",
    "model_yaml",
    "random_history",
    "random_model",
    "random_successor",
]
