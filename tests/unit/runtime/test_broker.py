"""Celery's broker beside, or behind the same Sentinels as, the outbox; in kombu's words."""

from __future__ import annotations

import ssl
from typing import Any

import pytest

from tiktok_events.connection.tls import VERIFIED
from tiktok_events.errors import InvalidSetting
from tiktok_events.settings import ClientSettings
from worker.app import celery_settings
from worker.runtime.broker import kombu_options, kombu_settings, kombu_url
from worker.settings import Settings

PLAIN = "redis://h/1"
SENTINEL = "redis+sentinel://jo:p%40ss@one,two:26380,[::1]/outbox/3?sentinel_password=eye"
CLUSTER = "redis+cluster://one,two"


def problem(settings: type[ClientSettings] = Settings, **given: Any) -> str:
    """What is refused."""
    with pytest.raises(InvalidSetting) as refusal:
        settings.load({}, **given)
    return str(refusal.value)


def test_one_server_is_told_as_it_is() -> None:
    """Kombu needs nothing else."""
    assert (kombu_url(PLAIN), kombu_options(PLAIN), kombu_settings(PLAIN)) == (PLAIN, {}, {})


@pytest.mark.parametrize("scheme", ["rediss://jo:p%40ss@h/1", "rediss+sentinel://h/outbox"])
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("", VERIFIED),
        ("?ssl_ca_certs=/ca.pem", VERIFIED | {"ssl_ca_certs": "/ca.pem"}),
        ("?ssl_check_hostname=no", VERIFIED | {"ssl_check_hostname": False}),
        ("?ssl_cert_reqs=none", VERIFIED | {"ssl_cert_reqs": "none"}),
    ],
)
def test_tls_is_told_in_one_place(scheme: str, options: str, told: dict[str, Any]) -> None:
    """Kombu believes any certificate, unless it is told, and reads options in its own way."""
    url = scheme + options
    assert {"broker_use_ssl": told} == kombu_settings(url)
    assert "ssl_" not in kombu_url(url)


def test_other_options_stay() -> None:
    """And user, password and database."""
    assert (
        kombu_url("rediss://jo:p%40ss@h/1?ssl_cert_reqs=none&x=1") == "rediss://jo:p%40ss@h/1?x=1"
    )


def test_every_sentinel_is_named() -> None:
    """With the user and the database of the servers behind them."""
    assert kombu_url(SENTINEL) == (
        "sentinel://jo:p%40ss@one:26379/3;"
        "sentinel://jo:p%40ss@two:26380/3;"
        "sentinel://jo:p%40ss@[::1]:26379/3"
    )


def test_the_service_and_the_sentinels_password_are_options() -> None:
    """Each Sentinel is asked once, and not for long."""
    options = kombu_options(SENTINEL)
    asked = options["sentinel_kwargs"]
    assert (options["master_name"], asked["password"], asked["ssl"]) == ("outbox", "eye", False)
    assert asked["retry"].get_retries() == 0


def test_tls_is_for_the_server_and_for_the_sentinels() -> None:
    """With the same authority."""
    url = "rediss+sentinel://one/outbox?ssl_ca_certs=/ca.pem"
    assert kombu_settings(url) == {"broker_use_ssl": VERIFIED | {"ssl_ca_certs": "/ca.pem"}}
    asked = kombu_options(url)["sentinel_kwargs"]
    assert (asked["ssl"], asked["ssl_ca_certs"]) == (True, "/ca.pem")


def test_celery_is_given_what_kombu_needs() -> None:
    """Among the options that every broker gets."""
    settings = celery_settings(Settings(redis_url=SENTINEL.replace("redis+", "rediss+")))
    assert settings["broker_transport_options"]["master_name"] == "outbox"
    assert settings["broker_use_ssl"]["ssl_cert_reqs"] in {"required", ssl.CERT_REQUIRED}


def test_one_setting_is_enough_behind_sentinel() -> None:
    """The broker is where the outbox is, and the doorbell is rung in the same script."""
    settings = Settings.load({}, redis_url=SENTINEL)
    assert (settings.celery_broker_url, settings.rings) == (SENTINEL, True)


def test_a_cluster_needs_no_broker_beside_it() -> None:
    """Unless something is asked for that only a broker can do; the sentence says what to do."""
    assert Settings.load({}, redis_url=CLUSTER).celery_broker_url is None
    sentence = problem(redis_url=CLUSTER, remote_control="1")
    assert sentence.startswith("TIKTOK_EVENTS_REMOTE_CONTROL needs TIKTOK_EVENTS_BROKER_URL: ")


def test_a_cluster_is_no_broker() -> None:
    """The sentence says what to do."""
    sentence = problem(redis_url=CLUSTER, broker_url=CLUSTER)
    assert sentence.startswith("TIKTOK_EVENTS_BROKER_URL must not be a cluster")


def test_a_producer_of_a_cluster_needs_no_broker() -> None:
    """It rings nothing: a worker sees within a second what is due."""
    assert not ClientSettings.load({}, redis_url=CLUSTER).rings


@pytest.mark.parametrize("name", ["redis_url", "broker_url"])
def test_kombus_form_is_refused(name: str) -> None:
    """It has no place for the service, so nobody could find the server."""
    sentence = problem(Settings, **{name: "sentinel://one:26379;sentinel://two:26379"})
    assert "redis+sentinel://" in sentence


def test_a_service_is_asked_for() -> None:
    """With an example."""
    sentence = problem(redis_url="redis+sentinel://one:26379")
    assert sentence.endswith("service: redis+sentinel://host:26379/service/0")
