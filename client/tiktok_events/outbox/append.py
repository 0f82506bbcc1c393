"""The commands that append events, and those of other scripts, as bytes; no I/O here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, groupby
from operator import attrgetter
from typing import Any, Final

from redis.exceptions import ResponseError

from tiktok_events.errors import DurabilityUnsupported
from tiktok_events.event.destination import REMEMBERED
from tiktok_events.event.prepare import PreparedEvent
from tiktok_events.outbox.blocks import CLOSED, Block, blocks_of, names_of
from tiktok_events.outbox.commit import Commit
from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.lua_script import Call, ScriptText
from tiktok_events.outbox.shards import Shards
from tiktok_events.outbox.wire import beginning, ended, written

SCRIPT_BYTES: Final = 1024 * 1024
"""One script call stays below this, or has one block only: a larger one would hold up all other
callers of the server for more than some milliseconds."""

FSYNC_PROBE: Final = [written(("WAITAOF", 1, 0, 1))]
"""A command that is answered at once on a connection that has written nothing."""


class Append:
    """Writes the commands of a producer.

    Args:
        linger_ms: how long a first event waits for company.
        rings: whether the doorbell's queue is on the same server.
        shards: where the outboxes are.
        fsync_ms: how long to wait until the append-only file is on the server's disk;
            `None` does not wait.

    Attributes:
        fsync: what follows the commands of an exchange to wait for the disk.
    """

    def __init__(
        self, *, linger_ms: int, rings: bool, shards: Shards, fsync_ms: int | None = None
    ) -> None:
        self._linger_ms = linger_ms
        self._rings = rings
        self._shards = shards
        self._script = ScriptText.read("tiktok_events.outbox", "append")
        self.fsync = [] if fsync_ms is None else [written(("WAITAOF", 1, 0, fsync_ms))]
        self._begun = lru_cache(REMEMBERED)(self._begin)

    def command(self, commits: Sequence[Commit]) -> bytes:
        """The one that carries out what some calls want, all or nothing."""
        first = commits[0]
        if first.command is not None:
            return first.command
        if len(commits) == 1 and len(first.events) == 1:
            return self._command_of_one(first.events[0])
        events = chain.from_iterable(commit.events for commit in commits)
        blocks = chain.from_iterable(commit.blocks for commit in commits)
        return self._script.command(self._call([*blocks_of(events), *blocks]))

    def by_shard(self, commits: Sequence[Commit]) -> list[Sequence[Commit]]:
        """Calls of one group, those of each shard apart: a script is for one shard."""
        return self._shards.apart(commits, attrgetter("destination"))

    def lesson(self, commits: Sequence[Commit]) -> bytes:
        """The command that teaches a server the script of `command`."""
        return (commits[0].script or self._script).lesson

    def _command_of_one(self, event: PreparedEvent) -> bytes:
        """Return what appends a block of one event: only the event is written anew."""
        if event.context:
            return self._script.command(self._call(blocks_of((event,))))
        return ended(self._begun(event.destination.key, event.name), b"[%b]" % event.body)

    def _begin(self, destination: str, name: str) -> bytes:
        block = Block(destination, 1, b"", CLOSED, {name: 1})
        return beginning(self._script.command(self._call([block])))

    def _call(self, blocks: Sequence[Block]) -> Call:
        keys = self._shards.of(blocks[0].destination)
        return append_call(keys, blocks, linger_ms=self._linger_ms, rings=self._rings)


def append_call(keys: Keys, blocks: Sequence[Block], *, linger_ms: int, rings: bool) -> Call:
    """Keys and arguments of `append.lua` for blocks of one shard that fit in one call."""
    keys_ = [keys.ready, keys.sequence, keys.counters, keys.awake, keys.bell(rings=rings)]
    keys_.append(keys.accepted)
    by_destination: dict[str, list[Block]] = {}
    for block in blocks:
        by_destination.setdefault(block.destination, []).append(block)
    args: list[Any] = [linger_ms, int(rings), len(by_destination)]
    for destination, its_blocks in by_destination.items():
        keys_ += keys.of_append(destination)
        names = names_of(its_blocks)
        args += (destination, len(names), *chain.from_iterable(names.items()), len(its_blocks))
        for block in its_blocks:
            args += (block.events, block.mark, block.payload)
    return keys_, args


def commits_of(events: Sequence[PreparedEvent], shards: Shards) -> list[Commit]:
    """Events as the scripts that append them, each all or nothing; none for none."""
    if len(events) == 1 and not events[0].withheld:
        return [Commit(events)]
    shared = [event for event in events if not event.withheld]
    parts = shards.apart(shared, attrgetter("destination.key"))
    return [commit for part in parts for commit in _commits_of(part)]


def commits_of_blocks(blocks: Sequence[Block], shards: Shards) -> list[Commit]:
    """Blocks as the scripts that append them; those of one destination in one, if they fit."""
    parts = shards.apart(blocks, attrgetter("destination"))
    return [commit for part in parts for commit in _commits_of_blocks(part)]


def _commits_of(events: Sequence[PreparedEvent]) -> list[Commit]:
    """Events of one shard."""
    if sum(len(event.body) for event in events) <= SCRIPT_BYTES:
        return [Commit(events)]
    return _commits_of_blocks(blocks_of(events))


def _commits_of_blocks(blocks: Sequence[Block]) -> list[Commit]:
    """Blocks of one shard."""
    parts: list[list[Block]] = []
    for _, its_blocks in groupby(blocks, attrgetter("destination")):
        for part in _parts(its_blocks):
            if parts and _size(parts[-1]) + _size(part) <= SCRIPT_BYTES:
                parts[-1] += part
            else:
                parts.append(part)
    return [Commit.of_blocks(part) for part in parts]


def check_fsync(reply: Any) -> None:
    """Judge the reply to `FSYNC_PROBE`.

    Raises:
        DurabilityUnsupported: the server cannot say when its append-only file is on disk.

    Source: https://redis.io/docs/latest/commands/waitaof/ (since Redis 7.2.0), read 2026-11-22.
    """
    if isinstance(reply, ResponseError):
        raise DurabilityUnsupported(
            "TIKTOK_EVENTS_DURABILITY=fsync needs Redis 7.2 or later, or Valkey, "
            f"with `appendonly yes` and the command WAITAOF; the server says: {reply}"
        ) from reply


def _parts(blocks: Iterable[Block]) -> Iterator[list[Block]]:
    """Blocks of one destination in parts that fit into one script each."""
    part: list[Block] = []
    for block in blocks:
        if part and _size(part) + len(block.payload) > SCRIPT_BYTES:
            yield part
            part = []
        part.append(block)
    yield part


def _size(blocks: Iterable[Block]) -> int:
    return sum(len(block.payload) for block in blocks)
