"""One request to the console: who, when, what was asked, and how to answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from worker.letters.filter import LetterFilter
from worker.serving.console.desk import Desk
from worker.serving.console.pages import page
from worker.serving.console.query import read_filter
from worker.serving.console.session import Session
from worker.serving.tokens import Role

ZONE: Final = "tiktok_events_zone"
THEME: Final = "tiktok_events_theme"
UTC: Final = ZoneInfo("UTC")
SEE_OTHER: Final = 303
_is_zone: Final = re.compile(r"[A-Za-z0-9_+-]{1,32}(/[A-Za-z0-9_+-]{1,32}){0,2}").fullmatch


@dataclass(frozen=True, slots=True)
class Visit:
    """A request of somebody who may make it.

    Attributes:
        request: as it came.
        desk: of the console.
        session: whose it is.
        now: Unix seconds.
        form: what was posted.
        files: what was uploaded, by field.
        began: when it came, on the clock of `time.perf_counter`.
        part: whether only what changes is asked for.
    """

    request: Request
    desk: Desk
    session: Session
    now: float
    form: Sequence[tuple[str, str]] = ()
    files: Mapping[str, UploadFile] = field(default_factory=dict)
    began: float = 0.0
    part: bool = False

    @property
    def who(self) -> str:
        """Whose word it is, for the audit."""
        return f"{self.session.person.name} (console)"

    @property
    def zone(self) -> ZoneInfo:
        """Of the reader's clock."""
        return zone_of(self.request.cookies.get(ZONE, ""))

    @property
    def pairs(self) -> Sequence[tuple[str, str]]:
        """The parameters of the address, in order."""
        return self.request.query_params.multi_items()

    def asked(self, name: str, default: str = "") -> str:
        """A parameter of the address, the last of its name."""
        return str(self.request.query_params.get(name, default)).strip()

    def given(self, name: str) -> str:
        """A field of the form, the last of its name."""
        return dict(self.form).get(name, "").strip()

    def wanted(self) -> LetterFilter:
        """The filter in the address.

        Raises:
            BadQuery: it cannot be read.
        """
        return read_filter(self.pairs, self.desk.labels.get(), self.now)

    def may(self, role: Role) -> bool:
        """Whether this person may do what needs a role."""
        return self.session.person.role.covers(role)

    def page(self, template: str, status: int = 200, **context: Any) -> Response:
        """Answer with a page."""
        return page(self, template, status, context)

    def see(self, url: str) -> Response:
        """Lead on to another page of ours, after an act."""
        return RedirectResponse(url, SEE_OTHER)


View = Callable[[Visit], Response]


def zone_of(name: str) -> ZoneInfo:
    """A time zone by its name; UTC for what is none."""
    try:
        return ZoneInfo(name) if _is_zone(name) else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
