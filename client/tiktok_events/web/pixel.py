"""Render the browser's half of an event: calls of TikTok's Pixel that are safe inside a page."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from tiktok_events.event.policy import KEEP, Policy
from tiktok_events.web.browser_event import browser_event, identified
from tiktok_events.web.faults import guarded
from tiktok_events.web.script_text import ScriptText, script_json
from tiktok_events.web.settings import OnInvalid, Setup, WebSettings
from tiktok_events.web.visit import current_visit

Event = Mapping[str, Any]


def pixel_event(event: Event, *, pixel_code: str | None = None) -> ScriptText:
    """Return the Pixel's call for an event: ``ttq.track("Purchase", {…}, {"event_id": "…"})``.

    The call is safe in a script element. In an attribute such as ``onclick``, escape its double
    quotes.

    Args:
        event: in the vocabulary of the Events API, with the ``event_id`` that the server
            reports it by. Only the properties that the API knows are taken, never a match key.
        pixel_code: the Pixel that is meant, where a page has several.

    Raises:
        InvalidEvent: the event has no name or no ``event_id``.

    Source: https://github.com/tiktok/gtm-template-pixel ``template.js`` (read 2026-11-22).
    ``limited_data_use`` of one event is among its properties, as developers quote from TikTok's
    guide (read 2026-11-30).
    """
    told = browser_event(event)
    options = {"event_id": told["event_id"]}
    if pixel_code is not None:
        options["pixel_code"] = pixel_code
    properties = dict(told["properties"])
    if told.get("limited_data_use"):
        properties["limited_data_use"] = True
    arguments = map(script_json, (told["event"], properties, options))
    return ScriptText(f"ttq.track({', '.join(arguments)})")


def pixel_script(
    event: Event | None,
    *,
    pixel_code: str | None = None,
    nonce: str | None = None,
    setup: Setup | str | None = None,
    policy: Policy = KEEP,
    on_invalid: OnInvalid | None = None,
) -> ScriptText:
    """Return the call in a script element, or nothing where the page must not report.

    The result is empty without an event, where only the Events API reports, and for a visitor who
    has not agreed: the page reports what the current visit allows. On a page without the Pixel's
    base code the script does nothing.

    Args:
        event: as for `pixel_event`; or a stored `Report.pixel`, which has digests for
            ``ttq.identify`` under ``identify`` and the codes of its Pixels under ``pixels``.
        pixel_code: as for `pixel_event`.
        nonce: nonce of the page's Content-Security-Policy.
        setup: which channels report; default: ``TIKTOK_EVENTS_SETUP``, else both.
        policy: what may be shared, in addition to the current visit's policy.
        on_invalid: ``log`` or ``raise``; default: ``TIKTOK_EVENTS_ON_INVALID``, else ``log``.

    Raises:
        InvalidEvent: as for `pixel_event`, with ``raise``.
        InvalidSetting: the set-up is none of the three.
    """
    settings = WebSettings.load(setup=setup, on_invalid=on_invalid)
    allowed = policy & visitor_policy()
    if event is None or allowed.use == "drop" or not settings.setup.has_pixel:
        return ScriptText()
    told = []
    with guarded(settings.on_invalid):
        told.append(element(_calls(event, allowed, pixel_code), nonce))
    return ScriptText("".join(told))


def _calls(event: Event, policy: Policy, pixel_code: str | None) -> str:
    """Return the calls for each Pixel: who the visitor is, if allowed, then the event."""
    who = policy.applied_to({"user": event.get("identify")})
    calls = []
    if digests := identified(who.get("user")):
        calls.append(f"ttq.identify({script_json(digests)})")
    told, codes = policy.applied_to(event), event.get("pixels")
    meant = codes if codes and isinstance(codes, list) else [pixel_code]
    calls += [pixel_event(told, pixel_code=code) for code in meant]
    return "".join(f"window.ttq && {call};" for call in calls)


def visitor_policy() -> Policy:
    """Return what the current visit allows; everything, outside of a visit."""
    visit = current_visit()
    return KEEP if visit is None else visit.policy


def element(script: str, nonce: str | None) -> ScriptText:
    """Return a script element, with the nonce of the page's Content-Security-Policy if given."""
    attribute = f' nonce="{escape(nonce)}"' if nonce else ""
    return ScriptText(f"<script{attribute}>{script}</script>")
