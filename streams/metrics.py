"""What operations see: one object with every metric, on a registry that is given.

Names are `leadline_<thing>_<unit>`; label values are closed sets (topics, partitions, outcomes, reasons, the
model's own band names), never a lead.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_RECORDS = (1, 10, 100, 500, 1000, 2000, 5000, 10_000)


class Metrics:
    """Counters, gauges and histograms of one worker."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.records = Counter(
            "leadline_records_total",
            "Records that lanes have committed, by what became of them",
            ("topic", "outcome"),
            registry=registry,
        )
        self.rejected = Counter(
            "leadline_rejected_total", "Records refused, by reason", ("reason",), registry=registry
        )
        self.changes = Counter(
            "leadline_changes_total", "Bands entered and left", ("band", "direction", "cause"), registry=registry
        )
        self.alerts = Counter("leadline_alerts_total", "Changes that alert sales", registry=registry)
        self.commit_seconds = Histogram(
            "leadline_commit_seconds",
            "From sending a commit to Redis's answer",
            buckets=_SECONDS,
            registry=registry,
        )
        self.batch_records = Histogram(
            "leadline_batch_records", "Records of a commit", buckets=_RECORDS, registry=registry
        )
        self.fold_seconds = Counter(
            "leadline_fold_seconds_total", "Time spent decoding and scoring batches", registry=registry
        )
        self.takeovers = Counter("leadline_takeovers_total", "Lanes taken over", registry=registry)
        self.rewound = Counter(
            "leadline_rewound_total", "Times that Redis stood elsewhere than the lane", registry=registry
        )
        self.store_retries = Counter(
            "leadline_store_retries_total", "Commits tried again while Redis was away", registry=registry
        )
        self.published = Counter(
            "leadline_published_total", "Outbox entries acknowledged by Kafka", ("topic",), registry=registry
        )
        self.outbox_entries = Gauge(
            "leadline_outbox_entries", "Entries not yet known to be in Kafka", ("partition",), registry=registry
        )
        self.stream_time_seconds = Gauge(
            "leadline_stream_time_seconds",
            "Stream time of a lane, as a Unix time",
            ("partition",),
            registry=registry,
        )
        self.halted = Gauge(
            "leadline_lane_halted", "1 while a lane waits for the operator", ("partition",), registry=registry
        )
        self.cached_leads = Gauge(
            "leadline_cached_leads", "Leads kept in memory", ("partition",), registry=registry
        )
        self.model = Gauge(
            "leadline_model_info",
            "1 for the model in force on a lane",
            ("partition", "version"),
            registry=registry,
        )

    def exposition(self) -> bytes:
        """All of it, in Prometheus's text format."""
        return generate_latest(self.registry)
