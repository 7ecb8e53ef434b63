"""An outbox entry as the fields of a Redis stream entry, and back.

Fields: `t` topic, `p` partition, `k` key, `v` value, `h` headers (msgpack: a list of [name, bytes]), `ts` the
timestamp in ms. What is None or empty is left out, so that an absent value and an empty one differ.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from streams.lane.ports import OutboxEntry

_pack_headers = msgspec.msgpack.Encoder().encode
_unpack_headers = msgspec.msgpack.Decoder(tuple[tuple[str, bytes], ...]).decode


def stream_id(number: int) -> str:
    """The id in the stream of the entry with this number."""
    return f"{number}-0"


def to_fields(entry: OutboxEntry) -> list[str | bytes]:
    """Field, value, field, value, ... as XADD takes them."""
    fields: list[str | bytes] = ["t", entry.topic, "p", str(entry.partition)]
    if entry.key is not None:
        fields += ("k", entry.key)
    if entry.value is not None:
        fields += ("v", entry.value)
    if entry.headers:
        fields += ("h", _pack_headers(entry.headers))
    if entry.timestamp_ms is not None:
        fields += ("ts", str(entry.timestamp_ms))
    return fields


def from_fields(stream_id: bytes, fields: Mapping[bytes, bytes]) -> OutboxEntry:
    """The entry that `to_fields` took apart."""
    timestamp_ms = fields.get(b"ts")
    headers = fields.get(b"h")
    return OutboxEntry(
        number=int(stream_id.partition(b"-")[0]),
        topic=fields[b"t"].decode(),
        partition=int(fields[b"p"]),
        key=fields.get(b"k"),
        value=fields.get(b"v"),
        headers=() if headers is None else _unpack_headers(headers),
        timestamp_ms=None if timestamp_ms is None else int(timestamp_ms),
    )
