"""What must be right before events can be delivered: `doctor` tells it, a worker obeys it.

configuration   settings and files; where one is not allowed, a worker does not start
surroundings    what they lead to; a worker says what is wrong, and starts
unusable        why Redis and the broker take no events; a worker says it, and waits for Redis
"""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import certifi
import requests
from redis.exceptions import NoPermissionError, RedisError

from tiktok_events.connection.trouble import port_of, trouble
from tiktok_events.errors import InvalidSetting
from tiktok_events.settings import ENVIRONMENT_PREFIX
from worker.delivery.destinations import Destinations
from worker.delivery.events_api import new_session
from worker.delivery.file_problems import UnusableDestinations
from worker.reporting.log import Log
from worker.reporting.tracing import wants_opentelemetry, why_untraced
from worker.runtime.broker_watch import refusal
from worker.runtime.check import Check, Outcome
from worker.runtime.engine import connect_to_look
from worker.runtime.shutdown import stopping
from worker.runtime.trust import believed_unseen
from worker.setting_checks import is_this_machine
from worker.settings import CONNECT_TIMEOUT_S, Settings, unknown_variables

log = Log("tiktok_events.preflight")

PAUSE_S: Final = 1.0

WITHOUT_BROKER: Final = (
    "; events are delivered all the same, within two seconds. Only producers that have nothing "
    "but Celery cannot send, and what they had sent there waits"
)
"""What it means that Celery's broker cannot be used."""

PIXEL_CHARACTERS: Final = 20
"""Of every pixel code seen in public; longer and shorter ones are only unlikely."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What settings and files say.

    Attributes:
        checks: how each was found, those that are fine apart.
        settings: `None` when one is not allowed.
        destinations: `None` when the file cannot be used.
    """

    checks: tuple[Check, ...]
    settings: Settings | None = None
    destinations: Destinations | None = None

    @property
    def refusals(self) -> list[str]:
        """Why a worker does not start."""
        return [one.message for one in self.checks if one.outcome is Outcome.FAILED]


def configuration(environment: Mapping[str, str]) -> Configuration:
    """Read and check settings and files.

    Args:
        environment: with the settings.
    """
    checks = [
        Check("settings", Outcome.WARNING, sentence, "Correct its name, or remove it.")
        for sentence in unknown_variables(environment)
    ]
    try:
        settings = Settings.load(environment)
    except InvalidSetting as error:
        return Configuration((*checks, *_wrong(str(error).splitlines())))
    checks += _workplace(settings)
    try:
        destinations = Destinations(settings, environment)
    except UnusableDestinations as error:
        checks += [
            Check("destinations", Outcome.FAILED, problem.message, problem.remedy)
            for problem in error.problems
        ]
        return Configuration(tuple(checks), settings)
    return Configuration(tuple(checks), settings, destinations)


def _wrong(problems: Iterable[str]) -> Iterator[Check]:
    for problem in problems:
        yield Check("settings", Outcome.FAILED, problem, "Correct the variable.")


def _workplace(settings: Settings) -> Iterator[Check]:
    """Whether the heartbeat can be written; only a worker needs it."""
    if (file := settings.heartbeat_file) is None:
        return
    name = f"{ENVIRONMENT_PREFIX}HEARTBEAT_FILE"
    if file.is_dir() or not os.access(file if file.exists() else file.parent, os.W_OK):
        message = f"{name} must be a file that a worker may write; {file} is none"
        yield Check(
            "settings", Outcome.FAILED, message, "Correct the variable, or make its folder."
        )


def surroundings(settings: Settings) -> Iterator[Check]:
    """Check what settings lead to, Redis apart."""
    yield _pixel_code(settings.pixel_code)
    yield api_url(settings.api_url)
    yield _api(settings.api_url)
    yield from trust(settings)
    yield tracing()


def tracing() -> Check:
    """Whether requests can have spans for OpenTelemetry, if they are to; they are sent anyway."""
    if not wants_opentelemetry(os.environ):
        return Check("tracing", Outcome.OK, "off: OTEL_EXPORTER_OTLP_ENDPOINT is not set")
    if (why := why_untraced()) is None:
        return Check("tracing", Outcome.OK, "spans are sent by OTLP")
    return Check("tracing", Outcome.WARNING, f"off: {why}", "Correct the variable, or remove it.")


def trust(settings: Settings) -> Iterator[Check]:
    """Yield a check for each address whose server need not prove who it is."""
    for name, option in believed_unseen(settings):
        message = f"{name} says {option}: another server could take the password and the events"
        remedy = "Name the authority instead: ?ssl_ca_certs=/path/to/ca.pem"
        yield Check("tls", Outcome.WARNING, message, remedy)


