"""What libraries say about Kafka does not flood the log; what leadline says comes through."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from streams import logs


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where this test's log goes; afterwards logging is as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    target = io.StringIO()
    logs.configure(stream=target)
    yield target
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    """What was logged."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_our_events_are_json_with_their_values(stream: io.StringIO) -> None:
    """A log that nobody watches is one JSON object a line."""
    structlog.get_logger("leadline.test").info("lane.started", partition=3)
    (line,) = lines(stream)
    assert {key: line[key] for key in ("event", "level", "logger", "partition")} == {
        "event": "lane.started",
        "level": "info",
        "logger": "leadline.test",
        "partition": 3,
    }
    assert str(line["timestamp"]).endswith("Z")


def test_exceptions_are_in_the_line(stream: io.StringIO) -> None:
    """A stack trace does not break the format."""
    try:
        raise ValueError("a bug")
    except ValueError:
        structlog.get_logger("leadline.test").exception("lane.crashed")
    (line,) = lines(stream)
    assert "ValueError: a bug" in str(line["exception"])


def test_libraries_say_warnings_and_nothing_less(stream: io.StringIO) -> None:
    """A rebalance makes aiokafka say a dozen lines at info; they are not ours."""
    logging.getLogger("aiokafka.consumer").info("joined")
    logging.getLogger("faust.app").warning("careful")
    assert [line["event"] for line in lines(stream)] == ["careful"]


def test_what_a_library_repeats_is_logged_once(stream: io.StringIO) -> None:
    """A broker that is away is said once in ten seconds; our own lines are never left out."""
    for number in range(50):
        logging.getLogger("aiokafka.client").error("Unable connect to %s", number)
        structlog.get_logger("leadline.test").warning("publisher.waits")
    events = [line["event"] for line in lines(stream)]
    assert events.count("Unable connect to 0") == 1
    assert events.count("publisher.waits") == 50
    assert len(events) == 51


def test_a_repeated_line_comes_again_after_ten_seconds() -> None:
    """A broker that stays away is not forgotten."""
    seldom = logs.SeldomFilter()
    record = logging.LogRecord("aiokafka", logging.ERROR, "client.py", 1, "away", None, None)
    passed = []
    for second in range(25):
        record.created = 1_000.0 + second
        passed.append(seldom.filter(record))
    assert [second for second, passes in enumerate(passed) if passes] == [0, 10, 20]
