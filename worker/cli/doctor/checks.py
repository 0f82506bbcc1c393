"""Checks of all that stands between these settings and delivered events."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from celery import Celery
from kombu.exceptions import OperationalError
from packaging.version import InvalidVersion, Version
from redis.exceptions import RedisError, ResponseError

from tiktok_events.errors import InvalidSetting
from tiktok_events.outbox.store import Store
from worker.app import celery_settings
from worker.cli.doctor.access import Role
from worker.cli.doctor.accounts import accounting, contents, parked, tokens, worker_clocks
from worker.cli.doctor.diagnosis import Check, Outcome
from worker.cli.doctor.entitlement import access
from worker.cli.doctor.primary import on_a_cluster, primary, unusable
from worker.cli.store import open_store
from worker.delivery.destinations import Destinations
from worker.operations.status import Figures, read_figures
from worker.runtime.broker import kombu_url
from worker.runtime.engine import connect_to_look
from worker.runtime.presence import Presence
from worker.runtime.trust import believed_unseen
from worker.settings import Settings, is_this_machine, unknown_variables

OLDEST_SERVER: Final = Version("6.2")
CLOCKS_S: Final = 2.0
"""Producers date events with their clock, the server ends leases with its own."""

DESTINATIONS: Final = "destinations"
CONNECT_S: Final = 2


def examine(environment: Mapping[str, str], role: Role = Role.WORKER) -> Iterator[Check]:
    """Check everything in the order in which it is needed; yield each check when it has ended.

    No request goes to the Events API.

    Args:
        environment: with the settings.
        role: whose work the user of the server is to do.
    """
    for sentence in unknown_variables(environment):
        yield Check("settings", Outcome.WARNING, sentence, "Correct its name, or remove it.")
    try:
        settings = Settings.load(environment)
    except InvalidSetting as error:
        for problem in str(error).splitlines():
            yield Check("settings", Outcome.FAILED, problem, "Correct the variable.")
        return
    yield Check("settings", Outcome.OK, "every one is allowed")
    yield api_url(settings.api_url)
    yield from examine_trust(settings)
    yield from _examine_server(settings, role, *_accounts(settings, environment))


def _accounts(
    settings: Settings, environment: Mapping[str, str]
) -> tuple[Destinations | None, Check]:
    try:
        accounts = Destinations(settings, environment)
    except InvalidSetting as error:
        return None, Check(DESTINATIONS, Outcome.FAILED, str(error), "Correct the file.")
    return accounts, _configured(settings, len(accounts.configured()))


def _configured(settings: Settings, number: int) -> Check:
    if settings.access_token is None and number == 0:
        remedy = "Set TIKTOK_EVENTS_ACCESS_TOKEN or TIKTOK_EVENTS_DESTINATIONS_FILE."
        return Check(DESTINATIONS, Outcome.WARNING, "no access token is configured", remedy)
    words = "one token serves every destination" if number == 0 else f"configured: {number:,}"
    return Check(DESTINATIONS, Outcome.OK, words)


def _examine_server(
    settings: Settings, role: Role, accounts: Destinations | None, file_check: Check
) -> Iterator[Check]:
    yield file_check
    with open_store(settings) as store:
        try:
            allowed = access(store.redis, role, settings.namespace)
            yield allowed
            if allowed.outcome is not Outcome.FAILED and role is not Role.PRODUCER:
                yield from _examine_outbox(settings, role, store, accounts)
        except RedisError as error:
            yield unusable(error)


def _examine_outbox(
    settings: Settings, role: Role, store: Store, accounts: Destinations | None
) -> Iterator[Check]:
    figures = read_figures(store)
    yield from server(store)
    if role is Role.WORKER:
        yield from celery(settings, store, figures)
    yield worker_clocks(figures)
    yield accounting(figures)
    yield contents(figures)
    if accounts is not None:
        yield tokens(figures, accounts)
    yield parked(figures)


def examine_trust(settings: Settings) -> Iterator[Check]:
    """Yield a check for each address whose server need not prove who it is."""
    for name, option in believed_unseen(settings):
        yield Check(
            "tls",
            Outcome.WARNING,
            f"{name} says {option}: another server could take the password and the events",
            "Name the authority instead: ?ssl_ca_certs=/path/to/ca.pem",
        )


def api_url(url: str) -> Check:
    """The token travels with every request, so the way must be private."""
    name, host = "API URL", urlsplit(url).hostname or ""
    if url.startswith("https://") or is_this_machine(host):
        return Check(name, Outcome.OK, url)
    message = f"the access token would travel unencrypted to {host}"
    return Check(name, Outcome.WARNING, message, "Use https; plain http is for the sandbox only.")


def server(store: Store) -> Iterator[Check]:
    """Whether the server keeps what it has accepted.

    Raises:
        redis.RedisError: it does not answer.
    """
    try:
        info = store.redis.info()
    except ResponseError:
        remedy = "Allow INFO to this user, or see to version, memory and append-only file yourself."
        yield Check("redis", Outcome.WARNING, "it does not tell about itself", remedy)
    else:
        yield version(info)
        yield from primary(store.redis, info)
        yield eviction(info)
        yield append_only(info)
    yield _clock(store)


def version(info: Mapping[str, Any]) -> Check:
    """Whether the server knows the commands we need."""
    is_valkey = "valkey_version" in info
    text = str(info.get("valkey_version" if is_valkey else "redis_version"))
    words = f"{'Valkey' if is_valkey else 'Redis'} {text}"
    try:
        old = Version(text) < OLDEST_SERVER
    except InvalidVersion:
        return Check("redis", Outcome.WARNING, "it does not tell its version")
    if old and not is_valkey:
        return Check("redis", Outcome.FAILED, f"{words} is too old", "Use 6.2 or later, or Valkey.")
    return Check("redis", Outcome.OK, words)


def eviction(info: Mapping[str, Any]) -> Check:
    """Whether events stay when memory is short."""
    name, policy = "memory", str(info.get("maxmemory_policy", "unknown"))
    if policy == "noeviction":
        return Check(name, Outcome.OK, "maxmemory-policy is noeviction")
    remedy = "CONFIG SET maxmemory-policy noeviction, and in the server's configuration."
    if policy.startswith("allkeys"):
        message = f"maxmemory-policy is {policy}: waiting events are deleted when memory is short"
        return Check(name, Outcome.FAILED, message, remedy)
    message = f"maxmemory-policy is {policy}: it should be noeviction"
    return Check(name, Outcome.WARNING, message, remedy)


def append_only(info: Mapping[str, Any]) -> Check:
    """Whether events outlast a restart of the server."""
    name = "append-only file"
    if not info.get("aof_enabled"):
        remedy = "CONFIG SET appendonly yes, and in the server's configuration."
        return Check(name, Outcome.FAILED, "off: a restart loses waiting events", remedy)
    if info.get("aof_last_write_status", "ok") != "ok":
        remedy = "Look at the server's disk and its log."
        return Check(name, Outcome.FAILED, "the server could not write it", remedy)
    return Check(name, Outcome.OK, "on")


def _clock(store: Store) -> Check:
    before = time.time()
    seconds, microseconds = store.redis.time()
    now = (before + time.time()) / 2
    return clock(seconds + microseconds / 1_000_000 - now)


def clock(ahead_s: float) -> Check:
    """Whether the server's clock is ours; `ahead_s` is how far it goes ahead."""
    if abs(ahead_s) < CLOCKS_S:
        return Check("clock", Outcome.OK, f"the server's differs by {abs(ahead_s):.1f} s")
    direction = "ahead of" if ahead_s > 0 else "behind"
    message = f"the server's is {abs(ahead_s):,.1f} s {direction} this machine's"
    return Check("clock", Outcome.FAILED, message, "Set both by NTP.")


