"""Random histories of dead letters: the index always equals a recount.

Whatever is buried, changed, replayed or purged, in whatever order.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from tests.builders.machine import RedisMachine, run_histories
from tests.builders.replays import replay_letter
from tests.builders.stores import keys, store_of
from worker.attempts.history import History
from worker.letters.dead_letters import DeadLetter, DeadLetters, Reason
from worker.letters.filter import LetterFilter
from worker.letters.kind import Kind
from worker.letters.ledger import HOUR_S, Cell, read_cells
from worker.local.embedded import EmbeddedServer

NOON = 1_795_000_000.0
EVENT_IDS = [None, "order-1", "order-2", "order-2\x00\n", "é order", ""]

FILTERS: list[tuple[str, Any]] = [
    ("reason", "invalid"),
    ("event", "Lead"),
    ("destination", ""),
    ("source", "web"),
    ("since", NOON - 60),
    ("since", NOON),
    ("until", NOON + 60),
    ("ambiguous", True),
    ("recoverable", True),
    ("recoverable", False),
    ("event_id", "order-2"),
    ("event_id", "order-2\x00\n"),
    ("event_id", ""),
    ("text", "sed: 1"),
    ("text", "OLD"),
]


@st.composite
def letters(draw: st.DrawFn) -> DeadLetter:
    """Letters of few kinds and hours, so that many share an entry of the index."""
    value = draw(st.sampled_from([None, 0, 12.345, -3, 1e9, 1e300]))
    body = {
        "event": draw(st.sampled_from(["Purchase", "Lead", None])),
        "event_id": draw(st.sampled_from(EVENT_IDS)),
        "properties": {"value": value, "currency": draw(st.sampled_from(["EUR", "USD", None]))},
    }
    return DeadLetter.of(
        body,
        destination=draw(st.sampled_from(["web:C0PIXEL", "app:1", ""])),
        reason=draw(st.sampled_from(list(Reason))),
        message=draw(st.sampled_from(["refused: 12", "refused: 7", "too old"])),
        history=History(1.0, ambiguous_since=draw(st.none() | st.just(1.0))),
        died_at=NOON + draw(st.integers(-3, 3)) * HOUR_S / 2,
        expires_at=NOON + draw(st.sampled_from([-1e9, -1800, 0, 0.5, 1800, 7200, 1e12, 1e300])),
    )


class LetterMachine(RedisMachine):
    """The model: the letters there are, by id."""

    @initialize()
    def begin(self) -> None:
        """An empty server."""
        self.connect()
        self.dead = DeadLetters(store_of(self.redis))
        self.model: dict[str, DeadLetter] = {}

    @rule(several=st.lists(letters(), min_size=1, max_size=8))
    def bury(self, several: list[DeadLetter]) -> None:
        """Some events die."""
        for letter in several:
            letter_id = self.dead.bury(letter)
            found = self.dead.get(letter_id)
            assert found is not None
            assert found.write() == letter.write()
            self.model[letter_id] = found

    @precondition(lambda self: self.model)
    @rule(data=st.data(), new=letters())
    def change(self, data: st.DataObject, new: DeadLetter) -> None:
        """A letter becomes another; who changes it a second time by the old one is refused."""
        old = self._some(data)
        assert self.dead.change(old, new)
        changed = self.dead.get(old.id)
        assert changed is not None
        assert self.dead.change(old, new) is (old.write() == new.write())
        self.model[old.id] = changed

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        """A letter with a destination goes back, once."""
        letter = self._some(data)
        if letter.destination:
            assert replay_letter(self.redis, letter.id)
            assert not replay_letter(self.redis, letter.id)
            del self.model[letter.id]

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def purge(self, data: st.DataObject) -> None:
        """Some letters are given up; those that are gone already count for nothing."""
        chosen = {letter.id: letter for letter in (self._some(data) for _ in range(3))}
        assert self.dead.purge(list(chosen.values())) == len(chosen)
        assert self.dead.purge(list(chosen.values())) == 0
        for letter_id in chosen:
            del self.model[letter_id]

    @rule(given=st.lists(st.sampled_from(FILTERS), max_size=2))
    def find(self, given: list[tuple[str, Any]]) -> None:
        """A filter finds what a look at every letter finds, in the same order."""
        wanted = LetterFilter(**dict(given))
        expected = [one for one in self._in_order() if wanted.matches(one, NOON)]
        found = list(self.dead.find(wanted, now=NOON))
        assert [one.id for one in found] == [one.id for one in expected]

    @invariant()
    def the_index_equals_a_recount(self) -> None:
        """Sets, ledger, money and event ids hold these letters and nothing else."""
        kinds = {letter.id: Kind.of(letter) for letter in self.model.values()}
        assert self._strings(keys.dead_kinds) == {k.digest: k.write() for k in kinds.values()}
        cells = [Cell.of(letter, kinds[letter.id]) for letter in self.model.values()]
        ledger: Counter[tuple[str, int, int, str]] = Counter()
        for cell in cells:
            ledger[(*cell[:3], "letters")] += cell.letters
            ledger[(*cell[:3], "value")] += cell.thousandths
        assert self._ledger() == ledger
        named = [one for one in self.model.values() if one.event_id]
        assert self.redis.zcard(keys.dead_event_ids) == len(named)
        assert [one.id for one in self.dead] == [one.id for one in self._in_order()]

    def _in_order(self) -> list[DeadLetter]:
        return sorted(self.model.values(), key=lambda one: (one.expires_at, one.id))

    def _some(self, data: st.DataObject) -> DeadLetter:
        return self.model[data.draw(st.sampled_from(sorted(self.model)))]

    def _strings(self, key: str) -> dict[str, str]:
        found: Any = self.redis.hgetall(key)
        return {name.decode(): value.decode() for name, value in found.items()}

    def _ledger(self) -> Counter[tuple[str, int, int, str]]:
        found: Counter[tuple[str, int, int, str]] = Counter()
        for cell in read_cells(store_of(self.redis)):
            found[(*cell[:3], "letters")] = cell.letters
            found[(*cell[:3], "value")] = cell.thousandths
        return found


def test_the_index_follows_every_history(server: EmbeddedServer) -> None:
    """No order of burials, changes, replays and purges leaves a trace of what is gone."""
    run_histories(LetterMachine, server, histories=40, steps=30)
