"""Replays: what one would do, how far they are, and what became of each letter."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Final

from starlette.responses import Response

from worker.letters.dead_letters import DeadLetter
from worker.replays.ends import LISTED, letters_of
from worker.replays.orders import Replays
from worker.replays.plan import Plan, plan_for, server_now
from worker.replays.state import Replay, ReplayRequest, ReplayState
from worker.serving.console.previews import (
    Meant,
    looked_at,
    meant,
    pressed,
    rate_of,
    selected,
    sign,
    stale,
)
from worker.serving.console.visit import Visit

SHOWN: Final = 50


def preview(visit: Visit) -> Response:
    """What a replay would do; nothing is sent."""
    wanted = selected(visit)
    if isinstance(wanted, Response):
        return wanted
    change = {"rate": rate_of(visit.asked("rate")), "accept": visit.asked("accept") == "1"}
    return _preview(visit, meant(visit, wanted, **change))


def _preview(visit: Visit, what: Meant, there: int | None = None) -> Response:
    letters = list(looked_at(visit.desk.letters.find(what.selection, now=visit.now)))
    plan = foreseen(visit, what, letters)
    alive = [one.expires_at for one in letters if one.expires_at > visit.now]
    return visit.page(
        "replay_preview.html",
        what=what,
        there=there,
        plan=plan,
        checked=len(letters),
        ready=plan.forecast.replayable,
        skipped=plan.forecast.skipped(),
        facets=visit.desk.facets(what.wanted),
        soonest=min(alive, default=None),
        token=sign(visit, "replay", what),
    )


def act(visit: Visit) -> Response:
    """Ask the workers for the replay that was previewed."""
    found = pressed(visit, "replay")
    if found is None:
        return stale(visit)
    what, there = found
    if there != what.count:
        return _preview(visit, meant(visit, what.wanted, **what.change), what.count)
    number = ordered(visit, what, what.count)
    visit.desk.forget()
    return visit.see(f"/replays/{number}")


def foreseen(visit: Visit, what: Meant, letters: Iterable[DeadLetter]) -> Plan:
    """What a replay of these letters would do."""
    request = ReplayRequest(
        wanted=what.wanted,
        asked_at=visit.now,
        asked_by="",
        accept_duplicates=what.change["accept"],
        rate=what.change["rate"],
    )
    return plan_for(letters, request, visit.desk.settings, lambda _: None)


def ordered(visit: Visit, what: Meant, count: int) -> int:
    """Ask the workers for a replay of so many letters; its number."""
    return visit.desk.replays.ask(
        ReplayRequest(
            wanted=what.selection,
            asked_at=server_now(visit.desk.store),
            asked_by=visit.who,
            accept_duplicates=what.change["accept"],
            rate=what.change["rate"],
            selected=count,
        )
    )


def overview(visit: Visit) -> Response:
    """All that are known, the newest first."""
    return visit.page("replays.html", replays=visit.desk.replays_there.get())


def one(visit: Visit) -> Response:
    """One replay, and what became of its letters."""
    number = visit.request.path_params["number"]
    replay = visit.desk.replays.get(number)
    if replay is None:
        return visit.page("replay_gone.html", 404, number=number)
    if replay.ended and any(one.number == number for one in visit.desk.running()):
        visit.desk.replays_there.forget()  # else the rail beside it would say that it runs
    letters = letters_of(visit.desk.store, number)
    return visit.page(
        "replay.html",
        live=not replay.ended or replay.waiting > 0,
        replay=replay,
        letters=letters[:SHOWN],
        known=len(letters),
        listed=LISTED,
        waits=visit.desk.replays.waits_for_a_person(replay),
        unattended_s=visit.desk.replays.unattended_s(number),
        to_go_s=_to_go_s(replay),
        edited=visit.asked("edited"),
    )


def pause(visit: Visit) -> Response:
    """From now on none of its letters is sent."""
    return _order(visit, Replays.pause)


def resume(visit: Visit) -> Response:
    """Let it go on where it was."""
    return _order(visit, Replays.resume)


def ask_cancel(visit: Visit) -> Response:
    """What a cancellation would leave."""
    number = visit.request.path_params["number"]
    replay = visit.desk.replays.get(number)
    if replay is None or replay.ended:
        return visit.see(f"/replays/{number}")
    return visit.page("replay_cancel.html", replay=replay)


def cancel(visit: Visit) -> Response:
    """End it; what was replayed stays so."""
    return _order(visit, Replays.cancel)


def _order(visit: Visit, order: Callable[..., bool]) -> Response:
    number = visit.request.path_params["number"]
    order(visit.desk.replays, number, who=visit.who)
    visit.desk.forget()
    return visit.see(f"/replays/{number}")


def _to_go_s(replay: Replay) -> float | None:
    """Seconds until it has come to its last letter, at the pace it has had so far."""
    if replay.state is not ReplayState.RUNNING or not replay.started_at or not replay.seen:
        return None
    passed_s = max(time.time() - replay.started_at, 0.001)
    return replay.left * passed_s / replay.seen
