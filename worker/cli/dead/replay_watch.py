"""Watching a replay: it goes on without the watcher, so leaving is always safe."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import click

from worker.cli.labelled import labelled
from worker.cli.terminal import Bar
from worker.replays.lease import Step
from worker.replays.orders import Replays
from worker.replays.replay import Replay, ReplayState

EVERY_S: Final = 0.25
UNATTENDED_S: Final = 5.0
"""Workers look every second: if none takes a replay in this time, none is running."""


def watch(
    replays: Replays, number: int, *, sleep: Callable[[float], None] = time.sleep
) -> tuple[Replay, str | None]:
    """Follow a replay with a bar until it ends, waits for a person, or Ctrl-C.

    Returns:
        The replay as it was last seen, and if it goes on, why it was left and how to come back.
    """
    replay = found(replays, number)
    try:
        with Bar("replaying", replay.request.selected) as bar:
            said = ""
            while not replay.ended and (why := _reason_to_leave(replays, replay)) is None:
                said = _say_waits(bar, replay, said)
                bar.reach(replay.seen)
                sleep(EVERY_S)
                replay = found(replays, number)
            return replay, None if replay.ended else why
    except KeyboardInterrupt:
        return found(replays, number), come_back(number)


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
        return (
            f"What is left waits for {' and '.join(map(labelled, parked))}: parked.\n"
            f"Next: tiktok-events destinations resume {parked[0]}; then it goes on by itself"
        )
    if replays.unattended_s(number) > UNATTENDED_S:
        return (
            f"No worker runs, it seems: replay {number} goes on as soon as one does.\n"
            f"Next: tiktok-events worker · tiktok-events replays watch {number}"
        )
    return None


def _say_waits(bar: Bar, replay: Replay, said: str) -> str:
    """Say once that destinations hold it up."""
    held_up = {name: why for name, why in replay.waits_for.items() if why != Step.FULL.words}
    text = ", ".join(f"{labelled(name)} ({why})" for name, why in sorted(held_up.items()))
    if text and text != said:
        bar.say(f"waits for {text}")
    return text