def celery(settings: Settings, store: Store, figures: Figures) -> Iterator[Check]:
    """Check whether doorbells can be rung, and whether workers hear them."""
    with Celery(
        "tiktok_events", broker=kombu_url(settings.celery_broker_url), set_as_current=False
    ) as app:
        app.conf.update(celery_settings(settings))
        try:
            with app.connection_for_write() as connection:
                connection.ensure_connection(max_retries=1, interval_start=0, timeout=CONNECT_S)
        except OperationalError as error:
            words = str(error).partition(" : <")[0]  # then come redis-py's connections in full
            remedy = "Start the broker, or correct TIKTOK_EVENTS_BROKER_URL."
            yield Check("broker", Outcome.FAILED, f"it cannot be reached: {words}", remedy)
            return
    with connect_to_look(settings.celery_broker_url, settings.shards) as broker:
        if broker.info("cluster").get("cluster_enabled"):
            yield on_a_cluster("broker")
            return
    yield Check("broker", Outcome.OK, "it can be reached")
    yield _worker(store, figures)


def _worker(store: Store, figures: Figures) -> Check:
    name = "worker"
    if store.redis.exists(store.keys.awake):  # a busy one may be too busy to answer
        return Check(name, Outcome.OK, "at work")
    present = Presence(store).count()
    if present:
        return Check(name, Outcome.OK, f"waiting for work: {present:,}")
    message = f"none is there; events waiting: {figures.waiting:,}"
    return Check(name, Outcome.WARNING, message, "Start one: tiktok-events worker")
