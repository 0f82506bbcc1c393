"""Render the Pixel's base code with its options, and its calls about consent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tiktok_events.errors import InvalidSetting
from tiktok_events.event.policy import KEEP, Policy
from tiktok_events.web.faults import guarded
from tiktok_events.web.pixel import element, visitor_policy
from tiktok_events.web.script_text import ScriptText, script_json
from tiktok_events.web.settings import Setup, WebSettings
from tiktok_events.web.visit import Visit, current_visit

LIBRARY: Final = "https://analytics.tiktok.com/i18n/pixel/events.js"
"""What a Content-Security-Policy must allow in ``script-src``, and its host in ``connect-src``."""

_METHODS: Final = (
    *("page", "track", "identify", "instances", "debug", "on", "off", "once", "ready"),
    *("alias", "group", "enableCookie", "disableCookie"),
)
_COOKIES: Final = frozenset({"user", "user.ttp"})
"""If one of these is withheld, the Pixel must not keep its cookie."""
_LOADER: Final = """(function (name, methods, library) {
  window.TiktokAnalyticsObject = name;
  var ttq = window[name] = window[name] || [];
  if (ttq.load) { return; }
  ttq.methods = methods;
  ttq.setAndDefer = function (target, method) {
    target[method] = function () { target.push([method].concat([].slice.call(arguments))); };
  };
  function queue(target) {
    methods.forEach(function (method) { ttq.setAndDefer(target, method); });
    return target;
  }
  ttq._i = {}; ttq._t = {}; ttq._o = {};
  ttq.instance = function (code) { return queue(ttq._i[code] || []); };
  ttq.load = function (code, options) {
    ttq._i[code] = []; ttq._i[code]._u = library;
    ttq._t[code] = +new Date(); ttq._o[code] = options || {};
    var script = document.createElement("script");
    script.async = true; script.src = library + "?sdkid=" + code + "&lib=" + name;
    document.head.appendChild(script);
  };
  queue(ttq);
})"""
"""Makes the queue that TikTok's library takes over once it has loaded.

The names in it (``_i``, ``_u``, ``_t``, ``_o``, ``sdkid``, ``lib``) are those that the library
looks for. Source: the base code that Events Manager gives out (read 2026-11-30).
"""


def base_code(
    *pixel_codes: str,
    nonce: str | None = None,
    cookie: bool | None = None,
    page_view: bool = True,
    setup: Setup | str | None = None,
    policy: Policy = KEEP,
) -> ScriptText:
    """Return the script element that loads the Pixel, or nothing where the page must not report.

    The result is empty for a visitor who has not agreed, and where only the Events API reports.
    With a limited policy the Pixel is loaded with ``limited_data_use``. A visitor's browser tells
    TikTok its address, its user agent and the page with every call: no option takes these out.

    Args:
        pixel_codes: codes of the Pixels to load; default: ``TIKTOK_EVENTS_PIXEL_CODE``.
        nonce: nonce of the page's Content-Security-Policy, which must also allow `LIBRARY`.
        cookie: whether the Pixel may keep its first-party cookie; default: as set in Events
            Manager. It may not where the policy withholds ``user.ttp``.
        page_view: whether the page itself is reported.
        setup: which channels report; default: ``TIKTOK_EVENTS_SETUP``, else both.
        policy: what may be shared, in addition to the current visit's policy.

    Raises:
        InvalidSetting: the set-up is none of the three; or no Pixel is named, which is logged
            instead unless ``ON_INVALID`` is ``raise``.

    Source: https://github.com/segmentio/action-destinations ``tiktok-pixel/init-script.ts``
    (the option ``limited_data_use`` of ``ttq.load``; read 2026-11-30).
    """
    allowed = policy & visitor_policy()
    settings = WebSettings.load(setup=setup)
    if allowed.use == "drop" or not settings.setup.has_pixel:
        return ScriptText()
    options = {"limited_data_use": True} if allowed.use == "limit" else {}
    calls: list[str] = []
    with guarded(settings.on_invalid):
        codes = _named(pixel_codes, settings.pixel_code)
        calls += [f"ttq.load({script_json(code)}, {script_json(options)});" for code in codes]
    if not calls:
        return ScriptText()
    cookie = False if _COOKIES & set(allowed.remove) else cookie
    if cookie is not None:
        calls.insert(0, "ttq.enableCookie();" if cookie else "ttq.disableCookie();")
    if page_view:
        calls.append("ttq.page();")
    arguments = f'"ttq", {script_json(_METHODS)}, {script_json(LIBRARY)}'
    return element(f"{_LOADER}({arguments}); {' '.join(calls)}", nonce)


def consent_script(visit: Visit | None = None, *, nonce: str | None = None) -> ScriptText:
    """Return a script that tells a Pixel that holds its events what the visitor decided.

    This is for shops whose own base code calls ``ttq.holdConsent``; without consent, `base_code`
    renders nothing at all. The result is empty where the Pixel has no such call.

    Args:
        visit: default: the visit of the current request.
        nonce: nonce of the page's Content-Security-Policy.
    """
    seen = current_visit() if visit is None else visit
    call = "grantConsent" if seen and seen.consented else "revokeConsent"
    return element(f"window.ttq && ttq.{call} && ttq.{call}();", nonce)


def _named(pixel_codes: Sequence[str], default: str | None) -> Sequence[str]:
    found = pixel_codes or ([default] if default else [])
    if not found:
        raise InvalidSetting("the base code needs a Pixel code: TIKTOK_EVENTS_PIXEL_CODE, or one")
    return found
