"""The list of dead letters, in each state: what a person must know of a letter, in 100 columns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from rich.cells import cell_len

from worker.attempts.history import History
from worker.cli.dead.letter_list import letter_lines
from worker.delivery.labels import Labels
from worker.letters.letter import DeadLetter, Reason

NOW = 1_795_000_000.0
PIXEL = "web:C0EXAMPLE0PIXEL0CODE"
LABELS = Labels(
    {
        ("web", "C0EXAMPLE0PIXEL0CODE"): "Shop DE",
        ("web", "C0EXAMPLE0PIXEL0CODF"): "日本ストア・アウトレット店",
    }
)


def letter(destination: str = PIXEL, **given: Any) -> DeadLetter:
    """A letter of an order."""
    properties = {"value": 1234.5, "currency": "EURO", "order_id": "20260001"} | given
    letter = DeadLetter.of(
        {"event": given.pop("event", "Purchase"), "event_id": "e1", "properties": properties},
        destination=destination,
        reason=Reason.REJECTED,
        message=given.get("message", "properties.currency: is no code of a currency"),
        history=History(NOW),
        died_at=NOW - 60,
        expires_at=NOW + 3600,
        code=40002,
    )
    return replace(letter, id="17-0")


def lines(*letters: DeadLetter, width: int = 100) -> list[str]:
    """The list as a terminal shows it."""
    blocks = letter_lines(letters, NOW, width, LABELS)
    return [line for block in blocks for line in block.plain.splitlines()]


def test_a_letter_says_which_order_it_was_and_what_it_was_worth() -> None:
    """The two things that a shop knows a sale by."""
    heading, row, message = lines(letter())
    names = ["id", "event", "order", "value", "destination", "reason", "died", "expires"]
    assert heading.split() == names
    assert "Purchase  20260001  1,234.50 EURO  Shop DE" in row
    assert message == "  properties.currency: is no code of a currency"


def test_a_label_tells_pixels_apart_whose_codes_are_alike() -> None:
    """And the code does where a destination has none; both its ends are kept."""
    text = "\n".join(lines(letter(), letter("web:C0EXAMPLE0PIXEL0CODF"), letter("web:C0OTHER")))
    assert all(name in text for name in ("Shop DE", "日本", "web:C0OTHER"))


def test_a_value_that_is_no_number_is_shown_as_it_stands() -> None:
    """It is what a person has to put right; an address in it is struck out."""
    text = "\n".join(lines(letter(value="12,5,5"), letter(value="jo@example.com")))
    assert "12,5,5" in text
    assert "[e-mail]" in text


def test_what_no_letter_has_takes_no_column() -> None:
    """A list of leads has neither orders nor values."""
    heading, *_ = lines(letter(order_id=None, value=None))
    assert not {"order", "value"} & set(heading.split())


@pytest.mark.parametrize("width", [60, 80, 100, 160])
@pytest.mark.parametrize(
    "given",
    [
        {"event": "名前" * 40, "order_id": "ö" * 300, "currency": "x" * 90},
        {"value": 1e300, "message": "word " * 90},
        {"order_id": "\x1b[31mred\x07", "event": "\u202eevil"},
        {"order_id": 2**62, "value": -0.0},
        {"message": "日本語" * 60},
    ],
)
def test_no_line_is_wider_than_the_terminal(width: int, given: dict[str, Any]) -> None:
    """Whatever an application has put into its events; nothing commands the terminal."""
    shown = lines(letter(), letter(**given), letter("offline:" + "7" * 90 + ":TEST"), width=width)
    assert max(map(cell_len, shown)) <= width
    assert all(line.isprintable() for line in shown)


@pytest.mark.parametrize("order", [True, 1.5, ["a"], {"a": 1}, None])
def test_what_is_no_order_number_is_not_shown_as_one(order: object) -> None:
    """Only texts and whole numbers are."""
    assert letter(order_id=order).order_id is None


def test_an_address_in_an_order_number_is_struck_out() -> None:
    """The list is no place for personal data; the digits of an order stay."""
    assert letter(order_id="jo@example.com/20260001234").order_id == "[e-mail]"
    assert letter(order_id="20260001234").order_id == "20260001234"
