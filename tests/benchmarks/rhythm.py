"""How far apart the commits of a lane are while it has work: so old is what is not yet saved.

Seen from Redis, by looking again and again at the number of commits of each lane. Between two looks a lane may
have made several: then they are taken as evenly spaced. So an interval is known to within the time of a look.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tests.benchmarks.progress import Lane


class Rhythm(NamedTuple):
    """Seconds between two commits of a lane."""

    commits: int
    p50_s: float
    p99_s: float
    max_s: float


def rhythm(at_s: Sequence[float], looks: Sequence[tuple[Lane, ...]]) -> Rhythm:
    """Of all lanes, each from its first commit until it has no more work. `looks[i]` was taken at `at_s[i]`."""
    gaps: list[tuple[float, int]] = []
    for lane in zip(*looks, strict=True):
        gaps += _gaps(at_s, lane)
    commits = sum(count for _, count in gaps)
    if not commits:
        return Rhythm(0, 0.0, 0.0, 0.0)
    gaps.sort()
    return Rhythm(commits, _quantile(gaps, 0.5 * commits), _quantile(gaps, 0.99 * commits), gaps[-1][0])


def _gaps(at_s: Sequence[float], lane: Sequence[Lane]) -> Iterator[tuple[float, int]]:
    """(seconds, how many commits were that far apart)."""
    end = lane[-1].records
    before_s: float | None = None
    commits = 0
    for now_s, standing in zip(at_s, lane, strict=True):
        if standing.commits == commits:
            continue
        if before_s is not None:
            made = standing.commits - commits
            yield (now_s - before_s) / made, made
        before_s, commits = now_s, standing.commits
        if standing.records == end:
            return


def _quantile(gaps: Sequence[tuple[float, int]], wanted: float) -> float:
    seen = 0
    for gap_s, count in gaps:
        seen += count
        if seen >= wanted:
            return gap_s
    return gaps[-1][0]
