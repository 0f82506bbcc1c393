"""Who is signed in: a cookie that names a token by its digest, signed, for twelve hours.

The token itself is in no cookie. Whose line is deleted from the file of tokens is signed out with
the next request.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from worker.serving.access import asked_name, neighbour, proxied
from worker.serving.console.signing import Signer
from worker.serving.site import Site
from worker.serving.tokens import Person, digest_of
from worker.setting_checks import is_this_machine

COOKIE: Final = "tiktok_events_session"
SECURE_COOKIE: Final = f"__Host-{COOKIE}"
AGE_S: Final = 12 * 3_600
TRIES: Final = 5
WINDOW_S: Final = 60
_PURPOSE: Final = "session"
_PROXIED: Final = "proxied "


@dataclass(frozen=True, slots=True)
class Session:
    """One visit of the console.

    Attributes:
        person: who it is.
        mark: what every form of this session carries, and no other page can know.
        signed_in: whether there is a cookie to be taken away.
    """

    person: Person
    mark: str
    signed_in: bool


def session_of(request: Request, site: Site, signer: Signer) -> Session | None:
    """Whose request it is; `None` when they have to sign in.

    Raises:
        HTTPException: without tokens, it does not come from this machine.
    """
    if site.tokens is None:
        return Session(neighbour(request), "", signed_in=False)
    if (named := proxied(request, site)) is not None:
        return Session(named, signer.mark(f"{_PROXIED}{named.name}"), signed_in=True)
    cookie = cookie_of(request)
    digest = signer.read(_PURPOSE, cookie, AGE_S)
    person = site.tokens.holder(digest) if isinstance(digest, str) else None
    return None if person is None else Session(person, signer.mark(cookie), signed_in=True)


def cookie_of(request: Request) -> str:
    """What the cookie of a session holds; empty without one."""
    return request.cookies.get(_cookie(request), "")


def begin(request: Request, response: Response, signer: Signer, token: str) -> None:
    """Give the cookie of whoever has this token."""
    response.set_cookie(
        _cookie(request),
        signer.sign(_PURPOSE, digest_of(token)),
        max_age=AGE_S,
        path="/",
        secure=is_private(request),
        httponly=True,
        samesite="lax",
    )


def end(request: Request, response: Response) -> None:
    """Take the cookie away."""
    name, secure = _cookie(request), is_private(request)
    response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="lax")


def is_marked(session: Session, given: str) -> bool:
    """Whether a form is one of ours, of this session."""
    return bool(session.mark) and hmac.compare_digest(session.mark.encode(), given.encode())


def is_private(request: Request) -> bool:
    """Whether a cookie must be `Secure`: always, but on this machine without TLS.

    What a proxy says of TLS is taken from anybody, because it can only make a cookie stricter.
    """
    is_encrypted = request.headers.get("x-forwarded-proto", "").lower() == "https"
    return is_encrypted or not is_this_machine(asked_name(request))


def _cookie(request: Request) -> str:
    return SECURE_COOKIE if is_private(request) else COOKIE
