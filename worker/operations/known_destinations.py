"""List every destination that is configured or has events, with its settings and state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tiktok_events.event.destination import Destination
from worker.delivery.destinations import OVERRIDABLE, Account, Destinations
from worker.operations.destination_figures import DestinationFigures
from worker.reporting.stored import destination_of
from worker.settings import Settings


@dataclass(frozen=True, slots=True)
class Row:
    """A destination as it is configured, and what it is doing.

    Attributes:
        figures: what it is doing.
        configured: whether the settings name it.
        token: whether there is an access token for it.
        limits: limits that differ from the general settings.
    """

    figures: DestinationFigures
    configured: bool
    token: bool
    limits: dict[str, Any]

    def as_dict(self, now: float) -> dict[str, Any]:
        """Return it as one JSON object."""
        known = {"configured": self.configured, "token": self.token, "limits": self.limits}
        return self.figures.as_dict(now) | known


def configured_of(settings: Settings, accounts: Destinations) -> set[str]:
    """Return the keys of the destinations that the settings name."""
    named = {Destination(*source).key for source in accounts.configured()}
    default = settings.pixel_code
    return named if default is None else {*named, Destination("web", default).key}


def rows_of(
    settings: Settings, accounts: Destinations, seen: Sequence[DestinationFigures]
) -> list[Row]:
    """Return the destinations that are configured or seen, by key."""
    configured = configured_of(settings, accounts)
    found = {name: DestinationFigures(name) for name in configured}
    found |= {one.destination: one for one in seen}
    rows = []
    for name, figures in sorted(found.items()):
        known = destination_of(name)
        if known is None:  # junk in Redis is shown, too
            rows.append(Row(figures, configured=False, token=False, limits={}))
            continue
        account = accounts.account(known)
        differing = _differing(account, settings)
        rows.append(Row(figures, name in configured, account.access_token is not None, differing))
    return rows


def _differing(account: Account, settings: Settings) -> dict[str, Any]:
    limits = asdict(account.limits)
    return {name: limits[name] for name in OVERRIDABLE if limits[name] != getattr(settings, name)}
