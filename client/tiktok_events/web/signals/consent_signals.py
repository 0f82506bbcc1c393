"""Decide by the consent signals of a request what may be shared of its visitor."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import Any, Final, TypeAlias
from urllib.parse import unquote

from tiktok_events.errors import InvalidSetting
from tiktok_events.event.policy import DROP, KEEP, Policy
from tiktok_events.web.click_id import cookie_values
from tiktok_events.web.request import WebRequest, web_request
from tiktok_events.web.signals import gpp
from tiktok_events.web.signals.tcf import TCString, canada_allows

Otherwise: TypeAlias = bool | Policy | Callable[[Any], bool | Policy]

_log: Final = logging.getLogger("tiktok_events.web")

PURPOSES: Final = (1, 3, 4, 7)
"""The purposes that a conversion needs: store and read on a device, make a profile for advertising,
select by it, measure advertising. Our own choice, from the purposes' texts:
https://iabeurope.eu/iab-europe-transparency-consent-framework-policies/ (read 2026-11-30).
"""

TCF_COOKIES: Final = ("euconsent-v2", "eupubconsent-v2")
GPP_COOKIES: Final = ("IABGPP_HDR_GppString", "OTGPPConsent")
"""The cookies in which consent platforms keep the strings; the second of each is OneTrust's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentSignals:
    """A consent callable that reads what consent platforms and the browser say.

    - TCF (a cookie, or GPP's sections of Europe and Canada): consent to all purposes, and to the
      vendor if one is named, keeps the visit; anything else drops it.
    - GPP's sections of the United States and US Privacy: an opt-out of sale, sharing or targeted
      advertising, or GPC in a section, is answered with ``opted_out``.
    - GPC (``Sec-GPC: 1``): the same.

    The strictest signal decides. Without a TCF or GPP string, ``otherwise`` is asked, and the
    stricter of its answer and GPC decides. An unreadable string counts as a no, and is logged.

    Example:
        >>> TikTokEvents(app, consent=ConsentSignals(otherwise=may_advertise))  # doctest: +SKIP

    Attributes:
        purposes: the purposes of TCF that a conversion needs.
        vendor: TikTok's number in the Global Vendor List, if your platform asks for consent to
            vendors; no number is assumed.
        opted_out: what may be shared of visitors who opted out in the United States.
        otherwise: the answer if there is no string: yes, no, a policy, or a callable.
        tcf_cookies: names of the cookies that hold a TC string.
        gpp_cookies: names of the cookies that hold a GPP string.

    Raises:
        InvalidSetting: a purpose or vendor is no number.
    """

    purposes: Collection[int] = PURPOSES
    vendor: int | None = None
    opted_out: Policy = Policy("limit")
    otherwise: Otherwise = False
    tcf_cookies: Sequence[str] = TCF_COOKIES
    gpp_cookies: Sequence[str] = GPP_COOKIES

    def __post_init__(self) -> None:
        for number in (*self.purposes, *([] if self.vendor is None else [self.vendor])):
            if type(number) is not int or number < 1:
                raise InvalidSetting("purposes and vendor must be numbers from 1 up")

    def __call__(self, request: Any) -> Policy:
        """Return what may be shared of the visitor who sent a request."""
        seen = web_request(request)
        said = list(self._strings(seen))
        if not said:
            said = [_policy(self._asked(request))]
        if seen.one("sec-gpc").strip() == "1":
            said.append(self.opted_out)
        return reduce(and_, said)

    def _asked(self, request: Any) -> object:
        return self.otherwise(request) if callable(self.otherwise) else self.otherwise

    def _strings(self, seen: WebRequest) -> Iterator[Policy]:
        for text in _cookies(seen, self.tcf_cookies):
            yield from _read(self._of_tcf, text)
        for text in _cookies(seen, self.gpp_cookies):
            yield from _read(self._of_gpp, text)

    def _of_tcf(self, text: str) -> list[Policy]:
        return [KEEP if TCString.of(text).allows(self.purposes, self.vendor) else DROP]

    def _of_gpp(self, text: str) -> list[Policy]:
        said = (self._of_section(*one) for one in gpp.sections(text).items())
        return [policy for policies in said for policy in policies]

    def _of_section(self, section: int, text: str) -> list[Policy]:
        """Return what a section says, or nothing if it is of no law that we know."""
        if section == gpp.EUROPE:
            return self._of_tcf(text)
        if section == gpp.CANADA:
            return [KEEP if canada_allows(text, self.purposes) else DROP]
        if section in gpp.US_SECTIONS or section == gpp.US_PRIVACY:
            return [self.opted_out if gpp.opted_out(section, text) else KEEP]
        return []


def _read(reads: Callable[[str], list[Policy]], text: str) -> list[Policy]:
    try:
        return reads(text)
    except ValueError as error:
        _log.warning("a consent string cannot be read: %s; taken as no", error)
        return [DROP]


def _cookies(seen: WebRequest, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        yield from (unquote(value.strip('"')) for value in cookie_values(seen, name) if value)


def _policy(answer: object) -> Policy:
    if isinstance(answer, Policy):
        return answer
    return KEEP if answer is True else DROP
