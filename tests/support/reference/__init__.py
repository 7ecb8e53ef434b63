"""A slow scorer that is right by inspection, to check the fast one against. It shares no code with `scoring/`.

It is written from the contract of scoring alone; docstrings name the section that they restate. The path of a
line is the order of the modules:

    accept.py      section 3   what is refused, and why; what a signal is once accepted
    model.py       section 4+  the scoring model as plain values (instants.py: section 2, conditions.py: `where`)
    lead.py        sections 3-5  one lead: every accepted signal kept for ever, limits, memories
    points.py      sections 4-7  the score at an instant, summed anew from that list each time
    bands.py       section 9   the band that a score leads to; falls.py: the first second of a fall
    fold.py        sections 2, 9, 11  lines in, one JSON object out
    compare.py     how that object and the product's are compared

It keeps no running figure: nothing can go stale, and nothing is fast. The one short cut is in falls.py, with its
argument. It may not import `scoring` or `streams`. Fit, flags, surge, and commands other than `model` are not
covered: a model or a line that asks for them is refused.
"""

from tests.support.reference.compare import differences
from tests.support.reference.fold import score
from tests.support.reference.model import BadModel, Model, read_model

__all__ = ["BadModel", "Model", "differences", "read_model", "score"]
