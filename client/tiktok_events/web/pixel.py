"""The browser's half of an event: the call of TikTok's Pixel, safe inside a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

from tiktok_events.errors import InvalidSetting
from tiktok_events.event.identity import new_event_id
from tiktok_events.web.browser_event import browser_event_id, browser_name, browser_properties
from tiktok_events.web.script_text import ScriptText, script_json
from tiktok_events.web.settings import Setup, WebSettings, setup_of

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PairedEvent:
    """An event for both channels, with one id, so that TikTok counts it once.

    Attributes:
        event_id: the id that the server's event has, too.
        event: for ``Client.track``; ``None`` where only the Pixel reports.
        script: for the page; empty where only the Events API reports.
    """

    event_id: str
    event: dict[str, Any] | None = field(repr=False)
    script: ScriptText = field(repr=False)


def pair(
    event: Event,
    *,
    pixel_code: str | None = None,
    nonce: str | None = None,
    setup: Setup | str | None = None,
) -> PairedEvent:
    """Make an event and the browser snippet that goes with it.

    Args:
        event: in the vocabulary of the Events API; an ``event_id`` is made where it has none.
        pixel_code: as for `pixel_event`.
        nonce: as for `pixel_script`.
        setup: which channels report; by default ``TIKTOK_EVENTS_SETUP``, else both.

    Raises:
        InvalidEvent: no name, or a property that JSON cannot express.
        InvalidSetting: the set-up is none of the three.

    Source: https://ads.tiktok.com/help/article/event-deduplication (one source, name and id on
    both channels; read 2026-11-22).
    """
    chosen = chosen_setup(setup)
    identified = {**event, "event_id": event.get("event_id") or new_event_id()}
    return PairedEvent(
        browser_event_id(identified),
        identified if chosen.has_api else None,
        pixel_script(identified, pixel_code=pixel_code, nonce=nonce, setup=chosen),
    )


def pixel_event(event: Event, *, pixel_code: str | None = None) -> ScriptText:
    """The Pixel's call for an event: ``ttq.track("Purchase", {…}, {"event_id": "…"})``.

    It can stand in a script element as it is. In an attribute such as ``onclick`` it cannot,
    unless its double quotes are escaped.

    Args:
        event: in the vocabulary of the Events API, with the ``event_id`` that the server
            reports it by. Only the properties that the Pixel knows are taken.
        pixel_code: the Pixel that is meant, where a page has several.

    Raises:
        InvalidEvent: no name, no ``event_id``, or a property that JSON cannot express.

    Source: https://github.com/tiktok/gtm-template-pixel ``template.js`` (read 2026-11-22).
    """
    options = {"event_id": browser_event_id(event)}
    if pixel_code is not None:
        options["pixel_code"] = pixel_code
    arguments = (browser_name(event), browser_properties(event), options)
    return ScriptText(f"ttq.track({', '.join(map(script_json, arguments))})")


def pixel_script(
    event: Event,
    *,
    pixel_code: str | None = None,
    nonce: str | None = None,
    setup: Setup | str | None = None,
) -> ScriptText:
    """The call in a script element; empty where only the Events API reports.

    On a page without the Pixel's base code, which the shop puts there itself, it does nothing.

    Args:
        event: as for `pixel_event`.
        pixel_code: as for `pixel_event`.
        nonce: of the page's Content-Security-Policy.
        setup: which channels report; by default ``TIKTOK_EVENTS_SETUP``, else both.

    Raises:
        InvalidEvent: as for `pixel_event`.
        InvalidSetting: the set-up is none of the three.
    """
    if not chosen_setup(setup).has_pixel:
        return ScriptText()
    attribute = f' nonce="{escape(nonce)}"' if nonce else ""
    call = pixel_event(event, pixel_code=pixel_code)
    return ScriptText(f"<script{attribute}>window.ttq && {call};</script>")


def chosen_setup(given: Setup | str | None = None) -> Setup:
    """The argument, else the setting ``TIKTOK_EVENTS_SETUP``, else both.

    Raises:
        InvalidSetting: it is none of the three.
    """
    if given is None:
        return WebSettings.load().setup
    try:
        return setup_of(given)
    except ValueError as error:
        raise InvalidSetting(f"setup {error}") from None
