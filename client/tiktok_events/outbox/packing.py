r"""A block's JSON, packed: smaller in Redis, and known by its first bytes.

    [{"event":"Purchase",…                  JSON as it is
    zlib 92811 1795378563 1795385510\n…     packed

The label tells the scripts what they would otherwise read from the JSON: how many bytes it has,
and its earliest and latest ``event_time``. Behind it stands a zlib stream with a preset dictionary.

Source: https://www.rfc-editor.org/rfc/rfc1950 (zlib), read 2026-11-22.
"""

from __future__ import annotations

import re
import zlib
from typing import Final

from tiktok_events.outbox.blocks import BLOCK_BYTES
from tiktok_events.outbox.packing_dictionary import DICTIONARY

LEVEL: Final = 1
"""The fastest. Level 6 takes a tenth less memory for twice the time."""

LEAST_BYTES: Final = 512
"""Of JSON that is packed. With less, the label and the headers eat what is saved."""

MOST_BYTES: Final = 2 * BLOCK_BYTES
"""Of JSON. No producer of ours writes a block of so much, so a larger one is a mistake or a
bomb, and is not unpacked."""

_MARK: Final = b"zlib "
_LABEL: Final = re.compile(rb"zlib (\d{1,9}) \d{10} \d{10}\n")

_TIMES: Final = re.compile(rb'"event_time":([1-3]\d{9})\b')
"""Seconds from 2001 to 2096: what is none of these is a mistake. All have ten digits, so that
the order of the digits is that of the times."""


class UnreadableBlock(ValueError):
    """A packed block that cannot be unpacked: it is damaged, or larger than any of ours."""


def packed(json: bytes) -> bytes:
    """A block's JSON packed, or as it is if that would gain nothing.

    A block without any time stays as it is too: a script that looks for one must read it.
    """
    if not LEAST_BYTES <= len(json) <= MOST_BYTES:
        return json
    times = _TIMES.findall(json)
    if not times:
        return json
    small = b"zlib %d %b %b\n" % (len(json), min(times), max(times)) + _deflated(json)
    return small if len(small) < len(json) else json


def unpacked(payload: bytes) -> bytes:
    """The JSON of a block, however it stands in Redis.

    Raises:
        UnreadableBlock: it takes no more memory than `MOST_BYTES` to find that out.
    """
    if not is_packed(payload):
        return payload
    label = _LABEL.match(payload)
    if label is None or int(label[1]) > MOST_BYTES:
        raise UnreadableBlock("no label of ours, or one of too many bytes")
    return _inflated(memoryview(payload)[label.end() :], int(label[1]))


def is_packed(payload: bytes) -> bool:
    """Whether it is anything but JSON: that never begins so."""
    return payload.startswith(_MARK)


def packed_like(former: bytes, json: bytes) -> bytes:
    """The JSON of what is left of a block: packed if the block was."""
    return packed(json) if is_packed(former) else json


def _deflated(json: bytes) -> bytes:
    stream = zlib.compressobj(LEVEL, zdict=DICTIONARY)
    return stream.compress(json) + stream.flush()


def _inflated(small: memoryview, size_bytes: int) -> bytes:
    """Exactly so many bytes; one more is asked for, so that a stream that goes on is found out."""
    stream = zlib.decompressobj(zdict=DICTIONARY)
    try:
        json = stream.decompress(small, size_bytes + 1)
    except zlib.error as error:
        raise UnreadableBlock("no zlib stream of ours") from error
    if len(json) != size_bytes or not stream.eof:
        raise UnreadableBlock("not of the size that its label tells")
    return json
