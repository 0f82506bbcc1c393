"""Nobody gets a password who cannot prove to be the server: each way to connect, each disguise."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import ConnectionError as RedisConnectionError

from tests.builders.stores import SHARDS
from tiktok_events import AsyncClient, Client, OutboxUnavailable
from worker.app import celery_settings
from worker.runtime.broker import kombu_url
from worker.runtime.engine import connect, connect_to_look
from worker.runtime.kombu_patches import patch_kombu
from worker.settings import Settings

EVENT: Any = {"event": "Lead", "event_source_id": "C0PIXEL", "user": {"email": "jo@x.example"}}
USER = "jo:secret"
Way = Callable[[str], None]
REFUSALS = (OutboxUnavailable, RedisConnectionError, OperationalError)


def by_client(url: str) -> None:
    """As an application does."""
    with Client(url, on_failure="raise") as client:
        client.track(EVENT)


def by_async_client(url: str) -> None:
    """As an application with asyncio does."""

    async def track() -> None:
        async with AsyncClient(url, on_failure="raise") as client:
            await client.track(EVENT)

    asyncio.run(track())


def by_engine(url: str) -> None:
    """As a process of a worker does."""
    settings = Settings.load({}, redis_url=url, broker_url="redis://h")
    with connect(settings) as store:
        retry = store.redis.connection_pool.connection_kwargs.get("retry")
        if retry is not None:  # on a cluster nothing of redis-py tries again
            retry.update_retries(0)
        store.redis.ping()


def by_look(url: str) -> None:
    """As the event loop of a worker does."""
    with connect_to_look(url, SHARDS) as redis:
        redis.ping()


def by_broker(url: str) -> None:
    """As Celery does."""
    patch_kombu()
    settings = Settings.load({}, redis_url="redis://h", broker_url=url)
    with Celery(broker=kombu_url(url), set_as_current=False) as app:
        app.conf.update(celery_settings(settings))
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=2)
            channel: Any = connection.default_channel
            channel.client.ping()


def refused(way: Way, url: str) -> None:
    """It fails for the certificate; redis-py's Sentinels only say that no primary was found."""
    with pytest.raises(REFUSALS, match=r"CERTIFICATE_VERIFY_FAILED|is not trusted|No master found"):
        way(url)


OURS = [by_client, by_async_client, by_engine, by_look]


@pytest.fixture(params=["untrusted", "of another name"])
def disguise(request: pytest.FixtureRequest, authority: Any, strangers: Any) -> Any:
    """A certificate that does not prove what it should."""
    if request.param == "untrusted":
        return strangers.context()
    return authority.context("redis.example")


@pytest.mark.parametrize("way", [*OURS, by_broker])
def test_no_impostor_of_a_server_hears_anything(
    way: Way, disguise: Any, start: Any, authority: Any
) -> None:
    """Not even that somebody asked."""
    impostor = start(disguise)
    refused(way, f"rediss://{USER}@127.0.0.1:{impostor.port}/0?ssl_ca_certs={authority.path}")
    assert impostor.heard == []


@pytest.mark.parametrize("way", [*OURS, by_broker])
def test_an_authority_must_be_known(way: Way, start: Any, strangers: Any) -> None:
    """Without any word in the address, those of the system are the ones that are believed."""
    impostor = start(strangers.context())
    refused(way, f"rediss://{USER}@127.0.0.1:{impostor.port}/0")
    assert impostor.heard == []


@pytest.mark.parametrize("way", [*OURS, by_broker])
def test_no_impostor_of_a_sentinel_hears_anything(
    way: Way, disguise: Any, start: Any, authority: Any
) -> None:
    """It has a password of its own."""
    impostor = start(disguise)
    refused(
        way,
        f"rediss+sentinel://{USER}@127.0.0.1:{impostor.port}/outbox/0"
        f"?ssl_ca_certs={authority.path}&sentinel_password=eye",
    )
    assert impostor.heard == []


@pytest.mark.parametrize("way", OURS)
def test_no_impostor_of_a_node_hears_anything(
    way: Way, disguise: Any, start: Any, authority: Any
) -> None:
    """Of a cluster."""
    impostor = start(disguise)
    refused(way, f"rediss+cluster://{USER}@127.0.0.1:{impostor.port}?ssl_ca_certs={authority.path}")
    assert impostor.heard == []


@pytest.mark.parametrize(
    ("way", "form"),
    [
        *((way, form) for way in OURS for form in ("sentinel", "cluster")),
        (by_broker, "sentinel"),
    ],
)
def test_no_impostor_of_a_primary_hears_anything(
    way: Way, form: str, disguise: Any, start: Any, authority: Any, leading_to: Any
) -> None:
    """Whoever names it."""
    impostor = start(disguise)
    honest = start(authority.context(), leading_to(impostor.port))
    path = "/outbox/0" if form == "sentinel" else ""
    refused(
        way,
        f"rediss+{form}://{USER}@127.0.0.1:{honest.port}{path}?ssl_ca_certs={authority.path}",
    )
    assert (impostor.heard, bool(honest.heard)) == ([], True)


@pytest.mark.parametrize("way", [*OURS, by_broker])
def test_the_true_server_is_spoken_to(way: Way, door: Any, authority: Any) -> None:
    """With an authority of one's own."""
    way(f"rediss://{USER}@127.0.0.1:{door.port}/0?ssl_ca_certs={authority.path}")
    assert any(b"secret" in command for command in door.heard)


@pytest.mark.parametrize(
    ("way", "form"),
    [
        *((way, form) for way in OURS for form in ("sentinel", "cluster")),
        (by_broker, "sentinel"),
    ],
)
def test_the_true_primary_is_spoken_to(
    way: Way, form: str, door: Any, start: Any, authority: Any, leading_to: Any
) -> None:
    """Behind those that are asked."""
    honest = start(authority.context(), leading_to(door.port))
    path = "/outbox/0" if form == "sentinel" else ""
    way(f"rediss+{form}://{USER}@127.0.0.1:{honest.port}{path}?ssl_ca_certs={authority.path}")
    assert any(b"secret" in command for command in door.heard)


@pytest.mark.parametrize("way", [*OURS, by_broker])
def test_who_says_so_verifies_nothing(
    way: Way, start: Any, strangers: Any, redis_url: str, door: Any
) -> None:
    """In words: every connection does as the address says."""
    way(f"rediss://{USER}@127.0.0.1:{door.port}/0?ssl_cert_reqs=none")
    assert any(b"secret" in command for command in door.heard)
