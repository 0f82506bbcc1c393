"""Checks of all that stands between these settings and delivered events."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

from celery import Celery
from kombu.exceptions import OperationalError
from packaging.version import InvalidVersion, Version
from redis.exceptions import RedisError, ResponseError

from tiktok_events.connection.cluster_redis import ClusterRedis
from tiktok_events.connection.discovery_address import is_cluster
from tiktok_events.connection.trouble import trouble
from tiktok_events.outbox.store import Store
from worker.app import celery_settings
from worker.cli.doctor.access import Role
from worker.cli.doctor.accounts import (
    accounting,
    contents,
    parked,
    placement,
    tokens,
    worker_clocks,
)
from worker.cli.doctor.entitlement import access
from worker.cli.doctor.leaders import leaders
from worker.cli.doctor.primary import on_a_cluster, primary
from worker.cli.store import open_store
from worker.delivery.destinations import Destinations
from worker.operations.status import Figures, read_figures
from worker.outbox.misplaced import find_misplaced
from worker.runtime.broker import kombu_url
from worker.runtime.check import Check, Outcome
from worker.runtime.engine import connect_to_look
from worker.runtime.preflight import WITHOUT_BROKER, configuration, surroundings, unusable
from worker.runtime.presence import Presence
from worker.settings import Settings

OLDEST_SERVER: Final = Version("6.2")
CLOCKS_S: Final = 2.0
"""Producers date events with their clock, the server ends leases with its own."""

DESTINATIONS: Final = "destinations"
CONNECT_S: Final = 2


def examine(environment: Mapping[str, str], role: Role = Role.WORKER) -> Iterator[Check]:
    """Check everything in the order in which it is needed; yield each check when it has ended.

    No request goes to the Events API; a connection to it is made and closed.

    Args:
        environment: with the settings.
        role: whose work the user of the server is to do.
    """
    found = configuration(environment)
    yield from found.checks
    if found.settings is None:
        return
    yield Check("settings", Outcome.OK, "every one is allowed")
    yield from surroundings(found.settings)
    if found.destinations is not None:
        yield _configured(found.settings, len(found.destinations.configured()))
    yield from _examine_server(found.settings, role, found.destinations)


def _configured(settings: Settings, number: int) -> Check:
    if settings.access_token is None and number == 0:
        remedy = "Set TIKTOK_EVENTS_ACCESS_TOKEN or TIKTOK_EVENTS_DESTINATIONS_FILE."
        return Check(DESTINATIONS, Outcome.WARNING, "no access token is configured", remedy)
    words = "one token serves every destination" if number == 0 else f"configured: {number:,}"
    return Check(DESTINATIONS, Outcome.OK, words)


def _examine_server(
    settings: Settings, role: Role, accounts: Destinations | None
) -> Iterator[Check]:
    troubles = {check.name: (check, answers) for check, answers in unusable(settings)}
    yield from (check for check, _ in troubles.values())
    if not troubles.get("redis", (None, True))[1]:
        return
    with open_store(settings) as store:
        try:
            on_cluster = is_cluster(settings.redis_url)
            redis = store.redis.at_home() if isinstance(store.redis, ClusterRedis) else store.redis
            allowed = access(redis, role, settings.namespace, on_cluster=on_cluster)
            yield allowed
            if allowed.outcome is not Outcome.FAILED and role is not Role.PRODUCER:
                known = "broker" in troubles
                yield from _examine_outbox(settings, role, store, accounts, broker_known=known)
        except RedisError as error:
            told = trouble(error, settings.redis_url)
            yield Check("redis", Outcome.FAILED, told.message, told.remedy)


def _examine_outbox(
    settings: Settings,
    role: Role,
    store: Store,
    accounts: Destinations | None,
    *,
    broker_known: bool,
) -> Iterator[Check]:
    figures = read_figures(store)
    yield from server(settings.redis_url, store)
    if role is Role.WORKER:
        if not broker_known:
            yield broker(settings)
        yield _worker(store, figures)
    yield worker_clocks(figures)
    yield accounting(figures)
    yield contents(figures)
    yield placement(store.shards.count, find_misplaced(store))
    if accounts is not None:
        yield tokens(figures, accounts)
    yield parked(figures)


def server(url: str, store: Store) -> Iterator[Check]:
    """Whether the server keeps what it has accepted.

    Raises:
        redis.RedisError: it does not answer.
    """
    if isinstance(store.redis, ClusterRedis):
        judges = (version, eviction, append_only)
        yield from leaders(store.redis.topology, store.shards, judges)
        yield _clock(store)
        return
    try:
        info = store.redis.info()
    except ResponseError:
        remedy = "Allow INFO to this user, or see to version, memory and append-only file yourself."
        yield Check("redis", Outcome.WARNING, "it does not tell about itself", remedy)
    else:
        yield version(info)
        yield from primary(url, store.keys, info)
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


def broker(settings: Settings) -> Check:
    """Whether Celery's transport can use the broker, if there is one."""
    name, url = "broker", settings.celery_broker_url
    if url is None:
        return Check(name, Outcome.OK, "none; only producers that have nothing but Celery need one")
    with Celery("tiktok_events", broker=kombu_url(url), set_as_current=False) as app:
        app.conf.update(celery_settings(settings))
        try:
            with app.connection_for_write() as connection:
                connection.ensure_connection(max_retries=1, interval_start=0, timeout=CONNECT_S)
        except OperationalError as error:
            words = str(error).partition(" : <")[0]  # then come redis-py's connections in full
            message = f"Celery cannot reach it: {words}{WITHOUT_BROKER}"
            remedy = "Start the broker, or correct TIKTOK_EVENTS_BROKER_URL."
            return Check(name, Outcome.WARNING, message, remedy)
    with connect_to_look(url, settings.layout) as server:
        if server.info("cluster").get("cluster_enabled"):
            return on_a_cluster("broker")
    return Check(name, Outcome.OK, "it can be reached")


def _worker(store: Store, figures: Figures) -> Check:
    name = "worker"
    # A busy one may be too busy to answer.
    if any(store.redis.exists(keys.awake) for keys in store.at_hand):
        return Check(name, Outcome.OK, "at work")
    present = Presence(store).count()
    if present:
        return Check(name, Outcome.OK, f"waiting for work: {present:,}")
    message = f"none is there; events waiting: {figures.waiting:,}"
    return Check(name, Outcome.WARNING, message, "Start one: tiktok-events worker")
