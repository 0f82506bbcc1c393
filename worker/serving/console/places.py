"""Every place of the console: its address, who may go there, and the commands it stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from worker.serving.console import (
    acts,
    audit,
    dead,
    destinations,
    edit,
    figures,
    files,
    find,
    keys,
    letter,
    now,
    privacy,
    purge,
    replays,
    sample,
    setup,
    trace,
)
from worker.serving.console.visit import View
from worker.serving.tokens import Role


@dataclass(frozen=True, slots=True)
class Place:
    """One address.

    Attributes:
        path: of Starlette's router.
        view: answers.
        role: that is needed.
        posts: whether it is an act: a form of ours, posted.
        commands: what people type for the same.
        uploads: whether a file comes with the form.
    """

    path: str
    view: View
    role: Role = Role.VIEW
    posts: bool = False
    commands: tuple[str, ...] = ()
    uploads: bool = False


def _act(path: str, view: View, role: Role, *commands: str) -> Place:
    """A form, posted."""
    return Place(path, view, role, posts=True, commands=commands)


PLACES: Final = (
    Place("/", now.now, commands=("status",)),
    Place("/find", find.find),
    Place("/trace", trace.trace, commands=("trace",)),
    Place("/figures", figures.figures, commands=("figures",)),
    Place("/keys", keys.keys, commands=("quality",)),
    Place("/destinations", destinations.overview, commands=("destinations list",)),
    Place("/destinations/{key}", destinations.one),
    _act("/destinations/{key}/park", destinations.park, Role.OPERATE, "destinations park"),
    _act("/destinations/{key}/resume", destinations.resume, Role.OPERATE, "destinations resume"),
    _act("/destinations/{key}/bury", destinations.bury, Role.EDIT, "destinations resume"),
    Place("/dead", dead.overview, commands=("dead list", "dead stats")),
    Place("/dead/edit", edit.preview, Role.EDIT),
    _act("/dead/edit", edit.act, Role.EDIT, "dead edit"),
    Place("/dead/replay", replays.preview, Role.OPERATE),
    _act("/dead/replay", replays.act, Role.OPERATE, "dead replay"),
    Place("/dead/purge", purge.preview, Role.EDIT),
    _act("/dead/purge", purge.act, Role.EDIT, "dead purge"),
    Place("/dead/export", files.preview, Role.EDIT),
    _act("/dead/export", files.export, Role.EDIT, "dead export"),
    Place("/dead/import", files.ask, Role.EDIT),
    Place(
        "/dead/import",
        files.bring_back,
        Role.EDIT,
        posts=True,
        commands=("dead import",),
        uploads=True,
    ),
    Place("/dead/{letter_id}", letter.show, commands=("dead show",)),
    _act("/dead/{letter_id}", letter.reveal, Role.EDIT),
    Place("/replays", replays.overview, commands=("replays list",)),
    Place("/replays/{number:int}", replays.one, commands=("replays show", "replays watch")),
    _act("/replays/{number:int}/pause", replays.pause, Role.OPERATE, "replays pause"),
    _act("/replays/{number:int}/resume", replays.resume, Role.OPERATE, "replays resume"),
    Place("/replays/{number:int}/cancel", replays.ask_cancel, Role.OPERATE),
    _act("/replays/{number:int}/cancel", replays.cancel, Role.OPERATE, "replays cancel"),
    Place("/audit", audit.overview, commands=("audit",)),
    Place("/acts/{entry_id}", acts.show),
    Place("/privacy", privacy.ask),
    _act("/privacy", privacy.count, Role.ERASE),
    _act("/privacy/erase", privacy.erase, Role.ERASE, "erase"),
    Place("/setup", setup.overview, commands=("doctor", "explain")),
    _act("/setup/look", setup.look, Role.VIEW),
    _act("/setup/test", sample.send, Role.OPERATE, "send"),
)
"""What is fixed stands before what has a name in it."""

ELSEWHERE: Final = {
    "worker": "it is a process, not an act",
    "serve token": "who makes tokens must not need one",
    "sandbox": "it is for tests",
    "redis": "it is for tests",
    "demo": "it is for a first look",
    "spool status": "the spool is on the producers' machines",
    "spool flush": "the spool is on the producers' machines",
    "spool repair": "the spool is on the producers' machines",
}
"""Commands without a place, and why."""

OPTIONS_ELSEWHERE: Final = {
    "dead edit --patch": "match keys in it are no business of an address",
    "dead import --replace": "a spreadsheet of corrections is read by the command",
    "dead import --decimal": "it goes with --replace",
    "dead replay --detach": "the workers do it, whoever watches",
    "destinations park --unseen": "the console lists what is known",
    "destinations resume --all": "each is parked for a reason of its own",
}
"""Options of acts that the console does not have, and why."""
