"""Commands as bytes: what redis-py would send, and a beginning that is written once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from redis.connection import Connection, PythonRespSerializer

from tests.builders.stores import SHARDS
from tiktok_events.event.destination import Destination
from tiktok_events.event.prepare import PreparedEvent
from tiktok_events.outbox import wire
from tiktok_events.outbox.append import Append
from tiktok_events.outbox.blocks import blocks_of
from tiktok_events.outbox.commit import Commit

# Words as Redis has them for commands; redis-py would take one with a space for two.
WORDS = st.sampled_from(["EVALSHA", "MULTI", "WAITAOF"])
ARGUMENTS = st.lists(st.text(st.characters(codec="utf-8")) | st.integers() | st.binary())
EVENTS = st.builds(
    PreparedEvent,
    st.builds(
        Destination,
        st.sampled_from(["web", "crm"]),
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=8),
        st.none() | st.text(st.characters(codec="utf-8"), min_size=1, max_size=8),
    ),
    st.just("e"),
    st.binary(min_size=1, max_size=300),
)


def of_redis_py(command: Sequence[str | int | bytes]) -> bytes:
    """The command as the library writes it without hiredis."""
    connection: Any = Connection
    packer: Any = PythonRespSerializer(6000, connection().encoder.encode)
    return b"".join(packer.pack(*command))


@given(WORDS, ARGUMENTS)
def test_a_command_is_written_as_by_redis_py(word: str, arguments: list[str | int | bytes]) -> None:
    """Byte for byte: text, numbers and bytes of any length."""
    assert wire.written((word, *arguments)) == of_redis_py((word, *arguments))


@given(WORDS, ARGUMENTS, st.binary())
def test_a_command_may_be_written_in_two_parts(
    word: str, arguments: list[str | int | bytes], last: bytes
) -> None:
    """What comes before the last argument, then that."""
    begun = wire.beginning(wire.written((word, *arguments, b"")))
    assert wire.ended(begun, last) == wire.written((word, *arguments, last))


@given(EVENTS)
def test_one_event_goes_out_as_a_block_of_one(event: PreparedEvent) -> None:
    """The short way makes the bytes of the long one."""
    append = Append(linger_ms=50, rings=True, shards=SHARDS)
    expected = append.command([Commit.of_blocks(blocks_of([event]))])
    short = [Commit([event])]
    assert expected == append.command(short) == append.command(short)
