"""Show the received events, as JSON and as a page like *Test events* in Events Manager.

The page has no script and loads nothing; every text of a request is escaped.
"""

from __future__ import annotations

import time
from base64 import b64encode
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, quote

import orjson

from tiktok_events_sandbox.exchange import Reply
from tiktok_events_sandbox.sightings import KEPT, clean, remarks_on, shown, verdicts_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tiktok_events_sandbox.checks import Options
    from tiktok_events_sandbox.sightings import Sighting, Verdict

STYLE: Final = files(__package__).joinpath("events_page.css").read_text(encoding="utf-8")

_HASH: Final = b64encode(sha256(STYLE.encode()).digest()).decode()
_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS: Final = (
    ("Content-Security-Policy", _POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
)
_EMPTY: Final = (
    "<p>Nothing has come yet. Point TIKTOK_EVENTS_API_URL of a worker at this address.</p>"
)

_TABLE_HEAD: Final = (
    '<thead><tr><th scope="col">field<th scope="col">value<th scope="col">verdict</thead>'
)

_COUNTED: Final = {
    "distinct": "accepted",
    "merged": "accepted, merged with the browser's",
    "repeated": "accepted, a repeat that does not count",
}


def as_json(seen: Mapping[str, Sequence[Sighting]], target: str, options: Options) -> Reply:
    """Return the newest events as one JSON object; `?destination=` filters them."""
    chosen = _chosen(seen, target)
    events = [_as_dict(name, one, options) for name in chosen for one in seen[name]]
    events.sort(key=lambda one: -one["received_at"])
    return Reply(body=orjson.dumps({"events": events}), headers=HEADERS[1:])


def as_page(seen: Mapping[str, Sequence[Sighting]], target: str, options: Options) -> Reply:
    """Return the newest events as a page; `?destination=` filters them."""
    chosen = _chosen(seen, target)
    one = chosen[0] if len(chosen) == 1 and "destination=" in target else None
    parts = [_head(), _navigation(seen, one), *_sections(seen, chosen, options), "</main>"]
    body = "\n".join(parts).encode("utf-8", "replace")
    return Reply(body=body, content_type="text/html; charset=utf-8", headers=HEADERS)


def _chosen(seen: Mapping[str, Any], target: str) -> list[str]:
    wanted = parse_qs(target.partition("?")[2]).get("destination", [])
    return [name for name in seen if not wanted or name in wanted]


def _as_dict(destination: str, sighting: Sighting, options: Options) -> dict[str, Any]:
    refusal, event = sighting.refusal, sighting.event if isinstance(sighting.event, dict) else {}
    return {
        "received_at": sighting.received_at,
        "destination": clean(destination),
        "event": _top(event, "event"),
        "event_id": _top(event, "event_id"),
        "accepted": refusal is None,
        "counted": sighting.outcome.value if sighting.outcome else None,
        "code": refusal.code if refusal else 0,
        "message": clean(refusal.message) if refusal else "OK",
        "fields": [
            {"path": one.path, "shown": one.shown, "verdict": one.verdict, "ok": one.ok}
            for one in verdicts_of(sighting, options)
        ],
        "remarks": remarks_on(sighting),
    }


def _head() -> str:
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Test events · sandbox</title><style>{STYLE}</style><main><h1>Test events</h1>"
        f"<p>What the sandbox received, the newest first: {KEPT} of each destination. "
        '<a href="/">Look again</a> · <a href="/events">as JSON</a></p>'
    )


def _navigation(seen: Mapping[str, Sequence[Sighting]], chosen: str | None) -> str:
    if not seen:
        return (
            "<p>Nothing has come yet. Point TIKTOK_EVENTS_API_URL of a worker at this address.</p>"
        )
    links = [_link("/", f"all ({sum(map(len, seen.values())):,})", is_current=chosen is None)]
    for name, events in seen.items():
        address = f"/?destination={quote(name, safe='')}"
        links.append(_link(address, f"{name} ({len(events):,})", is_current=name == chosen))
    return f'<nav aria-label="Destinations"><ul>{"".join(links)}</ul></nav>'


def _link(address: str, words: str, *, is_current: bool) -> str:
    current = ' aria-current="page"' if is_current else ""
    return f'<li><a href="{escape(address)}"{current}>{_text(words)}</a></li>'


def _sections(
    seen: Mapping[str, Sequence[Sighting]], chosen: Sequence[str], options: Options
) -> Iterator[str]:
    for name in chosen:
        yield f"<section><h2>{_text(name)}</h2>"
        yield from (_event(one, options) for one in seen[name])
        yield "</section>"


def _event(sighting: Sighting, options: Options) -> str:
    event = sighting.event if isinstance(sighting.event, dict) else {}
    name, event_id = (_top(event, key) or f"no {key}" for key in ("event", "event_id"))
    remarks = "".join(f'<li class="warn">{_text(one)}</li>' for one in remarks_on(sighting))
    summary = (
        f'{_time(sighting.received_at)}<span class="name">{_text(name)}</span>'
        f'{_judgement(sighting)}<span class="id">{_text(event_id)}</span>'
    )
    inside = f"<ul>{_reason(sighting)}{remarks}</ul>{_table(verdicts_of(sighting, options))}"
    return f'<details><summary>{summary}</summary><div class="in">{inside}</div></details>'


def _time(received_at: float) -> str:
    at = time.gmtime(received_at)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", at)
    return f'<time datetime="{stamp}">{time.strftime("%H:%M:%S", at)} UTC</time>'


def _judgement(sighting: Sighting) -> str:
    if sighting.refusal is not None:
        return f'<span class="bad">refused, {sighting.refusal.code}</span>'
    counted = sighting.outcome.value if sighting.outcome else "distinct"
    kind = "good" if counted == "distinct" else "warn"
    return f'<span class="{kind}">{_COUNTED[counted]}</span>'


def _reason(sighting: Sighting) -> str:
    if sighting.refusal is None:
        return ""
    return f'<li class="bad">{_text(sighting.refusal.message)} The whole request was refused.</li>'


def _table(verdicts: Sequence[Verdict]) -> str:
    rows = "".join(
        f"<tr><td><code>{_text(one.path)}</code><td>{_text(one.shown)}"
        f'<td class="{"good" if one.ok else "bad"}">{_text(one.verdict)}'
        for one in verdicts
    )
    return f"<table>{_TABLE_HEAD}<tbody>{rows}</tbody></table>"


def _top(event: Mapping[str, Any], name: str) -> str:
    return shown(name, event[name]) if event.get(name) is not None else ""


def _text(text: str) -> str:
    return escape(clean(text))
