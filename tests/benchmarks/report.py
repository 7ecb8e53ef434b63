"""Figures of the benchmark as a table for people; report_json.py has them for programs. Nothing is decided here.

What was measured in several rounds is told as the median, with the lowest and the highest behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tests.benchmarks.machine import Machine
from tests.benchmarks.measure import Result, Run
from tests.benchmarks.runs import ONE, TWO, Bench
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.spread import Spread, spread

LABEL_WIDTH = 60
COLUMNS = (19, 19, 12, 9, 11, 10, 8)

Row = tuple[str, Sequence[str]]

OURS = "exactly once; a commit for each batch (below); 10,000 leads of a lane in memory; Redis appendfsync everysec"
RAW = "reads the records and throws them away"


def bench_table(bench: Bench) -> str:
    """All of it."""
    workload = bench.workload
    lines = [
        *_machine(bench.machine),
        f"{workload.events:,} events of {workload.days:.0f} days and {workload.leads:,} leads, "
        f"{workload.partitions} partitions; rounds: {len(bench.raw)}",
        *bench.notices,
        "",
        *table(_side_by_side(bench)),
        "",
    ]
    for name, results in bench.ours.items():
        lines += [*_detail(name, results), ""]
    if {ONE, TWO} <= bench.ours.keys():
        lines += [*_linear(bench), ""]
    lines += table(_latencies(bench), columns=(10, 10, 10, 10, 18))
    if bench.sizes is not None:
        lines += ["", *_sizes(bench.sizes)]
    return "\n".join(lines)


def table(rows: Iterable[Row], width: int = LABEL_WIDTH, columns: Sequence[int] = COLUMNS) -> list[str]:
    """Labels to the left, cells to the right; a row may have fewer cells than there are columns."""
    return [
        f"{label:{width}}" + "".join(f"{cell:>{column}}" for cell, column in zip(cells, columns, strict=False))
        for label, cells in rows
    ]


def _side_by_side(bench: Bench) -> Iterator[Row]:
    """Everybody by CPU, each with its settings in the line below."""
    head = ("whole run", "second half", "x raw read", "Kafka", "events/s", "changes", "MiB")
    yield "CPU µs per event, the store's with it, Kafka's apart", head
    raw = Spread(tuple(bench.raw_us))
    yield "raw read by aiokafka", (raw.text(2), "", "1", "", f"{bench.workload.events / bench.raw_wall_s:,.0f}")
    yield f"    {RAW}", ()
    for name, results in bench.ours.items():
        yield _line(bench, f"leadline, {name}", results)
    yield f"    {OURS}", ()
    for peer, runs in bench.peers.items():
        yield _line(bench, peer.name, runs)
        first = f"; the first {peer.events_max:,} events only" if peer.events_max else ""
        yield f"    {peer.settings}{first}", ()


def _line(bench: Bench, name: str, runs: Sequence[Run]) -> Row:
    whole = spread(runs, lambda run: run.whole.path_us)
    times = Spread(tuple(one / bench.raw_median_us for one in whole.values))
    return name, (
        whole.text(),
        spread(runs, lambda run: run.second_half.path_us).text(),
        f"{times.median:.1f}",
        f"{spread(runs, lambda run: run.whole.kafka_us).median:.1f}",
        f"{spread(runs, lambda run: run.whole.events_per_s).median:,.0f}",
        f"{runs[-1].changes:,}",
        f"{max(run.peak_mib for run in runs):,.0f}",
    )


def _detail(name: str, results: Sequence[Result]) -> list[str]:
    def both(part: str) -> Sequence[str]:
        return [
            spread(results, lambda result: getattr(result.whole, part)).text(),
            spread(results, lambda result: getattr(result.second_half, part)).text(),
        ]

    last = results[-1]
    commits, batches, gaps = last.commit_seconds, last.batch_records, last.rhythm
    worst = max(result.rhythm.max_s for result in results)
    counted = ", ".join(f"{count:,.0f} {what}" for what, count in last.counters.items())
    return [
        *table(
            [
                (f"leadline, {name}", ("whole run", "second half")),
                ("  CPU µs per event: workers", both("own_us")),
                ("    Redis", both("redis_us")),
                ("    in Redis's: rewriting its file", both("rewrite_us")),
                ("    beside them: Kafka", both("kafka_us")),
            ]
        ),
        f"  start: first commit after {spread(results, lambda result: result.start_s).text()} s, "
        f"{spread(results, lambda result: result.start_cpu_s).text()} CPU s (not in the above)",
        f"  memory: a worker {max(result.peak_mib for result in results):,.0f} MiB at most; Redis "
        f"{last.redis_mib:,.0f} MiB for {last.leads:,} leads",
        f"  between two commits of a lane: p50 {gaps.p50_s * 1e3:,.0f} ms, p99 {gaps.p99_s * 1e3:,.0f} ms, at most "
        f"{worst * 1e3:,.0f} ms; {batches.mean:,.0f} records each",
        f"  Redis's answer to a commit: p50 {commits.quantile(0.5) * 1e3:,.0f} ms, p99 "
        f"{commits.quantile(0.99) * 1e3:,.0f} ms",
        f"  records: {counted}",
    ]


def _linear(bench: Bench) -> list[str]:
    """Two workers beside one, while every lane has work; and what there was to share."""
    one, two = bench.ours[ONE], bench.ours[TWO]
    speeds = [spread(results, lambda result: result.together.events_per_s).median for results in (one, two)]
    busy = [spread(results, lambda result: result.together.cores).median for results in (one, two)]
    cores = bench.machine.cores
    return [
        f"2 workers: {speeds[1] / speeds[0]:.2f} times the events per second of 1, while all have work",
        f"  workers, Redis and Kafka keep {busy[0]:.2f} of {cores} cores busy with 1 worker, {busy[1]:.2f} with 2: "
        f"the cores allow {cores / busy[0]:.2f} times",
    ]


def _latencies(bench: Bench) -> Iterator[Row]:
    yield "From an event to its change, ms", ("p50", "p99", "at most", "samples", "other events/s")
    for name, took in bench.latency.items():
        cells = [f"{figure:.1f}" for figure in (took.p50_ms, took.p99_ms, took.max_ms)]
        yield f"  {name}", [*cells, f"{took.samples}", f"{took.around_per_s:,.0f}"]


def _sizes(sizes: Sizes) -> list[str]:
    return [
        f"Redis holds {sizes.lead:.0f} bytes of a lead with 20 events behind it: {sizes.state:.0f} for its state "
        f"({sizes.encoded:.0f} as such), {sizes.board:.0f} for the board",
        f"  and where it has one: {sizes.timer:.0f} for a timer, {sizes.profile:.0f} for a profile of six fields, "
        f"{sizes.history:.0f} for a history of one change",
    ]


def _machine(machine: Machine) -> list[str]:
    lines = [
        f"{machine.cpu}, {machine.cores} cores, {machine.memory_gib:.0f} GiB, {machine.system}; Python "
        f"{machine.python}, Kafka {machine.kafka}, Redis {machine.redis}",
    ]
    if machine.is_busy:
        lines.append(f"The machine was busy (load average {machine.load:.1f}): only ratios compare.")
    return lines
