"""What every route of `tiktok-events serve` needs at hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from starlette.requests import Request

from tiktok_events.outbox.store import Store
from worker.serving.exposition import Exposition
from worker.serving.rates import Rates
from worker.serving.tokens import Tokens
from worker.serving.watch import Look, Watch
from worker.settings import Settings


@dataclass(frozen=True, slots=True)
class Site:
    """One serving process.

    Attributes:
        store: the outbox; its connections may be used by several threads.
        settings: of this process.
        tokens: who may ask; ``None`` where only this machine is listened to.
        watch: looks at the outbox again and again.
        exposition: writes what it saw for Prometheus.
        rates: how much that was a minute.
    """

    store: Store
    settings: Settings
    tokens: Tokens | None
    watch: Watch
    exposition: Exposition = field(default_factory=Exposition)
    rates: Rates = field(default_factory=Rates)

    def note(self, look: Look) -> None:
        """What was seen is remembered, and written for who asks next."""
        self.rates.note(look.figures)
        self.exposition.prepare(look)


def site_of(request: Request) -> Site:
    """The site that a request came to."""
    return cast("Site", request.app.state.site)
