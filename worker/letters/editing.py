"""Edit all dead letters that match, page by page."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import cast

from worker.letters.dead_letters import PAGE, DeadLetter, DeadLetters
from worker.letters.filter import LetterFilter
from worker.letters.repair import Repair, Repairer
from worker.letters.tally import Tally


@dataclass(frozen=True, slots=True)
class Editing:
    """What an edit works with.

    Attributes:
        letters: the letters to search.
        selection: the letters to edit.
        repairer: makes the edit.
        begun_at: Unix seconds; no letter is edited twice in a run, though it may be found twice.
    """

    letters: DeadLetters
    selection: LetterFilter
    repairer: Repairer
    begun_at: float

    def repairs(self) -> Iterator[Repair]:
        """Yield the repair of each chosen letter, as it is now."""
        now = time.time()
        for letter in self.letters.find(self.selection):
            if not self.is_done(letter):
                yield self.repairer.repair(letter, now)

    def run(self, tally: Tally, step: str, tell: Callable[[int], None]) -> None:
        """Change the letters, and count each.

        Args:
            tally: counts the letters.
            step: step of the act that counts the changed ones (`Act.step`); empty for none.
            tell: is called after each page.
        """
        repairs = self.repairs()
        while part := list(islice(repairs, PAGE)):
            self._edit_page(part, tally, step)
            tell(len(part))

    def is_done(self, letter: DeadLetter) -> bool:
        """Return whether this run has edited the letter."""
        last = letter.edits[-1] if letter.edits else None
        return last is not None and last["at"] >= self.begun_at and last["who"] == self.repairer.who

    def _edit_page(self, part: list[Repair], tally: Tally, step: str) -> None:
        edited = [repair for repair in part if repair.new is not None]
        pairs = [(repair.old, cast("DeadLetter", repair.new)) for repair in edited]
        replies = self.letters.change_many(pairs, step=step)
        done = {old.id: changed for (old, _), changed in zip(pairs, replies, strict=True)}
        for repair in part:
            tally.add(repair, changed_meanwhile=not done.get(repair.old.id, True))
