"""One HTTP request to the Events API, and nothing else: no retry, no decision.

Source: endpoint and headers from github.com/tiktok/gtm-template-eapi `template.js` and
the portal page 1771101303285761 (read 2026-11-22).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Final

import requests
import urllib3.exceptions

from worker.attempts.verdict import Answer, Verdict, judge
from worker.delivery.unanswered import judge_failure
from worker.settings import CONNECT_TIMEOUT_S

PATH: Final = "/open_api/v1.3/event/track/"
MAX_ANSWER_BYTES: Final = 1_048_576
"""How much of an answer is read before it counts as none; a real one has some hundred bytes."""

READ_BYTES: Final = 65_536

USER_AGENT: Final = "tiktok-events-worker"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request that was made.

    Attributes:
        answer: what came back.
        started_at: Unix seconds.
        duration_s: from before connecting to the whole answer.
    """

    answer: Answer
    started_at: float
    duration_s: float


class EventsApi:
    """The API, reached over kept-alive connections: one session per thread.

    To be made after the fork: a session shared between processes hands one's
    answers to the other, without an error (measured: 420 of 1,000).

    Args:
        base_url: of the API, without the path.
        timeout_s: longest wait for the answer; the whole answer included.
        now: Unix seconds, for `Exchange.started_at`.
    """

    def __init__(
        self, base_url: str, *, timeout_s: float, now: Callable[[], float] = time.time
    ) -> None:
        self._now = now
        self._url = base_url.rstrip("/") + PATH
        self._timeout_s = timeout_s
        self._local = threading.local()

    def send(self, body: bytes, access_token: str) -> Exchange:
        """POST a request body; every end of it is an answer, none an exception.

        Args:
            body: JSON.
            access_token: printable ASCII.
        """
        started_at, started = self._now(), time.monotonic()
        try:
            answer = self._post(body, access_token, started + self._timeout_s)
        except (OSError, urllib3.exceptions.HTTPError) as error:
            # `requests` derives from OSError; it lets urllib3's own through while we read.
            answer = judge_failure(error)
        return Exchange(answer, started_at, time.monotonic() - started)

    def _post(self, body: bytes, access_token: str, deadline: float) -> Answer:
        session, blank = self._line()
        with session.send(
            _filled(blank, body, access_token),
            timeout=(CONNECT_TIMEOUT_S, self._timeout_s),
            allow_redirects=False,
            stream=True,
        ) as response:
            content = _read(response, deadline)
            if content is None:
                return Answer(
                    Verdict.AMBIGUOUS,
                    message="the answer was too long or too slow",
                    http_status=response.status_code,
                )
            return judge(response.status_code, response.headers, content)

    def _line(self) -> tuple[requests.Session, requests.PreparedRequest]:
        """This thread's session, and a prepared request without a body or a token."""
        line: tuple[requests.Session, requests.PreparedRequest] | None
        line = getattr(self._local, "line", None)
        if line is None:
            session = new_session(self._url)
            blank = session.prepare_request(requests.Request("POST", self._url))
            line = self._local.line = session, blank
        return line


def _filled(
    blank: requests.PreparedRequest, body: bytes, access_token: str
) -> requests.PreparedRequest:
    """A copy with body and token: preparing it from scratch takes a third of a request's CPU."""
    request = blank.copy()
    request.prepare_body(body, None)
    request.headers["Access-Token"] = access_token
    return request


class _Session(requests.Session):
    """A session to which a redirect is an answer like any other.

    `requests` looks where it leads even when it is not to be followed: it reads the whole body
    for that, however long and slow it is, and fails on an address that is none.
    """

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return no target: the token must not go where an answer points."""


def new_session(url: str) -> requests.Session:
    """A session that reads proxies and certificates from the environment once.

    `trust_env` would look them up for every request (a third of its cost) and could
    put a password of `.netrc` into it. Cookies are refused: one would link the requests
    of different tokens.
    """
    session = _Session()
    settings = session.merge_environment_settings(url, {}, None, None, None)
    session.trust_env = False
    session.proxies = dict(settings["proxies"])
    session.verify = settings["verify"]
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    session.headers.update({"Content-Type": "application/json", "User-Agent": USER_AGENT})
    return session


def _read(response: requests.Response, deadline: float) -> bytes | None:
    """The body, or ``None`` when it outgrows the limit or trickles past the deadline.

    Warning: after the headers of an answer that closes its connection, silence lasts a
    whole time-out once more: the socket is not ours to set then.
    """
    content = b""
    while len(content) <= MAX_ANSWER_BYTES and (left_s := deadline - time.monotonic()) > 0:
        _wait_at_most(left_s, response)
        # Not iter_content: it waits until its measure is full, however slowly that fills.
        part: bytes = response.raw.read1(READ_BYTES, decode_content=True)
        if not part:
            return content
        content += part
    return None


def _wait_at_most(seconds: float, response: requests.Response) -> None:
    """Limit the wait for the answer's next bytes; the next request sets its own time-out."""
    connection = response.raw.connection
    if connection is not None and connection.sock is not None:
        connection.sock.settimeout(seconds)
