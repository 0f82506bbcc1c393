"""Watching a replay until its last event has ended.

It goes on without the watcher, so leaving is always safe.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import click

from tiktok_events.outbox.store import Store
from worker.cli.labelled import labelled
from worker.cli.terminal import Bar, counted
from worker.outbox.parking import Parking
from worker.replays.ends import End, letters_of
from worker.replays.lease import Step
from worker.replays.orders import Replays
from worker.replays.state import Replay, ReplayState
from worker.runtime.presence import Presence

EVERY_S: Final = 0.25
UNATTENDED_S: Final = 5.0
"""Workers look every second: if none takes a replay in this time, none is running."""

QUIET_S: Final = 15.0
"""So long nothing more is delivered before the watcher leaves; the API may answer slowly."""


def watch(
    store: Store, number: int, *, sleep: Callable[[float], None] = time.sleep
) -> tuple[Replay, str | None]:
    """Follow a replay until its last event has ended, or waits for a person, or Ctrl-C.

    Returns:
        The replay as it was last seen, and if something is left, why, and how to come back.
    """
    replays = Replays(store)
    replay = found(replays, number)
    try:
        replay, why = _until_it_ends(replays, replay, sleep)
        return (replay, why) if why else _until_all_have_ended(store, replay, sleep)
    except KeyboardInterrupt:
        return found(replays, number), come_back(number)


def _until_it_ends(
    replays: Replays, replay: Replay, sleep: Callable[[float], None]
) -> tuple[Replay, str | None]:
    why: str | None = None
    with Bar("replaying", replay.request.selected) as bar:
        said = ""
        while not replay.ended and (why := _reason_to_leave(replays, replay)) is None:
            said = _say_waits(bar, replay, said)
            bar.reach(replay.seen)
            sleep(EVERY_S)
            replay = found(replays, replay.number)
    return replay, None if replay.ended else why


def _until_all_have_ended(
    store: Store, replay: Replay, sleep: Callable[[float], None]
) -> tuple[Replay, str | None]:
    replays, moved_at = Replays(store), time.monotonic()
    with Bar("delivering", replay.replayed) as bar:
        while replay.waiting:
            quiet_s = time.monotonic() - moved_at
            if why := _reason_not_to_wait(store, replay, quiet_s):
                return replay, why
            sleep(EVERY_S)
            before, replay = replay, found(replays, replay.number)
            if replay.settled != before.settled:
                moved_at = time.monotonic()
            bar.reach(replay.settled)
    return replay, None


def found(replays: Replays, number: int) -> Replay:
    """The replay; it must exist.

    Raises:
        click.ClickException: there is none of that number.
    """
    replay = replays.get(number)
    if replay is None:
        raise click.ClickException(
            f"there is no replay {number}, or it ended long ago; "
            "`tiktok-events replays list` shows those there are"
        )
    return replay


def come_back(number: int) -> str:
    """Return how to see the replay again, or to stop it."""
    return (
        f"Replay {number} goes on without you.\n"
        f"Next: tiktok-events replays watch {number} · pause {number} · cancel {number}"
    )


def _reason_to_leave(replays: Replays, replay: Replay) -> str | None:
    number = replay.number
    if replay.state is ReplayState.PAUSED:
        return f"It is paused. Next: tiktok-events replays resume {number}"
    if parked := replays.waits_for_a_person(replay):
        return f"What is left waits for {_parked_words(parked)}"
    if replays.unattended_s(number) > UNATTENDED_S:
        return (
            f"No worker runs, it seems: replay {number} goes on as soon as one does.\n"
            f"Next: tiktok-events worker · tiktok-events replays watch {number}"
        )
    return None


def _reason_not_to_wait(store: Store, replay: Replay, quiet_s: float) -> str | None:
    """Why what is still in outboxes will not be sent soon."""
    waiting = counted(replay.waiting, "event")
    back = f"tiktok-events replays show {replay.number}"
    letters = letters_of(store, replay.number)
    held_up = {one.destination for one in letters if one.end is End.WAITING}
    parked = sorted(held_up & set(Parking(store).parked()))
    if parked and held_up == set(parked):
        return f"{waiting} still {_wait(replay)} for {_parked_words(parked)}"
    if not Presence(store).count():
        return (
            f"No worker runs, it seems: {waiting} {_wait(replay)} until one does.\n"
            f"Next: tiktok-events worker · {back}"
        )
    if quiet_s > QUIET_S:
        return f"{waiting} still {_wait(replay)}.\nNext: tiktok-events status · {back}"
    return None


def _wait(replay: Replay) -> str:
    return "waits" if replay.waiting == 1 else "wait"


def _parked_words(parked: list[str]) -> str:
    return (
        f"{' and '.join(map(labelled, parked))}: parked. Resumed, it goes on by itself.\n"
        f"Next: tiktok-events destinations resume {parked[0]}"
    )


def _say_waits(bar: Bar, replay: Replay, said: str) -> str:
    """Say once that destinations hold it up."""
    held_up = {name: why for name, why in replay.waits_for.items() if why != Step.FULL.words}
    text = ", ".join(f"{labelled(name)} ({why})" for name, why in sorted(held_up.items()))
    if text and text != said:
        bar.say(f"waits for {text}")
    return text
