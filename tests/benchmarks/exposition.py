"""The worker's own metrics, read from outside, as Prometheus would."""

from __future__ import annotations

import urllib.request
from itertools import pairwise
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

TIMEOUT_S = 10.0
"""A page of metrics takes 10 ms; a worker in the middle of a batch takes one batch longer."""


class Histogram(NamedTuple):
    """`cumulative[i]` observations were at most `bounds[i]`."""

    bounds: tuple[float, ...]
    cumulative: tuple[float, ...]
    total: float

    @property
    def observations(self) -> float:
        """How many there were."""
        return self.cumulative[-1] if self.cumulative else 0.0

    @property
    def mean(self) -> float:
        """0 without observations."""
        return self.total / self.observations if self.observations else 0.0

    def quantile(self, share: float) -> float:
        """The value below which this share lies, by a straight line within its bucket, as Prometheus does it."""
        wanted = share * self.observations
        steps = pairwise([(0.0, 0.0), *zip(self.bounds, self.cumulative, strict=True)])
        for (low, before), (high, until) in steps:
            if until >= wanted and until > before:
                return low if high == float("inf") else low + (high - low) * (wanted - before) / (until - before)
        return 0.0


class Exposition:
    """One page of metrics, as it was when it was read."""

    def __init__(self, text: str) -> None:
        families = text_string_to_metric_families(text)
        self._samples = [sample for family in families for sample in family.samples]

    @classmethod
    def read(cls, address: str) -> Exposition:
        """Ask the worker at `host:port`. Raises OSError."""
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=TIMEOUT_S) as answer:
            return cls(answer.read().decode())

    def total(self, name: str) -> float:
        """The sum of a counter or gauge over all its labels."""
        return sum(sample.value for sample in self._samples if sample.name == name)

    def by(self, name: str, label: str) -> dict[str, float]:
        """The same, by the values of one label."""
        sums: dict[str, float] = {}
        for sample in self._samples:
            if sample.name == name:
                value = sample.labels[label]
                sums[value] = sums.get(value, 0.0) + sample.value
        return sums

    def histogram(self, name: str) -> Histogram:
        """A histogram without labels."""
        buckets = sorted((float(bound), count) for bound, count in self.by(f"{name}_bucket", "le").items())
        return Histogram(
            tuple(bound for bound, _ in buckets), tuple(count for _, count in buckets), self.total(f"{name}_sum")
        )
