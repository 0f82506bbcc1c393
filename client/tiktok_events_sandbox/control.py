"""Serve the figures and rules of a running sandbox over HTTP: its control surface.

    GET    /sandbox/health   {"status": "ok"}
    GET    /sandbox/report   the figures, as `tiktok_events_sandbox.report.Report`
    POST   /sandbox/rules    add one rule, as in a scenario file
    GET    /sandbox/rules    the names of the rules
    DELETE /sandbox/rules    take all rules out and restore all tokens
    POST   /sandbox/reset    forget events and figures, let the rules count anew
    GET    /events           what came lately, with a verdict on each field
    GET    /                 the same, as a page for people

Only this machine may use it, unless the sandbox was started with an open control.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

from tiktok_events_sandbox import events_page, scenario
from tiktok_events_sandbox.exchange import Reply
from tiktok_events_sandbox.fields import ScenarioError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tiktok_events_sandbox.exchange import Head
    from tiktok_events_sandbox.simulator import Simulator

PREFIX: Final = "/sandbox/"
PAGES: Final = {"/": events_page.as_page, "/events": events_page.as_json}
"""Paths for people."""

CLOSED: Final = "the control surface is open to this machine only; --open-control opens it"


class Controlled:
    """A simulator with its control surface: an `exchange.Application`.

    Args:
        simulator: answers whatever is not for the control surface.
    """

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def before_reading(self, head: Head) -> Reply | None:
        """Refuse other machines; leave the rest to the simulator."""
        if not _is_control(head):
            return self._simulator.before_reading(head)
        if head.from_loopback or self._simulator.settings.open_control:
            return None
        return _error(403, CLOSED)

    def answer(self, head: Head, body: bytes) -> Reply:
        """Carry out a request to the control surface; leave the rest to the simulator."""
        simulator = self._simulator
        if not _is_control(head):
            return simulator.answer(head, body)
        if head.method == "GET" and head.path in PAGES:
            return PAGES[head.path](simulator.seen(), head.target, simulator.settings.options)
        route = _ROUTES.get((head.method, head.path))
        if route is None:
            return _error(404, f"unknown; there is {', '.join(' '.join(key) for key in _ROUTES)}")
        return route(simulator, body)


def _is_control(head: Head) -> bool:
    is_page = head.method == "GET" and head.path in PAGES
    return is_page or head.path.startswith(PREFIX)


def _health(_simulator: Simulator, _body: bytes) -> Reply:
    return Reply(body=b'{"status":"ok"}')


def _report(simulator: Simulator, _body: bytes) -> Reply:
    return Reply(body=simulator.report().to_json())


def _rules(simulator: Simulator, _body: bytes) -> Reply:
    return Reply(body=orjson.dumps({"rules": simulator.rule_names()}))


def _add_rule(simulator: Simulator, body: bytes) -> Reply:
    try:
        rule = scenario.rule(orjson.loads(body), simulator.free_rule_name())
    except orjson.JSONDecodeError:
        return _error(400, "the body is not valid JSON")
    except ScenarioError as error:
        return _error(400, str(error))
    simulator.add_rule(rule)
    return Reply(201, orjson.dumps({"name": rule.name}))


def _clear_rules(simulator: Simulator, _body: bytes) -> Reply:
    simulator.clear_rules()
    return _rules(simulator, b"")


def _reset(simulator: Simulator, _body: bytes) -> Reply:
    simulator.reset()
    return Reply(body=b'{"status":"reset"}')


def _error(status: int, sentence: str) -> Reply:
    return Reply(status, orjson.dumps({"error": sentence}))


_ROUTES: Final[Mapping[tuple[str, str], Callable[[Simulator, bytes], Reply]]] = {
    ("GET", f"{PREFIX}health"): _health,
    ("GET", f"{PREFIX}report"): _report,
    ("GET", f"{PREFIX}rules"): _rules,
    ("POST", f"{PREFIX}rules"): _add_rule,
    ("DELETE", f"{PREFIX}rules"): _clear_rules,
    ("POST", f"{PREFIX}reset"): _reset,
}
