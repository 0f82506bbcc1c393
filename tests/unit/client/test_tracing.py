"""The context of a traced call stands in the mark of its blocks, and nothing of it elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders.closed_events import PLAIN, PREPARER
from tiktok_events.outbox.append import Append
from tiktok_events.outbox.blocks import BLOCK_EVENTS, CLOSED, blocks_of
from tiktok_events.outbox.commit import Commit
from tiktok_events.outbox.shards import Shards
from tiktok_events.outbox.tracing import is_traced
from worker.outbox.claim import ClaimedBlock

CONTEXT = f"00-{'a' * 32}-{'b' * 16}-01"
OTHER = f"00-{'c' * 32}-{'d' * 16}-01"
EVENT = PREPARER.prepare(PLAIN)
TRACED = replace(EVENT, context=CONTEXT)


def claimed(mark: str) -> ClaimedBlock:
    """A block as a worker gets it."""
    return ClaimedBlock("1-1", 1, 1, b"[{}]", b"", mark.encode())


def test_nothing_is_traced_unless_somebody_asks_for_it() -> None:
    """No SDK is set up here, and no transaction of Sentry runs."""
    assert not is_traced()
    assert [block.mark for block in blocks_of([EVENT])] == [CLOSED]


def test_a_traced_event_is_appended_with_its_context() -> None:
    """Alone, too, where the command is mostly written beforehand."""
    append = Append(linger_ms=0, rings=False, shards=Shards("tiktok_events"))
    assert CONTEXT.encode() in append.command([Commit((TRACED,))])
    assert b";00-" not in append.command([Commit((EVENT,))])


def test_calls_of_one_group_keep_their_contexts() -> None:
    """Each traced call has blocks of its own; those that nobody traces share theirs."""
    blocks = blocks_of([EVENT, TRACED, replace(EVENT, context=OTHER), TRACED, EVENT])
    assert [(block.events, block.mark) for block in blocks] == [
        (2, CLOSED),
        (2, f"{CLOSED};{CONTEXT}"),
        (1, f"{CLOSED};{OTHER}"),
    ]
    assert [block.events for block in blocks_of([TRACED] * (BLOCK_EVENTS + 1))] == [BLOCK_EVENTS, 1]


@pytest.mark.parametrize(
    ("mark", "context", "is_closed"),
    [
        (f"{CLOSED};{CONTEXT}", CONTEXT, True),
        (CLOSED, None, True),
        ("", None, False),
        (f"{CLOSED};", None, True),
        (f"{CLOSED};junk", None, True),
        (f"{CLOSED};{CONTEXT};more", None, True),
        (f"{CLOSED};{CONTEXT.upper()}", None, True),
        (f"{CLOSED}0;{CONTEXT}", CONTEXT, False),
        (f";{CONTEXT}", CONTEXT, False),
    ],
)
def test_a_worker_reads_the_mark(mark: str, context: str | None, *, is_closed: bool) -> None:
    """What others have written there is no context, and makes nothing closed."""
    block = claimed(mark)
    assert (block.context, block.is_closed) == (context, is_closed)
