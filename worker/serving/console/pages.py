"""How a page is made: the templates, what each of them may use, and the headers of every answer."""

from __future__ import annotations

import shlex
import time
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from worker.letters.causes import money_of
from worker.serving.console import svg, words
from worker.serving.console.query import address, options, pairs_of
from worker.serving.console.rail import rail
from worker.serving.tokens import Role

if TYPE_CHECKING:
    from worker.serving.console.visit import Visit

HERE: Final = Path(__file__).parent

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
"""Nothing inline, nothing of others, in no frame, kept by nobody."""

TEMPLATES: Final = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.globals |= {
    "address": address,
    "bar": svg.bar,
    "money_of": money_of,
    "options": options,
    "sparkline": svg.sparkline,
    "visit_pairs": pairs_of,
    "worth": words.worth,
    "version": version("tiktok-events-worker"),
    "Role": Role,
}
TEMPLATES.filters |= {
    "amount": words.amount,
    "breakable": words.breakable,
    "counted_cells": words.counted_cells,
    "counted": words.counted,
    "lost": words.lost,
    "plain_sums": words.plain_sums,
    "share": words.share,
    "shell": shlex.quote,
    "shown": words.shown,
    "span": words.span,
    "sums": words.sums,
}


class Page(HTMLResponse):
    """A page of the console, or the part of it that changes.

    Attributes:
        live: whether it changes by itself while somebody looks.
    """

    live = False


def page(visit: Visit, template: str, status: int, context: dict[str, Any]) -> Page:
    """A page of the console; for who has the rest of it, its part alone."""
    known = {
        "layout": "part.html" if visit.part else "base.html",
        "live": False,
        "here": f"{visit.request.url.path}?{visit.request.url.query}".rstrip("?"),
        "visit": visit,
        "person": visit.session.person,
        "mark": visit.session.mark,
        "now": visit.now,
        "zone": visit.zone,
        "theme": theme_of(visit),
        "moment": partial(words.moment, zone=visit.zone, now=visit.now),
        "name": visit.desk.labels.get().short,
        "label": visit.desk.labels.get().of,
        "rail": rail(visit),
        "took_ms": lambda: round((time.perf_counter() - visit.began) * 1000),
    }
    context = known | context
    made = Page(TEMPLATES.get_template(template).render(context), status)
    made.live = bool(context["live"])
    return made


def theme_of(visit: Visit) -> str:
    """Light or dark, where somebody has chosen; else the system's."""
    chosen = visit.request.cookies.get("tiktok_events_theme", "")
    return chosen if chosen in {"light", "dark"} else ""


def plain_page(template: str, status: int = 200, **context: Any) -> Response:
    """A page for somebody who is not signed in."""
    return HTMLResponse(TEMPLATES.get_template(template).render({"theme": "", **context}), status)
