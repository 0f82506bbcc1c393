"""The door of the console: nobody comes to a view who may not, and no form that is not ours.

session   signed in? else to the sign-in, and back afterwards
role      of the place
mark      of a posted form, and that it comes from a page of ours
view      in a thread, not too many at once: a slow page must not keep the server busy
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Final
from urllib.parse import urlencode

import anyio
from anyio import to_thread
from redis.exceptions import RedisError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tiktok_events.connection.trouble import trouble
from worker.serving.console.body import FORM_BYTES, UPLOAD_BYTES, bounded, is_upload
from worker.serving.console.desk import Desk
from worker.serving.console.live import is_part, led_on
from worker.serving.console.pages import HEADERS, plain_page
from worker.serving.console.places import Place
from worker.serving.console.query import BadQuery
from worker.serving.console.session import Session, is_marked, session_of
from worker.serving.console.visit import SEE_OTHER, Visit

AT_ONCE: Final = 8
MARK: Final = "mark"
_OURS: Final = frozenset({"same-origin", "none"})


class Refused(Exception):
    """A request that is answered with a sentence.

    Args:
        status: of the answer.
        sentence: for people.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


Endpoint = Callable[[Request], Awaitable[Response]]


def guarded(place: Place, desk: Desk, threads: anyio.CapacityLimiter) -> Endpoint:
    """The endpoint of a place."""

    async def endpoint(request: Request) -> Response:
        again = partial(_told, request, place, desk, threads)
        response = desk.streams.answer(request, await again(), again)
        response.headers.update(HEADERS)
        return response

    return endpoint


async def _told(
    request: Request, place: Place, desk: Desk, threads: anyio.CapacityLimiter
) -> Response:
    """The answer of a place, or a sentence that says why there is none."""
    try:
        response = await _answer(request, place, desk, threads)
    except Refused as refused:
        return plain_page("refused.html", refused.status, sentence=refused.sentence)
    except HTTPException as error:
        return plain_page("refused.html", error.status_code, sentence=error.detail)
    except BadQuery as error:
        return plain_page("refused.html", 400, sentence=str(error))
    except RedisError as error:
        told = trouble(error, desk.settings.redis_url)
        return plain_page("refused.html", 503, sentence=f"{told.message} {told.remedy}")
    return led_on(response) if is_part(request) else response


async def _answer(
    request: Request, place: Place, desk: Desk, threads: anyio.CapacityLimiter
) -> Response:
    began = time.perf_counter()
    session = await to_thread.run_sync(session_of, request, desk.site, desk.signer, limiter=threads)
    if session is None:
        return _to_sign_in(request)
    role = session.person.role
    if not role.covers(place.role):
        raise Refused(403, f"This needs the role {place.role}; {session.person.name} has {role}.")
    seen = Visit(request, desk, session, time.time(), began=began, part=is_part(request))
    if not place.posts:
        return await to_thread.run_sync(place.view, seen, limiter=threads)
    async with _form(request, session, uploads=place.uploads) as (fields, files):
        visit = replace(seen, form=fields, files=files)
        return await to_thread.run_sync(place.view, visit, limiter=threads)


@asynccontextmanager
async def _form(
    request: Request, session: Session, *, uploads: bool
) -> AsyncIterator[tuple[list[tuple[str, str]], dict[str, UploadFile]]]:
    """What was posted, if it is a form of ours; its files are closed in the end.

    Raises:
        Refused: it is not.
        HTTPException: it is too long, or cannot be read.
    """
    if request.headers.get("sec-fetch-site", "none") not in _OURS:
        raise Refused(403, "This was sent by a page of somebody else. Nothing was done.")
    sent = bounded(request, UPLOAD_BYTES if uploads and is_upload(request) else FORM_BYTES)
    async with sent.form(max_files=1, max_fields=200, max_part_size=FORM_BYTES) as form:
        fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
        files = {name: value for name, value in form.items() if isinstance(value, UploadFile)}
        if session.signed_in and not is_marked(session, dict(fields).get(MARK, "")):
            raise Refused(403, "This form is not of this session. Nothing was done: open it again.")
        yield fields, files


def _to_sign_in(request: Request) -> Response:
    here = request.url.path
    if request.method == "GET" and request.url.query:
        here += f"?{request.url.query}"
    return RedirectResponse(f"/signin?{urlencode({'next': here})}", SEE_OTHER)
