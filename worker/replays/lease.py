"""Replays as workers see them: offered, leased, moved on step by step, left.

The holder has the newest number of the replay's fence; steps of anyone else are refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any, Final, cast

import orjson

from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.lua_script import Call, LuaScript
from tiktok_events.outbox.store import Store
from worker.letters.homes import LetterHomes
from worker.letters.letter import DeadLetter
from worker.letters.search import Cursor
from worker.replays.eligibility import Eligibility
from worker.replays.ends import LISTED, note_of
from worker.replays.lanes import read_place, write_place
from worker.replays.parts import ReplayParts
from worker.replays.state import SKIPPED, Replay, ReplayState
from worker.reporting.audit_entry import MAX_ENTRIES, Action, unwritten
from worker.reporting.stored import whole_of

OFFER_AGAIN_MS: Final = 1_000
OFFERED_AT_ONCE: Final = 10

_UNWRITTEN: Final = 2
"""The reply when a replay has ended but the audit could not be written."""


class Step(IntEnum):
    """What became of a step.

    Attributes:
        MOVED: its letters went back, except those that had changed since they were read.
        NOT_HELD: the replay was paused or cancelled, or another worker has it.
        PARKED: nothing was done, because the destination waits for a person.
        BACKING_OFF: nothing was done, because the destination failed a moment ago.
        FULL: nothing was done, because enough events wait there.
        ERASING: nothing was done, because a data subject is being erased.
    """

    MOVED = 0
    NOT_HELD = 1
    PARKED = 2
    BACKING_OFF = 3
    FULL = 4
    ERASING = 5

    @property
    def words(self) -> str:
        """The step's name for people."""
        return self.name.lower().replace("_", " ")


@dataclass(slots=True)
class LeasedReplay:
    """A replay on which this process has a lease.

    Attributes:
        replay: the replay as it was when the lease began.
        fence: proves the lease.
        taken_at: when the lease began, Unix seconds on the server's clock.
        places: destination → how far its lane is.
        paid_until: until when its rate is used up, Unix seconds.
    """

    replay: Replay
    fence: int
    taken_at: float
    places: dict[str, Cursor]
    paid_until: float | None = None

    @property
    def first(self) -> bool:
        """Whether no worker had it before."""
        return self.replay.started_at == self.taken_at


@dataclass(frozen=True, slots=True)
class Page:
    """Some letters of one lane, in order.

    Attributes:
        destination: its key.
        before: place before the first of them.
        behind: place after the last of them.
        going: letters to replay: the record as it was read, and the letter.
        skipped: why letters stay → how many.
    """

    destination: str
    before: Cursor
    behind: Cursor
    going: Sequence[tuple[bytes, DeadLetter]] = ()
    skipped: Counter[Eligibility] = field(default_factory=Counter)


