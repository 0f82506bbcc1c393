"""How long what is buffered waits for company."""

from __future__ import annotations

import time
from typing import Final

import pytest

from tiktok_events.event.destination import Destination
from worker.delivery.destinations import Destinations
from worker.delivery.served import ELSEWHERE_S, MORE_S, Served
from worker.outbox.claim import Rest
from worker.settings import Settings

PIXEL: Final = Destination("web", "C0PIXEL")


def served(rest: Rest, asked_ago_s: float) -> Served:
    """A destination whose newest claim left this in the outbox, so long ago."""
    account = Destinations(Settings.load({})).account(PIXEL)
    return Served(PIXEL, account, rest=rest, asked_at=time.monotonic() - asked_ago_s)


@pytest.mark.parametrize("rest", [Rest.NOTHING, Rest.STOPPED])
def test_where_nothing_is_left_nothing_is_waited_for(rest: Rest) -> None:
    """However short ago the claim was."""
    assert served(rest, 0.0).expects_more(time.monotonic(), a_line=True) is False


def test_what_waits_in_line_is_waited_for() -> None:
    """This worker takes it as soon as it has served those before it."""
    assert served(Rest.MORE, ELSEWHERE_S).expects_more(time.monotonic(), a_line=True) is True


def test_what_another_worker_took_is_soon_given_up() -> None:
    """Nothing is due that this worker has not taken: at the end of a backlog nothing comes back."""
    assert served(Rest.MORE, ELSEWHERE_S).expects_more(time.monotonic(), a_line=False) is False


def test_the_turn_of_a_token_is_waited_for() -> None:
    """It is not due yet, so an empty line says nothing of it."""
    assert served(Rest.LATER, ELSEWHERE_S).expects_more(time.monotonic(), a_line=False) is True


@pytest.mark.parametrize("rest", [Rest.MORE, Rest.LATER])
def test_nothing_is_waited_for_without_end(rest: Rest) -> None:
    """After a second what is buffered goes as it is."""
    assert served(rest, MORE_S).expects_more(time.monotonic(), a_line=True) is False
