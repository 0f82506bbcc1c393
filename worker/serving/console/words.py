"""Figures, times and money as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson
from markupsafe import Markup, escape

from worker.letters.ledger import THOUSANDTHS
from worker.replays.forecast import Forecast
from worker.reporting.figures.names import ACCEPTED, DELIVERED, REQUESTS, SALVAGED
from worker.reporting.figures.reading import Row
from worker.reporting.figures.summary import dead, slow_s, under, values
from worker.reporting.stored import is_timestamp

_UNITS: Final = ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 0, ""))
_DAYS_FROM_S: Final = 48 * 3_600
_LARGEST: Final = 10**12
NOTHING: Final = "\N{EN DASH}"
SHOWN_CHARS: Final = 60


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number and its noun: `1 letter`, `2,013 letters`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def span(seconds: float | None) -> str:
    """A duration: `0.3 s`, `14 s`, `1 h 18 min`, `30 h 50 min`, `6 d 21 h`."""
    if seconds is None:
        return NOTHING
    for size, unit, lesser, lesser_unit in _UNITS:
        if seconds >= (_DAYS_FROM_S if unit == "d" else size):
            rest = int(seconds % size // lesser) if lesser else 0
            return f"{int(seconds // size)} {unit}" + (f" {rest} {lesser_unit}" if rest else "")
    return f"{seconds:.1f} s" if 0 < seconds < 10 else f"{max(int(seconds), 0)} s"  # noqa: PLR2004 — because below it tenths matter


def lost(seconds: float) -> str:
    """How long until a deadline: `in 30 h 50 min`, or that it is over."""
    return f"in {span(seconds)}" if seconds > 0 else "lost already"


def moment(timestamp: float | None, zone: ZoneInfo, now: float) -> Markup:
    """A point in time in the reader's zone, with UTC on hover."""
    if timestamp is None or not is_timestamp(timestamp):
        return Markup(NOTHING)  # noqa: S704 — because it is a constant
    utc = datetime.fromtimestamp(timestamp, UTC)
    return Markup('<time datetime="{}" title="{} UTC">{}</time>').format(
        f"{utc:%Y-%m-%dT%H:%M:%SZ}", f"{utc:%Y-%m-%d %H:%M:%S}", _near(utc, zone, now)
    )


def _near(utc: datetime, zone: ZoneInfo, now: float) -> str:
    local, today = _local(utc, zone), datetime.fromtimestamp(now, zone)
    days = (today.date() - local.date()) / timedelta(days=1)
    if days == 0:
        return f"{local:%H:%M:%S}"
    if days == 1:
        return f"yesterday {local:%H:%M}"
    if days == -1:
        return f"tomorrow {local:%H:%M}"
    date = f"{local.day} {local:%b}"
    if abs(days) < 7:  # noqa: PLR2004 — because a week has so many
        date = f"{local:%a} {date}"
    return f"{date}, {local:%H:%M}" if local.year == today.year else f"{date} {local.year}"


def _local(utc: datetime, zone: ZoneInfo) -> datetime:
    """The same in a zone; at the ends of the calendar it may be in no year there."""
    try:
        return utc.astimezone(zone)
    except OverflowError:
        return utc


def amount(value: float | None, currency: str | None) -> Markup:
    """Value and currency, apart, so that points stand under each other."""
    if value is None:
        return Markup(NOTHING)  # noqa: S704 — because it is a constant
    figure = f"{value:,.2f}" if abs(value) < _LARGEST else f"{value:.4g}"
    return Markup('{}<span class="cur">{}</span>').format(figure, (currency or "")[:5])


def sums(money: Mapping[str, float]) -> Markup:
    """The largest of some amounts, and how many more there are."""
    largest = sorted(((v, c) for c, v in money.items() if v), key=lambda pair: -pair[0])
    if not largest:
        return Markup(NOTHING)  # noqa: S704 — because it is a constant
    more = len(largest) - 1
    first = amount(*largest[0])
    return (
        Markup('{}<span class="second">and {} more</span>').format(
            first, counted(more, "currency", "currencies")
        )
        if more
        else first
    )


def plain_sums(money: Mapping[str, float]) -> str:
    """The same within a sentence."""
    largest = sorted(((v, c) for c, v in money.items() if v), key=lambda pair: -pair[0])
    shown = [f"{value:,.2f} {currency}" for value, currency in largest[:2]]
    more = len(largest) - len(shown)
    return " and ".join(shown) + (f" and {more} more" if more > 0 else "")


def share(part: float, whole: float) -> str:
    """A part in percent."""
    return f"{100 * part / whole:.2f} %" if whole else NOTHING


def worth(forecast: Forecast) -> dict[str, float]:
    """What a replay would send, by currency."""
    return {name: sum_ / THOUSANDTHS for name, sum_ in forecast.thousandths.items()}


def shown(value: Any) -> str:
    """A value of an event, in one line and not too long."""
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= SHOWN_CHARS else text[: SHOWN_CHARS - 1] + "…"


def counted_cells(row: Row) -> dict[str, object]:
    """What a row of the table says."""
    known = row.figures
    return {
        "accepted": known.get(ACCEPTED, 0),
        "delivered": known.get(DELIVERED, 0),
        "dead": dead(known),
        "salvaged": sum(under(known, SALVAGED).values()),
        "requests": known.get(REQUESTS, 0),
        "slow_s": slow_s(known),
        "money": values(known),
    }


def breakable(path: str) -> Markup:
    """A path that may be broken at its points."""
    return Markup(".<wbr>").join(escape(part) for part in path.split("."))
