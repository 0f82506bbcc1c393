"""Django: its settings reach every client, and its transactions decide what is reported."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.test import override_settings

from tests.builders.django_site import agreed
from tiktok_events import AsyncClient, Client, InvalidSetting, OutboxUnavailable
from tiktok_events.testing import CapturedConversions
from tiktok_events.web import WebEvents, WebSettings
from tiktok_events.web.django.options import load_options


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, 'TIKTOK_EVENTS needs "CONSENT"'),
        ({"CONSENT": bool, "TRUSTED_PROXY": "x"}, "TIKTOK_EVENTS has no TRUSTED_PROXY; there is"),
    ],
)
def test_django_settings_that_cannot_be_used_are_refused(
    options: dict[str, Any], sentence: str
) -> None:
    """At the start, with what is allowed."""
    with override_settings(TIKTOK_EVENTS=options), pytest.raises(ImproperlyConfigured) as refused:
        load_options()
    assert str(refused.value).startswith(sentence)


def test_django_settings_reach_ours() -> None:
    """The consent callable may be a dotted path."""
    options = {"CONSENT": "operator.not_", "TRUSTED_PROXIES": ["10.0.0.0/8"], "SETUP": "pixel"}
    with override_settings(TIKTOK_EVENTS=options):
        consent, settings = load_options()
    assert consent("") is True
    assert settings == WebSettings.load(trusted_proxies="10.0.0.0/8", setup="pixel")


def test_an_argument_that_is_no_setting_is_refused() -> None:
    """A misspelt `trusted_proxies` would trust nobody, in silence."""
    with pytest.raises(InvalidSetting, match=r"there is no setting trusted_proxy$"):
        WebSettings.load(trusted_proxy="10.0.0.0/8")


def test_django_settings_reach_every_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """They go before the environment of the process, and a call's arguments before them."""
    monkeypatch.setenv("TIKTOK_EVENTS_DEFAULT_REGION", "FR")
    monkeypatch.setenv("TIKTOK_EVENTS_LINGER_MS", "7")
    options = {
        "CONSENT": agreed,
        "PIXEL_CODE": "C0DJANGO",
        "DEFAULT_REGION": "DE",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "STRIP_URL_PARAMETERS": ["token"],
    }
    with override_settings(TIKTOK_EVENTS=options):
        client, given = Client(), AsyncClient(default_region="AT").settings
    assert client.event_source_id == "C0DJANGO"
    settings = client.settings
    assert (settings.default_region, settings.linger_ms) == ("DE", 7)
    assert settings.strip_url_parameters == frozenset({"token"})
    assert given.default_region == "AT"
    with pytest.raises(OutboxUnavailable):
        client.track({"event": "Lead"})


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"EVENT_SOURCE_ID": "C0"}, ImproperlyConfigured, "has no EVENT_SOURCE_ID; there is"),
        ({"DEFAULT_REGION": "Germany"}, InvalidSetting, "TIKTOK_EVENTS_DEFAULT_REGION"),
    ],
)
def test_what_a_client_cannot_use_is_refused_by_its_name(
    options: dict[str, Any], error: type[Exception], sentence: str
) -> None:
    """When the client is made."""
    with override_settings(TIKTOK_EVENTS=options), pytest.raises(error, match=sentence):
        Client()


def test_what_is_rolled_back_is_not_reported(server: CapturedConversions) -> None:
    """`transaction.on_commit` reports when the order is there to stay."""
    events = WebEvents(Client(event_source_id="C0PIXEL"))
    for number in range(2):
        with transaction.atomic():
            event: dict[str, Any] = {"event": "Purchase", "event_id": f"order-{number}"}
            transaction.on_commit(lambda event=event: events.track(event))
            assert len(server) == 0
            transaction.set_rollback(number == 0)
    assert [one["event_id"] for one in server] == ["order-1"]
