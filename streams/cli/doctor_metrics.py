"""`leadline doctor metrics`: the page of a worker as Prometheus will read it."""

from __future__ import annotations

import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from typing import NamedTuple

import click

from streams.cli.clients import settings
from streams.cli.errors import CRASH, UNREACHABLE, Failure
from streams.cli.output import json_option, write, write_json
from streams.metrics.read import BadPage, Series, read_page

PAGE_TIMEOUT_S = 10.0
"""Prometheus's own bound for a scrape."""

PROMTOOL_TIMEOUT_S = 30.0
"""It takes a tenth of a second."""


class Checked(NamedTuple):
    """What promtool says of a page; `is_here` is False where it is not installed."""

    is_here: bool
    findings: tuple[str, ...]


@click.command("metrics")
@click.option("--address", metavar="HOST:PORT", help="Where the worker answers, unless at LEADLINE_HTTP.")
@json_option
@click.pass_context
def metrics(ctx: click.Context, address: str | None, as_json: bool) -> None:
    """Read a worker's /metrics, and check it with promtool where that is installed.

    Exits with 1 if the page is not as it should be, with 3 if no worker answers.
    """
    given = address or settings().http
    page = _fetch(given)
    try:
        series = read_page(page)
    except BadPage as error:
        raise Failure(f"what {given} tells is no page of metrics: {error}", CRASH) from error
    checked = _promtool(page)
    if as_json:
        write_json(_members(given, series, checked))
    else:
        write(_lines(given, series, checked))
    ctx.exit(CRASH if checked.findings else 0)


def _fetch(address: str) -> str:
    try:
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=PAGE_TIMEOUT_S) as answer:
            return str(answer.read(), "utf-8", "replace")
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise Failure(
            f"no worker answers at {address} ({reason}): check that it runs, and LEADLINE_HTTP or --address",
            UNREACHABLE,
        ) from error


def _promtool(page: str) -> Checked:
    path = shutil.which("promtool")
    if path is None:
        return Checked(False, ())
    ran = subprocess.run(
        [path, "check", "metrics"], input=page, capture_output=True, text=True, timeout=PROMTOOL_TIMEOUT_S
    )
    told = tuple(line for line in (ran.stdout + ran.stderr).splitlines() if line.strip())
    return Checked(True, told or (() if ran.returncode == 0 else (f"promtool ended with {ran.returncode}",)))


def _lines(address: str, series: Series, checked: Checked) -> Iterator[str]:
    yield f"{address} tells {series.number:,} series of {len(series.names)} metrics"
    if not checked.is_here:
        yield "promtool is not installed: the page was read, and not checked further"
    elif not checked.findings:
        yield "promtool check metrics: nothing to find fault with"
    yield from (f"promtool check metrics: {line}" for line in checked.findings)


def _members(address: str, series: Series, checked: Checked) -> dict[str, object]:
    return {
        "address": address,
        "series": series.number,
        "metrics": sorted(series.names),
        "promtool": list(checked.findings) if checked.is_here else None,
    }