def _pixel_code(code: str | None) -> Check:
    name = "pixel code"
    if code is None or len(code) == PIXEL_CHARACTERS:
        return Check(name, Outcome.OK, code or "each web event must name its own")
    message = f"{code} has {len(code)} characters; pixel codes have {PIXEL_CHARACTERS}"
    remedy = f"Compare {ENVIRONMENT_PREFIX}PIXEL_CODE with Events Manager."
    return Check(name, Outcome.WARNING, message, remedy)


def api_url(url: str) -> Check:
    """The token travels with every request, so the way must be private."""
    name, host = "API URL", urlsplit(url).hostname or ""
    if url.startswith("https://") or is_this_machine(host):
        return Check(name, Outcome.OK, url)
    message = f"the access token would travel unencrypted to {host}"
    return Check(name, Outcome.WARNING, message, "Use https; plain http is for the sandbox only.")


def _api(url: str) -> Check:
    """Connect to the API, or to the proxy before it, and send nothing."""
    name, setting, who = "API", f"{ENVIRONMENT_PREFIX}API_URL", "the API"
    with new_session(url) as session:
        proxy = requests.utils.select_proxy(url, session.proxies)
        if proxy:
            url, setting, who = proxy, "the variables of the proxy", "the proxy"
        try:
            _connect(url, _authorities(session.verify))
        except (OSError, ValueError) as error:
            told = trouble(error, url, setting, who)
            return Check(name, Outcome.WARNING, f"{told.message}; events wait", told.remedy)
    return Check(name, Outcome.OK, f"{who} can be reached")


def _connect(url: str, authorities: str) -> None:
    host = urlsplit(url).hostname or ""
    with socket.create_connection((host, port_of(url)), CONNECT_TIMEOUT_S) as connection:
        if url.startswith("https://"):
            context = ssl.create_default_context(cafile=authorities)
            context.wrap_socket(connection, server_hostname=host).close()


def _authorities(verify: object) -> str:
    """The file of `requests`, whose setting may also be a switch or a folder."""
    return verify if isinstance(verify, str) and Path(verify).is_file() else certifi.where()


def unusable(settings: Settings) -> Iterator[tuple[Check, bool]]:
    """Why the servers of the outbox and of Celery's messages take nothing, if they do not.

    Yields:
        The check, and whether the server answers. A broker that takes nothing is a warning.
    """
    yield from _unusable_outbox(settings)
    url = settings.celery_broker_url
    if url in {None, settings.redis_url}:
        return
    for check, answers in _unusable(url, settings, "broker", "BROKER_URL", "the broker"):
        message = check.message + WITHOUT_BROKER
        yield Check(check.name, Outcome.WARNING, message, check.remedy), answers


def _unusable_outbox(settings: Settings) -> Iterator[tuple[Check, bool]]:
    return _unusable(settings.redis_url, settings, "redis", "REDIS_URL", "Redis")


def _unusable(
    url: str, settings: Settings, name: str, setting: str, who: str
) -> Iterator[tuple[Check, bool]]:
    error, answers = _refusal_of(url, settings)
    if error is not None:
        told = trouble(error, url, ENVIRONMENT_PREFIX + setting, who)
        yield Check(name, Outcome.FAILED, told.message, told.remedy), answers


def _refusal_of(url: str, settings: Settings) -> tuple[RedisError | None, bool]:
    """Why a server takes no writes, and whether it answers; rights are another matter."""
    with connect_to_look(url, settings.layout) as redis:
        try:
            redis.ping()
        except RedisError as error:
            return error, False
        refused = refusal(redis, settings.layout.installation.ready)
        return None if isinstance(refused, NoPermissionError) else refused, True


def start_when_usable(settings: Settings) -> None:
    """Say what is wrong around these settings, and wait until Redis answers.

    One that answers and takes no writes is not waited for: a worker empties one that is full,
    and its look of every second finds when a replica becomes the primary.
    """
    for check in surroundings(settings):
        if check.outcome is not Outcome.OK:
            log.warning("preflight", check=check.name, message=check.message, remedy=check.remedy)
    said = ""
    while (problem := next(_unusable_outbox(settings), None)) is not None and not stopping():
        check, answers = problem
        if check.message != said:
            log.error("server_unusable", message=check.message, remedy=check.remedy)
        said = check.message
        if answers:
            return
        time.sleep(PAUSE_S)
