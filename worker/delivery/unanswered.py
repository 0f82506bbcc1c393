"""Judge a request that got no answer: it was surely not sent, or perhaps delivered."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import Final

import requests
import urllib3.exceptions

from worker.attempts.verdict import Answer, Verdict

MISCONFIGURED: Final = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidHeader,
    requests.exceptions.MissingSchema,
    requests.exceptions.URLRequired,
)
"""Errors after which no request can be made until an operator changes something."""

BEFORE_THE_REQUEST: Final = (
    requests.ConnectTimeout,
    requests.exceptions.ProxyError,  # urllib3 says so only until the proxy is connected
    urllib3.exceptions.NewConnectionError,
    ssl.SSLCertVerificationError,
)
"""Errors of a connection that was never made, so that nothing was delivered."""


def judge_failure(error: Exception) -> Answer:
    """What it means that no answer came: only a connection never made is surely no delivery.

    Args:
        error: of `requests` or `urllib3`, or an `OSError` of the system.
    """
    kind = type(error).__name__
    if isinstance(error, MISCONFIGURED):
        return Answer(
            Verdict.CONFIGURATION,
            message=f"no request can be made ({kind}): look at the API's address, the proxy "
            "and the access token",
        )
    if isinstance(error, OSError) and not isinstance(error, requests.RequestException):
        # Whatever happens to a connection is wrapped; this is a certificate file, say.
        return Answer(Verdict.TRANSIENT, message=f"{kind} before the request: {error}")
    verdict = Verdict.TRANSIENT if _never_sent(error) else Verdict.AMBIGUOUS
    return Answer(verdict, message=kind)


def _never_sent(error: BaseException) -> bool:
    """Whether the error, or one of its causes, can only occur before the request is sent.

    Of the errors of TLS that is a refused certificate alone: any other can also end a request
    that is under way.
    """
    return any(isinstance(one, BEFORE_THE_REQUEST) for one in _causes(error))


def _causes(error: object) -> Iterator[BaseException]:
    """Yield the error and those it wraps, which `requests` and `urllib3` keep in two places."""
    while isinstance(error, BaseException):
        yield error
        error = getattr(error, "reason", None) or (error.args[0] if error.args else None)
