"""A commit as the arguments of `scripts/commit.lua`: one flat list of strings, nothing that Lua must take apart.

Flat arguments were measured against one packed argument (cmsgpack): Redis needs the same time, and no format
of our own stands between.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from streams.lane.ports import Commit
from streams.store.entries import stream_id, to_fields
from streams.store.keys import Keys

OUTCOMES_LENGTH = 1_000_000
"""Outcomes kept of a partition's leads: enough to learn from, and a gigabyte at most."""

HISTORY_LENGTH = 50
"""Changes kept of a lead: a year of weekly crossings, and a lead's page still shows them all."""

Argument = str | bytes


def check(commit: Commit) -> None:
    """Raise ValueError for a commit that Redis could only take in part: that would be a bug of the lane."""
    if not math.isfinite(sum(commit.board.values())):
        raise ValueError("a bound on the board is no finite number")
    numbers = [entry.number for entry in commit.outbox]
    if numbers and numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        raise ValueError(f"the numbers of new outbox entries have a gap: {numbers[0]} to {numbers[-1]}")


def meta_after(commit: Commit) -> dict[str, str]:
    """Every field of meta that this commit writes; those that the store maintains win over the lane's."""
    fields = dict(commit.meta)
    fields.update((f"offset:{topic}", str(to)) for topic, (_, to) in commit.offsets.items())
    fields["commit"] = commit.commit_id
    fields["ver"] = str(commit.ver + 1)
    if commit.outbox:
        fields["outbox"] = str(commit.outbox[-1].number)
    return fields


def keys_of(keys: Keys, commit: Commit) -> list[str]:
    """KEYS of the script."""
    histories = [keys.histories + lead for lead in commit.history]
    streams = [keys.outbox, keys.journal, keys.outcomes]
    return [keys.meta, keys.timers, keys.board, *streams, keys.erased, keys.absent, *histories]


def arguments(keys: Keys, token: str, commit: Commit) -> list[Argument]:
    """ARGV of the script. Raises ValueError (see `check`)."""
    check(commit)
    last_entry = str(commit.outbox[0].number - 1) if commit.outbox else ""
    out: list[Argument] = [token, commit.commit_id, str(commit.ver), last_entry]
    out += (str(HISTORY_LENGTH), str(len(commit.outbox)), str(OUTCOMES_LENGTH))
    _add(out, [f"offset:{topic}" for topic in commit.offsets])
    _add(out, [str(at) for at, _ in commit.offsets.values()])
    for entry in commit.outbox:
        _add(out, [stream_id(entry.number), *to_fields(entry)])
    _add(out, _pairs(meta_after(commit)))
    _add_erasures(out, keys, commit)
    _add(out, [*_states(keys.leads, commit.states), *_states(keys.profiles, commit.profiles)])
    _add(out, _scores(commit.board))
    _add(out, _scores({lead: at for lead, at in commit.timers.items() if at is not None}))
    _add(out, [lead for lead, at in commit.timers.items() if at is None])
    for changes in commit.history.values():
        _add(out, changes[-HISTORY_LENGTH:])
    _add(out, [stream_id(commit.trim + 1)] if commit.trim else [])
    _add(out, [] if commit.journal is None else [commit.journal])
    _add(out, [word for lead, record in commit.outcomes for word in (keys.told + lead, record)])
    _add(out, [word for digest, until_ms in commit.erased.items() for word in (digest, str(until_ms))])
    return out


def _add_erasures(out: list[Argument], keys: Keys, commit: Commit) -> None:
    _add(out, commit.gone)
    _add(out, [keys.told + lead for lead in commit.gone])
    _add(out, [prefix + lead for lead in commit.gone for prefix in (keys.leads, keys.profiles, keys.histories)])
    out.append(str(len(commit.replaced)))
    for entry in commit.replaced:
        _add(out, [stream_id(entry.number), *to_fields(entry)])


def _add(out: list[Argument], section: Sequence[Argument]) -> None:
    out.append(str(len(section)))
    out += section


def _pairs(fields: Mapping[str, str]) -> list[Argument]:
    return [word for pair in fields.items() for word in pair]


def _states(prefix: str, states: Mapping[str, bytes]) -> list[Argument]:
    out: list[Argument] = []
    for lead, state in states.items():
        out += (prefix + lead, state)
    return out


def _scores(scores: Mapping[str, float]) -> list[Argument]:
    """Score before member, as ZADD takes them; `repr` of a float is exact."""
    out: list[Argument] = []
    for lead, score in scores.items():
        out += (repr(score), lead)
    return out
