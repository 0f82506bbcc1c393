"""Which blocks are packed: by the setting, and by what the server says of their destination."""

from __future__ import annotations

from typing import Any

import pytest

from tiktok_events.outbox.append import SCRIPT_BYTES, Append
from tiktok_events.outbox.blocks import Block
from tiktok_events.outbox.compression import Compression
from tiktok_events.outbox.packing import is_packed

JSON = b'[{"event_time":1795384568,"description":"' + b"x" * 600 + b'"}]'
A, B = Block("web:A", 1, JSON), Block("web:B", 1, JSON)


def are_packed(compression: Compression, *blocks: Block) -> list[bool]:
    """Which of the blocks would be."""
    return [is_packed(one.payload) for one in compression.of(blocks)]


@pytest.mark.parametrize(("choice", "expected"), [("none", False), ("zlib", True), ("auto", False)])
def test_the_setting_decides_when_nothing_is_known(choice: str, *, expected: bool) -> None:
    """While little waits, nothing is packed but by a person's wish."""
    assert [expected] * 2 == are_packed(Compression(choice), A, B)


@pytest.mark.parametrize(
    "reply", [[2, [b"web:A"]], [[1, [b"web:A"]], 1]], ids=["one call", "a transaction"]
)
def test_blocks_of_a_crowded_destination_are_packed(reply: list[Any]) -> None:
    """However the server's answer came; those of another one are not."""
    compression = Compression("auto")
    compression.learn(["web:A", "web:B"], reply)
    assert are_packed(compression, A, B) == [True, False]


def test_a_destination_that_has_emptied_is_crowded_no_more() -> None:
    """The answer to its own next append tells, not that to another's."""
    compression = Compression("auto")
    compression.learn(["web:A", "web:B"], [2, [b"web:A", b"web:B"]])
    compression.learn(["web:B"], 1)
    assert are_packed(compression, A, B) == [True, False]
    compression.learn(["web:A"], 1)
    assert are_packed(compression, A, B) == [False, False]


@pytest.mark.parametrize("choice", ["none", "zlib"])
def test_a_choice_that_was_made_stays(choice: str) -> None:
    """Whatever waits."""
    compression = Compression(choice)
    before = are_packed(compression, A)
    compression.learn(["web:A"], [1, [b"web:A"]])
    assert before == are_packed(compression, A)


def test_what_is_packed_counts_with_the_bytes_it_has_then() -> None:
    """Two blocks that fill two calls as JSON go in one."""
    size = SCRIPT_BYTES // 3
    large = b'[{"event_time":1795384568,"description":"' + b"x" * size + b'"}]'
    blocks = [Block("web:A", 1, large)] * 4
    calls = {
        choice: len(Append(linger_ms=0, rings=False, compression=choice).commands_of_blocks(blocks))
        for choice in ("none", "zlib")
    }
    assert calls == {"none": 5, "zlib": 1}
