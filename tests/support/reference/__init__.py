"""A slow scorer that is right by inspection, to check the fast one against. It shares no code with `scoring/`.

It is written from the contract of scoring alone; docstrings name the section that they restate. The path of a
line is the order of the modules:

    members.py     section 3   what every input has, and how it is refused
    accept.py      sections 3, 6   what a signal and a profile are once accepted; commands.py: section 11
    model.py       sections 4-10  the scoring model as plain values; document*.py: what its YAML may hold
    instants.py    section 2   instants; conditions.py: `where`; mail.py: section 6, `is`
    lead.py        sections 3-5, 11  one lead: every accepted signal kept for ever, limits, memories, retracts
    fit.py         section 6   what the profile makes of a lead; surge.py: section 10
    points.py      sections 4-8  the score at an instant, summed anew from that list each time
    bands.py       section 9   the band that a score leads to; falls.py: the first second of a fall
    steps.py       sections 8-10  what is published while time passes and after an input
    acts.py        section 11  what a command does to a lead
    fold.py        sections 2, 3, 11  lines in, one JSON object out
    compare.py     how that object and the product's are compared

It keeps no running figure: nothing can go stale, and nothing is fast. The one short cut is in falls.py, with its
argument. It may not import `scoring` or `streams`.
"""

from tests.support.reference.compare import differences
from tests.support.reference.document import read_model
from tests.support.reference.fold import score
from tests.support.reference.model import BadModel, Model

__all__ = ["BadModel", "Model", "differences", "read_model", "score"]
