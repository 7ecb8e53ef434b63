"""The lists of deploy/SECURITY.md are those of the code: no right is missing, and none is there for nothing."""

from __future__ import annotations

import re

from schemas.topics import ALL, INPUTS, OUTPUTS, PUBLISHED, REKEYED
from streams.settings import Settings
from tests.support.rights import commands, kafka_rights
from tests.support.tidy.project import files, text

ASKED = re.compile(r'\b(?:ask|_send|pack_command)\(+\s*"([A-Z]+)"(?:, "([A-Z]+)"\))?')
CALLED = re.compile(r"(?:redis\.call|write)\('([A-Z]+)'")
CHECKED = re.compile(r"\{'([A-Z]+)'")

NOT_NEEDED = {"CONFIG", "HELLO"}
"""Where CONFIG is forbidden, INFO is asked; HELLO is forbidden to nobody."""

TO_CONNECT = {"PING", "ASKING", "CLUSTER|SLOTS"}
"""What `connect` and a cluster send, for whomever it is."""


def in_scripts() -> set[str]:
    """Every command that a script runs."""
    return {word for path in files(".lua", under="streams/") for word in CALLED.findall(text(path))}


def asked(*paths: str) -> set[str]:
    """Every command that these files send."""
    found = (words for path in paths for words in ASKED.findall(text(path)))
    return {"|".join(filter(None, words)) for words in found}


def test_a_worker_may_run_what_the_store_runs() -> None:
    """The list of the page is what scripts and files of the store run, and nothing else."""
    sent = asked(*files(".py", under="streams/store/"))
    assert {"MGET", "EVALSHA", "ZSCAN", *TO_CONNECT} <= sent
    assert commands("Worker and operator") == (in_scripts() | sent) - NOT_NEEDED


def test_a_reader_may_run_what_the_reader_runs() -> None:
    """Questions only."""
    assert commands("Reader") == asked("streams/store/reader.py", "streams/store/queries.py") | TO_CONNECT


def test_a_take_over_asks_for_every_right_of_a_script() -> None:
    """A command that is not in the list of acquire.lua could fail in the middle of a commit."""
    _, _, rest = text("streams/store/scripts/acquire.lua").partition("local commands = {")
    checked = set(CHECKED.findall(rest.partition("for _, command")[0]))
    assert {"XADD", "UNLINK", "HDEL", "TIME"} <= checked
    assert checked == in_scripts()


def test_topics_of_the_page_are_those_of_the_table() -> None:
    """A worker reads all topics, and writes what it publishes; an operator makes all of them."""
    worker = {(right.name, right.operation) for right in kafka_rights("Worker", group="g", prefix="p")}
    written = {REKEYED, *OUTPUTS, PUBLISHED}
    assert {name for name, operation in worker if operation == "Read"} == {"g", *(topic.name for topic in ALL)}
    assert {name for name, operation in worker if operation == "Write"} == {"p-out-*", *(t.name for t in written)}
    operator = {(right.name, right.operation) for right in kafka_rights("Operator", group="g", prefix="p")}
    assert {name for name, operation in operator if operation == "Create"} == {topic.name for topic in ALL}
    assert len(INPUTS) == 7


def test_bounds_of_the_page_are_those_of_the_code() -> None:
    """The defaults of settings and the constants that the table tells."""
    from schemas.codec import DEPTH_MAX, VALUE_MAX_BYTES
    from schemas.profiles import FIELD_MAX_CHARS, FIELDS_MAX
    from schemas.signals import ID_MAX_LENGTH
    from scoring.bounds import FLAGS_MAX, IDS_MAX, STATE_MAX_BYTES
    from scoring.document import TEXT_MAX_CHARS
    from scoring.model import RULES_MAX
    from streams.cli.score import LINE_MAX_BYTES
    from streams.kafka.consumer import FETCH_BYTES
    from streams.lane.outputs import PAYLOAD_MAX_BYTES
    from streams.store.commit import HISTORY_LENGTH

    kib, mib, given = 1 << 10, 1 << 20, Settings()
    said = [
        f"{VALUE_MAX_BYTES // mib} MiB, nested {DEPTH_MAX} deep; ids {ID_MAX_LENGTH} characters",
        f"a profile {FIELDS_MAX} fields of {FIELD_MAX_CHARS:,};",
        f"{given.batch_records:,} of a topic (`LEADLINE_BATCH_RECORDS`), {FETCH_BYTES // mib} MiB of each topic",
        f"{STATE_MAX_BYTES // kib} KiB of state, {IDS_MAX} remembered ids, {HISTORY_LENGTH} changes of history",
        f"{FLAGS_MAX} red flags",
        f"{TEXT_MAX_CHARS // kib} KiB, {RULES_MAX} rules",
        f"{given.outbox_limit:,} entries of a lane (`LEADLINE_OUTBOX_LIMIT`)",
        f"{given.lane_cache_leads:,} of a lane (`LEADLINE_LANE_CACHE_LEADS`)",
        f"| a payload of a rejected record | {PAYLOAD_MAX_BYTES // kib} KiB |",
        f"| a line for `leadline score` | {LINE_MAX_BYTES // mib} MiB |",
    ]
    assert [words for words in said if words not in text("deploy/SECURITY.md")] == []
