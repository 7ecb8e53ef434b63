"""What is counted when it happens, on a registry that is given: counters and histograms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import choose_encoder

from schemas.rejected import Reason
from schemas.topics import CHANGES, REJECTED, REKEYED

STAGES = ("decode", "load", "fold", "encode", "publish")
"""The steps of a batch; how long its commit took is a histogram of its own."""

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_STEP_SECONDS = (0.0001, 0.00025, 0.0005, *_SECONDS[:-3])
"""A batch of a few records is decoded in less than a thousandth of a second."""

_RECORDS = (1, 10, 100, 500, 1000, 2000, 5000, 10_000)
_PROMISED_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)
"""From milliseconds on an idle system to a backlog: what is above an hour came after a long stop."""


class Metrics:
    """Counters and histograms of one worker, and the page that shows all of its registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._count_records()
        self._count_changes()
        self._count_mishaps()
        self._measure()

    def _count_records(self) -> None:
        self.records = self._counter(
            "records_total", "Records that lanes have committed, by what became of them", "topic", "outcome"
        )
        self.rejected = self._counter("rejected_total", "Records refused, by reason", "reason")
        _begin_at_zero(self.rejected, Reason)
        self.cache_lookups = self._counter(
            "cache_lookups_total", "Leads that batches needed: in memory (hit), or asked of Redis (miss)", "result"
        )
        _begin_at_zero(self.cache_lookups, ("hit", "miss"))

    def _count_changes(self) -> None:
        self.changes = self._counter("changes_total", "Changes committed", "kind", "band", "direction", "cause")
        self.alerts = self._counter("alerts_total", "Changes that alert sales")
        self.published = self._counter("published_total", "Outbox entries acknowledged by Kafka", "topic")
        _begin_at_zero(self.published, (CHANGES.name, REJECTED.name, REKEYED.name))
        self.publish_retries = self._counter(
            "publish_retries_total", "Times that entries were handed to Kafka again: it was away, or refused them"
        )

    def _count_mishaps(self) -> None:
        self.corrections = self._counter(
            "corrections_total", "Entries published before that are made again, after Redis has lost commits"
        )
        self.takeovers = self._counter("takeovers_total", "Lanes taken over")
        self.rebalances = self._counter("rebalances_total", "Assignments of partitions that Kafka has made here")
        self.fenced = self._counter("fenced_total", "Times that another owner has taken a lane from here")
        self.rewound = self._counter("rewound_total", "Times that Redis stood elsewhere than the lane")
        self.store_retries = self._counter("store_retries_total", "Calls tried again while Redis was away")

    def _measure(self) -> None:
        self.commit_seconds = self._histogram("commit_seconds", "From sending a commit to Redis's answer", _SECONDS)
        self.stage_seconds = self._histogram(
            "stage_seconds",
            "Time of a batch in a step: decode, load, fold, encode, publish",
            _STEP_SECONDS,
            "stage",
        )
        _begin_at_zero(self.stage_seconds, STAGES)
        self.batch_records = self._histogram("batch_records", "Records of a commit", _RECORDS)
        self.event_to_change_seconds = self._histogram(
            "event_to_change_seconds",
            "From a record's Kafka timestamp to the change that it made, acknowledged by Kafka",
            _PROMISED_SECONDS,
        )

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"leadline_{name}", meaning, labels, registry=self.registry)

    def _histogram(self, name: str, meaning: str, buckets: Sequence[float], *labels: str) -> Histogram:
        return Histogram(f"leadline_{name}", meaning, labels, buckets=buckets, registry=self.registry)

    def page(self, accept: str = "") -> tuple[bytes, str]:
        """All of it, and its content type: Prometheus's text, or OpenMetrics with exemplars if asked for."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type


def _begin_at_zero(family: Counter | Histogram, values: Iterable[str]) -> None:
    """Shown before the first one is counted: Prometheus sees no increase in a series that begins at 1."""
    for value in values:
        family.labels(value)
