"""What operations see: one object with every metric, on a registry that is given.

Names are `leadline_<thing>_<unit>`; label values are closed sets (topics, partitions, outcomes, reasons, the
model's own band names), never a lead.
"""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_RECORDS = (1, 10, 100, 500, 1000, 2000, 5000, 10_000)


class Metrics:
    """Counters, gauges and histograms of one worker."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.records = self._counter(
            "records_total", "Records that lanes have committed, by what became of them", "topic", "outcome"
        )
        self.rejected = self._counter("rejected_total", "Records refused, by reason", "reason")
        self.changes = self._counter("changes_total", "Changes published", "kind", "band", "direction", "cause")
        self.alerts = self._counter("alerts_total", "Changes that alert sales")
        self.published = self._counter("published_total", "Outbox entries acknowledged by Kafka", "topic")
        self.fold_seconds = self._counter("fold_seconds_total", "Time spent scoring batches")
        self.corrections = self._counter(
            "corrections_total", "Entries published before that are made again, after Redis has lost commits"
        )
        self.takeovers = self._counter("takeovers_total", "Lanes taken over")
        self.rewound = self._counter("rewound_total", "Times that Redis stood elsewhere than the lane")
        self.store_retries = self._counter("store_retries_total", "Calls tried again while Redis was away")
        self.commit_seconds = self._histogram("commit_seconds", "From sending a commit to Redis's answer", _SECONDS)
        self.batch_records = self._histogram("batch_records", "Records of a commit", _RECORDS)
        self.outbox_entries = self._gauge("outbox_entries", "Entries not yet known to be in Kafka", "partition")
        self.outbox_full = self._gauge(
            "outbox_full", "1 while a lane reads nothing because its outbox has no room", "partition"
        )
        self.stream_time_seconds = self._gauge(
            "stream_time_seconds", "Stream time of a lane, as a Unix time", "partition"
        )
        self.halted = self._gauge("lane_halted", "1 while a lane waits for the operator", "partition")
        self.cached_leads = self._gauge("cached_leads", "Leads kept in memory", "partition")
        self.model = self._gauge("model_info", "1 for the model in force on a lane", "partition", "version")

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"leadline_{name}", meaning, labels, registry=self.registry)

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"leadline_{name}", meaning, labels, registry=self.registry)

    def _histogram(self, name: str, meaning: str, buckets: Sequence[float]) -> Histogram:
        return Histogram(f"leadline_{name}", meaning, buckets=buckets, registry=self.registry)

    def exposition(self) -> bytes:
        """All of it, in Prometheus's text format."""
        return generate_latest(self.registry)


def new_metrics() -> Metrics:
    """The metrics of a worker, on a registry of their own."""
    return Metrics(CollectorRegistry())
