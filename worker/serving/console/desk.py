"""What the views work with: readings, names of destinations, and jobs that outlast a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Final

from tiktok_events.outbox.store import Store
from worker.delivery.destinations import Destinations
from worker.delivery.labels import Labels
from worker.letters.causes import Causes
from worker.letters.dead_letters import DeadLetter, DeadLetters
from worker.letters.facets import Facets
from worker.letters.filter import LetterFilter
from worker.operations.known_destinations import Row, configured_of, rows_of
from worker.operations.recent import with_recent
from worker.operations.status import Figures, read_figures
from worker.replays.orders import Replays
from worker.replays.state import Replay, ReplayState
from worker.reporting.audit import Audit
from worker.runtime.presence import Presence
from worker.serving.console.jobs import Jobs
from worker.serving.console.kept import Kept, KeptEach
from worker.serving.console.live import Streams
from worker.serving.console.signing import Signer
from worker.serving.site import Site
from worker.settings import Settings

FILTERS_KEPT: Final = 32
FIRST: Final = 51
"""Letters of a first page, and one more: is there a next?"""
EVERY: Final = LetterFilter()


class Desk:
    """The console of one serving process.

    Args:
        site: of the process.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self.signer = Signer(site.store)
        self.jobs = Jobs()
        self.streams = Streams()
        self.letters = DeadLetters(site.store)
        self.replays = Replays(site.store)
        self.audit = Audit(site.store)
        self.accounts = Destinations(site.settings)
        self.figures = Kept(self._figures)
        self.workers = Kept(Presence(site.store).seen)
        self.labels = Kept(lambda: Labels.read(site.settings.destinations_file))
        self.replays_there = Kept(lambda: list(self.replays))
        self._causes = KeptEach(partial(Causes.read, site.store), FILTERS_KEPT)
        self._first = KeptEach(self._read_first, FILTERS_KEPT)

    @property
    def store(self) -> Store:
        """The outbox."""
        return self.site.store

    @property
    def settings(self) -> Settings:
        """Of this process."""
        return self.site.settings

    def facets(self, wanted: LetterFilter = EVERY) -> Facets:
        """Return what the matching letters have in common."""
        return self._causes.get(wanted)[0]

    def causes(self, wanted: LetterFilter = EVERY) -> Causes:
        """Return the matching letters by cause."""
        return self._causes.get(wanted)[1]

    def first(self, wanted: LetterFilter) -> Sequence[DeadLetter]:
        """Return the first ``FIRST`` matching letters, nearest deadline first."""
        return self._first.get(wanted)

    def rows(self) -> Mapping[str, Row]:
        """Return every destination that is configured or has events, by key."""
        seen = self.figures.get().destinations
        return {row.figures.destination: row for row in rows_of(self.settings, self.accounts, seen)}

    def running(self) -> list[Replay]:
        """Return the replays that have not ended."""
        going = {ReplayState.RUNNING, ReplayState.PAUSED}
        return [one for one in self.replays_there.get() if one.state in going]

    def forget(self) -> None:
        """Note a change: what is shown next is read anew."""
        self.figures.forget()
        self.replays_there.forget()
        self._causes.forget()
        self._first.forget()

    def count(self, wanted: LetterFilter, until: float, facets: Facets | None = None) -> int:
        """Return how many matching letters died before a time.

        Args:
            wanted: which letters.
            until: Unix seconds.
            facets: of them, not older than `until`; read anew by default.
        """
        facets = facets or Facets.read(self.store, wanted)
        if not facets.exact or wanted.ids:
            before = replace(wanted, until=min(until, wanted.until or until))
            return sum(1 for _ in self.letters.find(before))
        later = replace(wanted, since=max(until, wanted.since or until))
        return facets.total.letters - sum(1 for _ in self.letters.find(later))

    def _figures(self) -> Figures:
        figures = read_figures(self.store, self.settings)
        self.site.rates.note(figures)
        return with_recent(self.store, figures, configured_of(self.settings, self.accounts))

    def _read_first(self, wanted: LetterFilter) -> Sequence[DeadLetter]:
        return list(islice(self.letters.find(wanted), FIRST))
