"""Where it happened: page, app, advertisement, lead and device.

Source: https://business-api.tiktok.com/portal/docs?id=1771101303285761 (read 2026-11-22); the
device as https://github.com/tiktok/gtm-template-eapi sends it.
"""

from __future__ import annotations

from schemas import limits
from schemas.addresses import PageUrl, ReferrerUrl
from schemas.fields import IS_REQUIRED, Text
from schemas.figures import Number
from schemas.flags import Flag
from schemas.lists import Objects
from schemas.objects import EventObject
from schemas.wanted import LEAD_ID_WANTED, URL_WANTED


class Page(EventObject):
    """A web page, whole URLs with their query."""

    url = PageUrl()
    referrer = ReferrerUrl()


class RequiredPage(Page):
    """The page of a web event."""

    url = PageUrl(needed=URL_WANTED, vital=False)


class App(EventObject):
    """A mobile app."""

    app_id = Text(limits.ID_CHARS)
    app_name = Text(limits.LABEL_CHARS)
    app_version = Text(limits.LABEL_CHARS)


class RequiredApp(App):
    """The app of an app event."""

    app_id = Text(limits.ID_CHARS, needed=IS_REQUIRED)


class Ad(EventObject):
    """The advertisement that an app or web event is attributed to."""

    callback = Text(limits.CLICK_ID_CHARS)
    campaign_id = Text(limits.ID_CHARS)
    ad_id = Text(limits.ID_CHARS)
    creative_id = Text(limits.ID_CHARS)
    is_retargeting = Flag()
    attributed = Flag()
    attribution_type = Text(limits.LABEL_CHARS)
    attribution_provider = Text(limits.LABEL_CHARS)
    attribution_share = Number()


class Lead(EventObject):
    """A lead in a CRM."""

    lead_id = Text(limits.ID_CHARS)
    lead_event_source = Text(limits.LABEL_CHARS)


class RequiredLead(Lead):
    """The lead of a CRM event."""

    lead_id = Text(limits.ID_CHARS, needed=LEAD_ID_WANTED, vital=False)


class BrandVersion(EventObject):
    """One brand of a browser."""

    brand = Text(limits.LABEL_CHARS)
    version = Text(limits.LABEL_CHARS)


class Device(EventObject):
    """The browser's client hints."""

    architecture = Text(limits.LABEL_CHARS)
    bitness = Text(limits.LABEL_CHARS)
    browser_version_list = Objects(BrandVersion())
    mobile = Flag()
    model = Text(limits.LABEL_CHARS)
    platform = Text(limits.LABEL_CHARS)
    platform_version = Text(limits.LABEL_CHARS)
