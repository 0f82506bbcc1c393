"""Signing in with a token, and out again."""

from __future__ import annotations

from urllib.parse import urlsplit

from anyio import to_thread
from redis.exceptions import RedisError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from worker.serving.console.body import SIGN_IN_BYTES, bounded
from worker.serving.console.desk import Desk
from worker.serving.console.pages import HEADERS, plain_page
from worker.serving.console.session import TRIES, WINDOW_S, begin, cookie_of, end
from worker.serving.console.visit import SEE_OTHER


class SignIn:
    """The two endpoints that nobody has to be signed in for.

    Args:
        desk: of the console.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def ask(self, request: Request) -> Response:
        """The form."""
        return self._page(_next(request.query_params.get("next", "/")))

    async def sign_in(self, request: Request) -> Response:
        """Take a token; a wrong one counts as a try."""
        try:
            sent = bounded(request, SIGN_IN_BYTES)
            form = await sent.form(max_files=0, max_fields=10)
        except HTTPException as error:
            return self._page("/", error.detail, error.status_code)
        token, onward = str(form.get("token", "")).strip(), _next(str(form.get("next", "/")))
        tokens = self._desk.site.tokens
        try:
            left = await to_thread.run_sync(self._tries_left, request)
        except RedisError:
            return self._page(onward, "Redis does not answer. Try again in a moment.", 503)
        if left < 0:
            return self._page(onward, f"Too many tries. Wait {WINDOW_S} seconds.", 429)
        if tokens is None or tokens.person(token) is None:
            words = f"{left} tries are left" if left != 1 else "1 try is left"
            return self._page(onward, f"This token is not known here. {words} in this minute.", 403)
        response = RedirectResponse(onward, SEE_OTHER, HEADERS)
        await to_thread.run_sync(begin, request, response, self._desk.signer, token)
        return response

    async def sign_out(self, request: Request) -> Response:
        """Take the cookie away; who is signed out by somebody else loses nothing."""
        response = RedirectResponse("/signin", SEE_OTHER, HEADERS)
        if cookie := cookie_of(request):
            self._desk.streams.end(cookie)
        end(request, response)
        return response

    def _tries_left(self, request: Request) -> int:
        client = request.client.host if request.client else ""
        return TRIES - self._desk.signer.tries(client, WINDOW_S)

    def _page(self, onward: str, problem: str = "", status: int = 200) -> Response:
        response = plain_page("signin.html", status, next=onward, problem=problem)
        response.headers.update(HEADERS)
        return response


def _next(given: str) -> str:
    """A page of ours to go on to, whatever was given."""
    try:
        parts = urlsplit(given)
    except ValueError:
        return "/"
    elsewhere = parts.scheme or parts.netloc or not given.startswith("/")
    return "/" if elsewhere or given.startswith("//") or "\\" in given else given
