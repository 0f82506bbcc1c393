"""What it means that no answer came: every exception of `requests`, and what is inside it."""

from __future__ import annotations

import errno
import inspect
import socket
import ssl

import pytest
import requests
import urllib3
from urllib3.connection import HTTPConnection

from worker.attempts.verdict import Verdict
from worker.delivery.unanswered import judge_failure


def failures() -> list[type[requests.RequestException]]:
    """Every exception that `requests` has."""
    found = [kind for _, kind in inspect.getmembers(requests.exceptions, inspect.isclass)]
    return [kind for kind in found if issubclass(kind, requests.RequestException)]


TRANSIENT = {"ConnectTimeout", "ProxyError"}
CONFIGURATION = {
    "InvalidHeader",
    "InvalidProxyURL",
    "InvalidSchema",
    "InvalidURL",
    "MissingSchema",
    "URLRequired",
}


@pytest.mark.parametrize("kind", failures())
def test_every_exception_of_requests_is_mapped(kind: type[requests.RequestException]) -> None:
    """Only what surely ended before the request is not ambiguous; nothing is success."""
    try:
        error = kind("text", "document", 0) if "JSONDecode" in kind.__name__ else kind("text")
    except TypeError as cannot:
        pytest.fail(f"{kind} cannot be made: {cannot}")
    expected = Verdict.AMBIGUOUS
    if kind.__name__ in TRANSIENT:
        expected = Verdict.TRANSIENT
    if kind.__name__ in CONFIGURATION:
        expected = Verdict.CONFIGURATION
    answer = judge_failure(error)
    assert (answer.verdict, answer.http_status) == (expected, None)
    assert kind.__name__ in answer.message


def test_the_exceptions_of_requests_are_all_there() -> None:
    """The test above would pass on an empty list."""
    names = {kind.__name__ for kind in failures()}
    assert names >= TRANSIENT | CONFIGURATION | {"ReadTimeout", "ChunkedEncodingError", "SSLError"}


CONNECTION = HTTPConnection("127.0.0.1")
POOL = urllib3.HTTPConnectionPool("127.0.0.1")


def after_retries(reason: Exception) -> requests.ConnectionError:
    """As `requests` wraps what ended a connection attempt."""
    return requests.ConnectionError(urllib3.exceptions.MaxRetryError(POOL, "/", reason))


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (
            after_retries(urllib3.exceptions.NewConnectionError(CONNECTION, "refused")),
            "transient",
        ),
        (
            after_retries(
                urllib3.exceptions.NameResolutionError(
                    "h", CONNECTION, socket.gaierror("no such host")
                )
            ),
            "transient",
        ),
        (
            requests.exceptions.SSLError(
                urllib3.exceptions.MaxRetryError(
                    POOL, "/", urllib3.exceptions.SSLError(ssl.SSLCertVerificationError("expired"))
                )
            ),
            "transient",
        ),
        (
            requests.exceptions.SSLError(
                urllib3.exceptions.MaxRetryError(
                    POOL, "/", urllib3.exceptions.SSLError(ssl.SSLEOFError("cut"))
                )
            ),
            "ambiguous",
        ),
        (
            requests.ConnectionError(
                urllib3.exceptions.ProtocolError("Connection aborted.", ConnectionResetError())
            ),
            "ambiguous",
        ),
        (requests.ConnectionError(), "ambiguous"),
        (requests.ReadTimeout(urllib3.exceptions.ReadTimeoutError(POOL, "/", "slow")), "ambiguous"),
        (urllib3.exceptions.ReadTimeoutError(POOL, "/", "slow"), "ambiguous"),
        (urllib3.exceptions.ProtocolError("cut", OSError()), "ambiguous"),
        (urllib3.exceptions.SSLError(ssl.SSLError("bad record mac")), "ambiguous"),
        (urllib3.exceptions.DecodeError("not gzip"), "ambiguous"),
        (OSError("Could not find a suitable TLS CA certificate bundle"), "transient"),
        (OSError(errno.EMFILE, "Too many open files"), "transient"),
    ],
)
def test_a_failure_is_ambiguous_unless_nothing_was_sent(error: Exception, verdict: str) -> None:
    """A refused certificate or connection is no delivery; anything later may be one."""
    assert verdict == judge_failure(error).verdict
