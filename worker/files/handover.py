"""Hand over the entries of a file in slices; an entry that is no event is refused by itself.

slices       entries → events that are prepared, and refusals
hand over    wait for the pace, append, and note how far it is
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from uuid import UUID, uuid5

from schemas.values import BadValue, FieldPath
from tiktok_events.errors import InvalidEvent
from tiktok_events.event.foreign_event import refuse_bodies
from tiktok_events.event.other_words import has_time
from tiktok_events.event.prepare import EventPreparer, PreparedEvent
from tiktok_events.outbox.append import SCRIPT_BYTES
from worker.files.event_file import Entry
from worker.files.pace import Pace
from worker.files.rejects import Refusal

SLICE: Final = 1_000
"""How many entries one atomic step handles."""

_IDS: Final = UUID("6f1d3c0e-6a7b-5d0c-9a53-3a2b6c1f6a10")
"""Our own namespace, which keeps ids of file entries apart from all others."""


NO_TIME: Final = "is missing: say when it happened, or give --now if all such events happen now"

"""Keys of the Events API 2.0, and of 1.0, which the client reads too."""


class Append(Protocol):
    """Appends the events of a slice and notes where the slice ends."""

    def __call__(self, events: Sequence[PreparedEvent], *, done: int, refused: int) -> None:
        """Do both or neither."""


@dataclass(slots=True)
class Slice:
    """Entries that one step handles.

    Attributes:
        unit: what the numbers count.
        first: number of the first entry.
        last: number of the last entry.
        events: the events that can be handed over.
        refused: how many entries cannot be.
        entries: how many entries there are in all.
        size_bytes: how much of the file they take.
        body_bytes: size of the events' JSON.
    """

    unit: str
    first: int
    last: int
    events: list[PreparedEvent] = field(default_factory=list)
    refused: int = 0
    entries: int = 0
    size_bytes: int = 0
    body_bytes: int = 0

    @property
    def destinations(self) -> Mapping[str, int]:
        """Return how many of the events go to which destination."""
        return Counter(event.destination.key for event in self.events)


def stable_id(file_digest: str, number: int) -> str:
    """Return the id of an event without one: the same whenever the same file is sent."""
    return str(uuid5(_IDS, f"{file_digest}:{number}"))


@dataclass(frozen=True, slots=True)
class Preparation:
    """Prepares each entry.

    Attributes:
        preparer: identifies, hashes and encodes.
        refuse: receives entries that are no events.
        values: fields that every event gets, replacing its own.
        file_digest: digest that ids of events without one are made from; without it they are new.
        slice_entries: how many entries a slice may have.
        needs_time: whether to refuse an event that does not say when it happened.
    """

    preparer: EventPreparer
    refuse: Callable[[Refusal], None]
    values: Sequence[tuple[FieldPath, Any]] = ()
    file_digest: str | None = None
    slice_entries: int = SLICE
    needs_time: bool = False

    def slices(self, entries: Iterable[Entry], begun: int = 0) -> Iterator[Slice]:
        """Yield slices in order, each small enough for one step.

        Args:
            entries: entries of the file.
            begun: number of the last entry of the first slice, if an earlier run began it.
        """
        part: Slice | None = None
        for entry in entries:
            event = self.prepare(entry)
            size = 0 if event is None else len(event.body) + 1
            if part and entry.number > begun and part.body_bytes + size > SCRIPT_BYTES:
                yield part
                part = None
            part = part or Slice(entry.unit, entry.number, entry.number)
            _add(part, entry, event)
            if entry.number == begun or (
                entry.number > begun and part.entries >= self.slice_entries
            ):
                yield part
                part = None
        if part:
            yield part

    def prepare(self, entry: Entry) -> PreparedEvent | None:
        """Return the prepared event of an entry; refuse an entry that is none."""
        path, problem = entry.path, entry.problem
        if entry.event is not None:
            try:
                return self._prepared(entry.event, entry.number)
            except InvalidEvent as error:
                path, problem = error.path, error.message
        self.refuse(Refusal(entry.unit, entry.number, path, problem))
        return None

    def _prepared(self, event: dict[str, Any], number: int) -> PreparedEvent:
        for one, value in self.values:
            try:
                one.put(event, value)
            except BadValue as error:
                raise InvalidEvent(str(error), path=one.dotted) from None
        if not has_time(event):
            refuse_bodies(event)
            if self.needs_time:
                raise InvalidEvent(NO_TIME, path="event_time")
            event.pop("event_time", None)
        id_ = None if self.file_digest is None else stable_id(self.file_digest, number)
        return self.preparer.prepare(event, event_id=id_)


def _add(part: Slice, entry: Entry, event: PreparedEvent | None) -> None:
    part.last = entry.number
    part.entries += 1
    part.size_bytes += entry.size_bytes
    if event is None:
        part.refused += 1
    else:
        part.events.append(event)
        part.body_bytes += len(event.body) + 1


@dataclass(slots=True)
class Sending:
    """One run through a file, and what has become of its entries so far.

    Attributes:
        append: appends a slice.
        pace: decides when to append.
        flush: is called before each append, because refusals of the slice must survive a kill.
        accepted: how many events were handed over.
        current: the slice that is being handed over.
        last: number of the last entry that was handled; 0 if none was.
        unit: what that number counts.
    """

    append: Append
    pace: Pace
    flush: Callable[[], None]
    accepted: int = 0
    current: Slice | None = None
    last: int = 0
    unit: str = "line"

    def hand_over(self, slices: Iterable[Slice]) -> Iterator[Slice]:
        """Hand over slice after slice, and yield each when it is done.

        Raises:
            redis.RedisError: Redis failed; `current` may have been handed over or not.
        """
        for part in slices:
            self.pace.wait(part.destinations)
            self.flush()
            self.current = part
            self.append(part.events, done=part.last, refused=part.refused)
            self.current, self.last, self.unit = None, part.last, part.unit
            self.accepted += len(part.events)
            yield part
