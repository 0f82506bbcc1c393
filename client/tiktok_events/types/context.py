"""Where it happened: page, app, advertisement, lead and device."""

from __future__ import annotations

from typing import Required, TypedDict

from tiktok_events.types.amounts import Amount


class Page(TypedDict, total=False):
    """The web page, as the browser's address bar shows it; TikTok asks for it with web events.

    Source: https://business-api.tiktok.com/portal/docs?id=1771101303285761 (read 2026-11-22).
    """

    url: Required[str]
    """Full http or https URL with its query, such as `https://shop.example/thanks?x=1`."""

    referrer: str
    """Full URL of the page before it; leave it out for a direct visit."""


class App(TypedDict, total=False):
    """The mobile app; app events need it.

    Source: https://business-api.tiktok.com/portal/docs?id=1771101303285761 (read 2026-11-22).
    """

    app_id: Required[str]
    """Id of the app in its store, as text even if it is made of digits."""

    app_name: str
    """Name of the app."""

    app_version: str
    """Version of the app, such as `7.2.1`."""


class Ad(TypedDict, total=False):
    """The advertisement that an app or web event is attributed to.

    Source: https://business-api.tiktok.com/portal/docs?id=1771101303285761 (read 2026-11-22).
    """

    callback: str
    """What the tracking link was called with; uncut."""

    campaign_id: str
    """Id of the campaign, as text."""

    ad_id: str
    """Id of the ad *group*, as text; TikTok names it so."""

    creative_id: str
    """Id of the advertisement itself, as text."""

    is_retargeting: bool
    """Whether the user had the app already."""

    attributed: bool
    """Whether the event is attributed to this advertisement."""

    attribution_type: str
    """How it is attributed, in the words of the measurement partner."""

    attribution_provider: str
    """Name of the measurement partner."""

    attribution_share: Amount
    """Which share of the event the advertisement is credited with, such as `0.5`."""


class Lead(TypedDict, total=False):
    """The lead in a CRM; CRM events match best by it.

    Source: https://business-api.tiktok.com/portal/docs?id=1771101303285761 (read 2026-11-22).
    """

    lead_id: Required[str]
    """TikTok's id of the lead, as text even if it is made of digits."""

    lead_event_source: str
    """Name of the CRM."""


class BrandVersion(TypedDict, total=False):
    """One brand of a browser, and its version."""

    brand: str
    """Such as `Google Chrome`."""

    version: str
    """Such as `111.0.5563.115`; text."""


class Device(TypedDict, total=False):
    """The browser's user-agent client hints.

    Source: https://github.com/tiktok/gtm-template-eapi (read 2026-11-22).
    """

    architecture: str
    """`Sec-CH-UA-Arch`, such as `arm`."""

    bitness: str
    """`Sec-CH-UA-Bitness`, such as `64`; text."""

    browser_version_list: list[BrandVersion]
    """`Sec-CH-UA-Full-Version-List`, one object for each brand."""

    mobile: bool
    """`Sec-CH-UA-Mobile`: whether the browser is on a mobile device."""

    model: str
    """`Sec-CH-UA-Model`, such as `Pixel 9`."""

    platform: str
    """`Sec-CH-UA-Platform`, such as `Android`."""

    platform_version: str
    """`Sec-CH-UA-Platform-Version`, such as `14.0.0`; text."""
