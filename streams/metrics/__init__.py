"""What operations see: every metric of a worker, on a registry that is given.

- `counted`  counters and histograms, counted by whoever does the thing, once for each batch
- `shown`    gauges, looked up when somebody asks: a pure function of `streams.facts.WorkerFacts`
- `read`     a page read back, for who checks it

Names are `leadline_<thing>_<unit>`; label values are closed sets (topics, partitions, outcomes, reasons, the
model's own band names), never a lead. Nothing is counted for each record: a batch is counted as a whole.

Gauges are of the lanes that this worker holds now: one that it has given away says nothing here any more.

prometheus_client is imported in this folder only.
"""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, ProcessCollector, disable_created_metrics

from streams.facts import WorkerFacts
from streams.metrics.counted import Metrics
from streams.metrics.shown import NOTHING, Shown

__all__ = ["NAMES", "Metrics", "new_metrics", "show"]


NAMES = frozenset(
    family.name for family in (*Metrics(CollectorRegistry()).registry.collect(), *Shown(lambda: NOTHING).collect())
)
"""Of every metric, without what Prometheus appends to counters and histograms."""


def new_metrics() -> Metrics:
    """Metrics on a registry of their own, without gauges."""
    return Metrics(CollectorRegistry())


def show(metrics: Metrics, facts: Callable[[], WorkerFacts]) -> None:
    """From now on its page has the gauges of a worker, too, its build, and what the process uses."""
    # A series beside each counter, which says nothing that is asked for.
    disable_created_metrics()  # type: ignore[no-untyped-call] # it has no types
    metrics.registry.register(Shown(facts))
    ProcessCollector(registry=metrics.registry)
