"""What consumers are to be told of one lead, once its changes have been made again. Pure.

    1  a change that was made again and never told is told
    2  where the last word on a subject is another than it should be, or Redis had another band or other flags than
       it should have, the last change on that subject is told again
    3  where there is no such change, a correction is made up, with the cause `rebuild`
    4  words about a lead of which nothing is known any more are taken back by a tombstone

Changes keep their `change_id`; a change that was told and is not made again cannot be unsaid, but 2 and 3 see to it
that the last word is right. What was said before the outputs' memory (`since_ms`) counts as told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from scoring.flags import fit_flags, is_up
from scoring.lead import Lead
from scoring.plan import Plan
from streams.rebuild.told import BAND, COLD, FLAG, SURGE, Word, nothing_of
from streams.store.commit import HISTORY_LENGTH


class Look(NamedTuple):
    """What a state says of the subjects that changes are about."""

    band: str
    flags: frozenset[str]


NOTHING = Look(COLD, frozenset())
"""Of a lead without a state."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which changes are to be told, by change_id, and what must be made up: by subject, what was said instead."""

    told: frozenset[str]
    made_up: Mapping[str, str]


def look_at(plan: Plan, lead: Lead) -> Look:
    """The look of a lead at its `as_of`."""
    raised = frozenset(flag.reason for flag in lead.flags if is_up(flag, lead.as_of))
    return Look(plan.names[lead.band], raised | fit_flags(plan, lead.fit))


def subjects_between(before: Look | None, after: Look) -> set[str]:
    """The subjects in which two looks differ; none where there is no look before."""
    if before is None:
        return set()
    subjects = {FLAG + reason for reason in before.flags ^ after.flags}
    return subjects | {BAND} if before.band != after.band else subjects


def judge(made: Sequence[Word], told: Sequence[Word], differing: set[str], since_ms: int) -> Verdict:
    """`made` and `told` in order; `differing`: the subjects that Redis had otherwise."""
    known = {word.change_id for word in told}
    chosen = {word.change_id for word in made if word.change_id not in known and word.at_ms >= since_ms}
    said = {word.subject: word.says for word in told}
    said.update((word.subject, word.says) for word in made if word.change_id in chosen)
    last = {word.subject: word for word in made}
    made_up = {}
    for subject in sorted({*said, *(differing & last.keys())} - {SURGE}):
        word = last.get(subject)
        if word is None:
            if len(made) < HISTORY_LENGTH and said[subject] != nothing_of(subject):
                made_up[subject] = said[subject]
        elif subject in differing or said[subject] != word.says:
            chosen.add(word.change_id)
    return Verdict(frozenset(chosen), made_up)


def merged(by_log: Iterable[Word], by_redis: Iterable[Word]) -> list[Word]:
    """What was told of a lead by both sources, each change once with its last place, in the order of places."""
    by_id = {word.change_id: word for word in (*by_redis, *by_log)}
    return sorted(by_id.values(), key=lambda word: word.place)
