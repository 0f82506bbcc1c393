"""The console's words, addresses and colours."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from worker.delivery.labels import Labels
from worker.letters.filter import LetterFilter
from worker.replays.state import MAX_RATE, MIN_RATE, RATE
from worker.reporting.stored import LATEST
from worker.serving.console import words
from worker.serving.console.previews import rate_of
from worker.serving.console.query import (
    WORDS,
    BadQuery,
    address,
    options,
    pairs_of,
    read_filter,
    read_words,
)
from worker.serving.console.signin import _next

NOW: Final = 1_796_000_000.0
LABELS: Final = Labels({("web", "C0PIXEL"): "Shop PL"})
CSS: Final = Path(words.__file__).with_name("static") / "console.css"
READABLE: Final = 4.5
SEEN: Final = 3.0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.34, "0.3 s"),
        (14, "14 s"),
        (4_680, "1 h 18 min"),
        (111_000, "30 h 50 min"),
        (594_000, "6 d 21 h"),
        (3_600, "1 h"),
        (-5, "0 s"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds: float, text: str) -> None:
    """Hours until two days, so that nobody has to calculate how long a night is."""
    assert words.span(seconds) == text


def test_a_time_is_the_readers_and_tells_utc() -> None:
    """On hover, and for machines."""
    told = words.moment(NOW, ZoneInfo("Europe/Berlin"), NOW + 86_400)
    assert 'title="2026-11-30 00:53:20 UTC"' in told
    assert ">yesterday 01:53<" in told


def test_junk_in_the_place_of_a_time_is_a_dash() -> None:
    """A page must not fail for what somebody wrote into Redis."""
    assert words.moment(1e300, ZoneInfo("UTC"), NOW) == words.NOTHING


def test_the_end_of_the_calendar_is_a_time_in_every_zone() -> None:
    """A letter whose deadline nobody can read has it."""
    told = words.moment(LATEST, ZoneInfo("Pacific/Kiritimati"), NOW)
    assert "9999-12-31 23:59:59 UTC" in told


def test_a_filter_comes_back_from_its_address() -> None:
    """Every condition that a command has, but fractions of a second."""
    wanted = LetterFilter(
        reason="rejected",
        code=40002,
        field="properties.contents[].price",
        event="Purchase",
        destination="web:C0PIXEL",
        source="web",
        since=NOW,
        until=NOW + 1,
        ambiguous=False,
        recoverable=True,
        event_id="order & co",
        text="currency",
        ids=("1-0", "2-0"),
    )
    assert set(WORDS) == wanted.as_dict().keys() - {"ids"}
    assert read_filter(pairs_of(wanted), LABELS, NOW) == wanted


def test_what_is_typed_narrows_the_list() -> None:
    """Words with a colon are conditions, the others text of the message."""
    typed = 'reason:rejected destination:"Shop PL" since:1h Unsupported currency'
    assert read_words(typed, LetterFilter(), LABELS, NOW) == LetterFilter(
        reason="rejected",
        destination="web:C0PIXEL",
        since=NOW - 3_600,
        text="Unsupported currency",
    )


@pytest.mark.parametrize(
    "pair",
    [
        ("reason", "x"),
        ("code", "40002.5"),
        ("since", "soon"),
        ("destination", "nowhere"),
        ("ambiguous", "maybe"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_name(pair: tuple[str, str]) -> None:
    """With what is allowed."""
    with pytest.raises(BadQuery, match=rf"^{pair[0]}: "):
        read_filter([pair], LABELS, NOW)


def test_a_page_ends_with_its_command() -> None:
    """As it can be pasted."""
    wanted = LetterFilter(reason="rejected", text="it's", recoverable=False)
    assert options(wanted) == "--reason rejected --not-recoverable --text 'it'\"'\"'s'"
    assert address("/dead", LetterFilter(destination="")) == "/dead?destination=none"


@pytest.mark.parametrize("url", ["//evil.example", "https://evil.example/", "/\\evil", "x", ""])
def test_the_sign_in_leads_to_no_other_site(url: str) -> None:
    """Whatever a link says."""
    assert _next(url) == "/"


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "grounds", "least"),
    [
        ("ink", ("bg", "panel", "sunk", "infob", "c5"), READABLE),
        ("soft", ("bg", "panel", "sunk", "infob"), READABLE),
        ("link", ("bg", "panel", "infob"), READABLE),
        ("ok", ("panel", "okb"), READABLE),
        ("warn", ("panel", "warnb"), READABLE),
        ("bad", ("panel", "badb"), READABLE),
        ("panel", ("fill",), READABLE),
        ("edge", ("bg", "panel"), SEEN),
    ],
)
def test_every_colour_can_be_read(
    theme: int, text: str, grounds: tuple[str, ...], least: float
) -> None:
    """WCAG AA on all that it stands on, in both themes."""
    tokens = {
        name: pair
        for name, *pair in re.findall(r"--(\w+): light-dark\((.+?), (.+?)\)", CSS.read_text())
    }
    for ground in grounds:
        assert _contrast(tokens[text][theme], tokens[ground][theme]) >= least, ground


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted(map(_luminance, (one, other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("typed", "rate"),
    [("20", 20), ("0", MIN_RATE), ("1e9", MAX_RATE), ("nan", RATE), ("inf", RATE), ("", RATE)],
)
def test_a_rate_is_within_the_bounds_of_the_command(typed: str, rate: float) -> None:
    """Whatever stands in the address."""
    assert rate_of(typed) == rate
