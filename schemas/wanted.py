"""What TikTok asks for, though nobody has seen it refuse an event without it.

Source: https://business-api.tiktok.com/portal/docs?id=1771101303285761 asks for it; the template of
https://github.com/tiktok/gtm-template-eapi sends pages without a URL, and for CRM events one of
lead id, e-mail and phone is enough: https://ads.tiktok.com/help/article/about-signal-postback
(read 2026-11-30).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from schemas.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE_WANTED: Final = "is missing: TikTok asks for the page of a web event, with its url"
URL_WANTED: Final = "is missing: TikTok asks for the page's address with a web event"
LEAD_WANTED: Final = "is missing: TikTok asks for it with a CRM event; lead_id matches best"
LEAD_ID_WANTED: Final = "is missing: TikTok matches CRM events best by it"

_WANTED: Final = {
    "web": ("page", "url", PAGE_WANTED, URL_WANTED),
    "crm": ("lead", "lead_id", LEAD_WANTED, LEAD_ID_WANTED),
}
_FINDINGS: Final = {
    source: ([Finding(group, no_group)], [Finding(f"{group}.{key}", no_key)])
    for source, (group, key, no_group, no_key) in _WANTED.items()
}


def wanted_in(event: dict[str, Any], event_source: str) -> Sequence[Finding]:
    """Return what is missing of what TikTok asks for with an event of this source."""
    wanted = _WANTED.get(event_source)
    if wanted is None:
        return ()
    holder = event.get(wanted[0])
    if holder is not None and wanted[1] in holder:
        return ()
    return _FINDINGS[event_source][holder is not None]


def is_wanted(error: Finding, event_source: str) -> bool:
    """Return whether an error says only that something of this kind is missing."""
    return any([error] == found for found in _FINDINGS.get(event_source, ()))