class ReplayLease:
    """Leases replays, and works at them step by step.

    Args:
        store: the outbox, by a connection of this process.
        holder: the name of this process.
        lease_ms: how long a replay is held without a step.
    """

    def __init__(self, store: Store, *, holder: str, lease_ms: int) -> None:
        self._store = store
        self._holder = holder
        self._lease_ms = lease_ms
        self._parts = ReplayParts(store)
        self._homes = LetterHomes(store)
        self._renew = LuaScript(store.redis, "worker", "lib/unblocked", "replay_renew")
        self._offer = LuaScript(store.redis, "worker", "lib/unblocked", "replay_offer")
        self._take = LuaScript(store.redis, "worker", "lib/unblocked", "replay_take")
        self._move = LuaScript(store.redis, "worker", "lib/letters", "erasing", "replay_move")
        self._leave = LuaScript(
            store.redis,
            "worker",
            "lib/unblocked",
            "audit",
            "replay_audit",
            "operator",
            "lib/replay_end",
            "replay_leave",
        )

    def offered(self) -> list[int]:
        """Return due replays that no worker holds; they are not offered again for a moment."""
        found = self._offer([self._parts.home.replays], [OFFER_AGAIN_MS, OFFERED_AT_ONCE])
        known = map(whole_of, cast("list[bytes]", found))
        return [number for number in known if number is not None]

    def take(self, number: int) -> LeasedReplay | None:
        """Lease a replay, unless it is not running, is unreadable, or another worker has it."""
        keys = self._parts.home
        reply = cast(
            "list[Any] | None",
            self._take([keys.replays, keys.replay(number)], [number, self._lease_ms, self._holder]),
        )
        if reply is None:
            return None
        now_ms, fence, flat = reply
        fields = dict(zip(flat[::2], flat[1::2], strict=True))
        replay = Replay.read(number, fields)
        if replay.state is ReplayState.UNREADABLE:
            return None
        self._parts.open(number, fence)
        return LeasedReplay(replay, fence, now_ms / 1000, self._places(number), replay.paid_until)

    def move(
        self, held: LeasedReplay, page: Page, *, room: int, now: float, paid_until: float
    ) -> tuple[Step, int]:
        """Replay a page of letters, in one step.

        Args:
            held: the leased replay.
            page: the letters to move.
            room: nothing goes while this many events wait at the destination.
            now: Unix seconds, recorded in the history of each letter.
            paid_until: state of the replay's pace once they are gone; Unix seconds.

        Returns:
            What became of the step, and how many letters went back.
        """
        keys = self._store.shards.of(page.destination)
        if keys is not self._parts.home and not self._renewed(held):
            return Step.NOT_HELD, 0
        self._homes.bring([letter for _, letter in page.going])
        lease_ms = self._lease_ms if keys is self._parts.home else ""
        number = held.replay.number
        head = [
            *(number, held.fence, lease_ms, page.destination),
            *(write_place(page.before), write_place(page.behind), room, repr(paid_until)),
            *(page.skipped[eligibility] for eligibility in SKIPPED),
            LISTED,
        ]
        keys_ = _keys_of_step(keys, page.destination, number)
        call = _with_letters(keys, keys_, head, page.going, number, now)
        what, moved = cast("list[int]", self._move(*call))
        if what == Step.MOVED:
            held.paid_until = paid_until
        return Step(what), moved

    def leave(
        self,
        held: LeasedReplay,
        *,
        due_in_s: float,
        waits_for: Mapping[str, str],
        all_waits: bool = False,
    ) -> bool:
        """End a turn; return False if the lease has been lost.

        Args:
            held: the leased replay.
            due_in_s: seconds until it is due again.
            waits_for: destination → why nothing went there.
            all_waits: whether all remaining letters are for these destinations.
        """
        waits = orjson.dumps(dict(waits_for)) if waits_for else b""
        return self._end_turn(held, round(due_in_s * 1000), waits, int(all_waits))

    def finish(self, held: LeasedReplay) -> bool:
        """End a replay that has no letters left; return False if the lease has been lost."""
        return self._end_turn(held, "", b"", 0)

    def _end_turn(
        self, held: LeasedReplay, due_in_ms: int | str, waits_for: bytes, all_waits: int
    ) -> bool:
        keys, number = self._parts.home, held.replay.number
        keys_ = [*keys.of_replay_end(number), keys.operator_events]
        elsewhere = orjson.dumps(self._parts.counts(number))
        paid = "" if held.paid_until is None else repr(held.paid_until)
        args = [number, held.fence, due_in_ms, waits_for, all_waits, MAX_ENTRIES, elsewhere, paid]
        left = self._leave(keys_, args)
        if left == _UNWRITTEN:
            unwritten(Action.REPLAY)
        if left and due_in_ms == "":
            self._parts.end(number)
        return bool(left)

    def _renewed(self, held: LeasedReplay) -> bool:
        """Renew the lease in full; return whether it was still held."""
        keys, number = self._parts.home, held.replay.number
        paid = "" if held.paid_until is None else repr(held.paid_until)
        return bool(
            self._renew(
                [keys.replays, keys.replay(number)], [number, held.fence, self._lease_ms, paid]
            )
        )

    def _places(self, number: int) -> dict[str, Cursor]:
        """Return the places; read after leasing, when nobody else writes them any more."""
        found = self._parts.places(number)
        return {name: read_place(text) for name, text in found.items()}


def _keys_of_step(keys: Keys, destination: str, number: int) -> list[str]:
    return [
        *keys.of_blocks(destination),
        *(keys.replays, keys.replay(number), keys.replay_places(number), keys.erasing),
        *(keys.replay_letters(number), *keys.of_letters()),
    ]


def _with_letters(
    keys: Keys,
    keys_: list[str],
    args: list[Any],
    going: Sequence[tuple[bytes, DeadLetter]],
    number: int,
    now: float,
) -> Call:
    """Return the call with each letter, which gives the key of its kind by position, from 1."""
    sets = list(dict.fromkeys(keys.dead_of(letter.kind) for _, letter in going))
    places = {key: place for place, key in enumerate(sets, len(keys_) + 1)}
    for stored, letter in going:
        history = replace(letter.history(now), replayed=(number, letter.id))
        block, set_key = orjson.dumps([letter.body]), keys.dead_of(letter.kind)
        args += [letter.id, stored, block, history.write(), places[set_key], note_of(letter)]
    return [*keys_, *sets], args
