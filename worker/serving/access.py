"""Decide who asks, and whether they may: every route passes through here.

with tokens       a bearer token of the file; its role decides
without tokens    whoever is on this machine may look, and nobody may do anything
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

from worker.serving.site import Site, site_of
from worker.serving.tokens import Person, Role
from worker.setting_checks import is_this_machine, is_within

ANYONE: Final = Person("anyone on this machine", Role.VIEW)
"""Who asks if no tokens are configured."""

UNKNOWN: Final = 401
FORBIDDEN: Final = 403


def authorize(request: Request, role: Role) -> Person:
    """Return who asks, if their role allows what needs this role.

    Raises:
        HTTPException: 401 nobody is known by this token, or there is none; 403 they may not.
    """
    person = _person(request)
    if not person.role.covers(role):
        raise HTTPException(
            FORBIDDEN, f"{person.name} has the role {person.role}, and this needs {role}"
        )
    return person


def _person(request: Request) -> Person:
    tokens = site_of(request).tokens
    if tokens is None:
        return neighbour(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    person = tokens.person(token.strip()) if scheme.lower() == "bearer" else None
    if person is None:
        raise HTTPException(
            UNKNOWN, "a token is needed: Authorization: Bearer …", {"WWW-Authenticate": "Bearer"}
        )
    return person


def proxied(request: Request, site: Site) -> Person | None:
    """Whom an authenticating proxy names, if it is one of ours and the file of tokens has them.

    A header that stands there twice is not believed: one of them may be the visitor's.
    """
    header, networks = site.settings.serve_proxy_header, site.settings.serve_proxy_networks
    if header is None or networks is None or site.tokens is None or request.client is None:
        return None
    given = request.headers.getlist(header)
    if len(given) != 1 or not is_within(request.client.host, networks):
        return None
    return site.tokens.named(given[0].strip())


def neighbour(request: Request) -> Person:
    """Whoever asks by a name of this machine: a page elsewhere can lead its own name here."""
    if not is_this_machine(asked_name(request)):
        raise HTTPException(
            FORBIDDEN, "without tokens, only 127.0.0.1 and localhost are answered to"
        )
    return ANYONE


def asked_name(request: Request) -> str:
    """Return the host name by which this server was asked."""
    try:
        return urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""
