"""Reads a page of metrics back: for whoever checks what a worker tells."""

from __future__ import annotations

from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families


class BadPage(Exception):
    """The text is in no format that Prometheus reads; it says at what."""


class Series(NamedTuple):
    """How many series a page has, and of which metrics."""

    number: int
    names: frozenset[str]


def read_page(page: str) -> Series:
    """What a page in Prometheus's text format holds. Raises BadPage."""
    try:
        families = list(text_string_to_metric_families(page))
    except (ValueError, KeyError, IndexError) as error:
        raise BadPage(str(error)) from error
    if not families:
        raise BadPage("it is empty")
    return Series(sum(len(family.samples) for family in families), frozenset(family.name for family in families))
