"""A simulator of TikTok's Events API 2.0, for first runs and tests.

    from tiktok_events_sandbox import Sandbox

    with Sandbox(tokens={"secret-token": {"PIXEL1"}}) as sandbox:
        ...  # send to sandbox.url
        assert sandbox.report().distinct == 20

It shares no code with the worker, and so checks independently what the worker sends. What is
unknown about the real service is a setting, or marked as ours in `tiktok_events_sandbox.checks`.
"""

from __future__ import annotations

import time
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Self

from tiktok_events_sandbox import scenario
from tiktok_events_sandbox.checks import Options
from tiktok_events_sandbox.control import Controlled
from tiktok_events_sandbox.deduplication import Outcome
from tiktok_events_sandbox.fields import ScenarioError
from tiktok_events_sandbox.report import Figures, Report
from tiktok_events_sandbox.server import Server
from tiktok_events_sandbox.simulator import AcceptedEvent, Settings, Simulator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tiktok_events_sandbox.api import Tokens

__all__ = ["AcceptedEvent", "Figures", "Outcome", "Report", "Sandbox", "ScenarioError"]


@dataclass(eq=False)
class Sandbox:
    """An Events API on a port of this machine, served by a thread of this process.

    Figures and events survive `stop`; a restarted sandbox takes the same port, so that a test can
    let the service disappear and come back.

    Attributes:
        port: TCP port, 0 for any.
        tokens: access token -> source ids it may report for (``None``: all); ``None`` in
            place of the mapping accepts any token.
        host: address to listen on.
        scenario: a file of fault rules, or the name of a shipped scenario.
        with_index: whether refusals name the index of the event in its batch.
        strict: whether to refuse what the portal forbids but nobody has seen refused; see
            `checks.Options`.
        latency_ms: milliseconds before each answer.
        seed: for rules that strike a fraction of the requests.
        keep_events: how many accepted events `events` returns, the newest.
        keep_event_ids: whether the report has the id of every accepted event.
        open_control: whether other machines may use ``/sandbox/``.
        now: returns the time for request ids, deduplication and rules, Unix seconds.

    Raises:
        ScenarioError: the scenario cannot be used.
    """

    port: int = 0
    tokens: Tokens | None = field(default=None, repr=False)
    _: KW_ONLY
    host: str = "127.0.0.1"
    scenario: Path | str | None = None
    with_index: bool = False
    strict: bool = False
    latency_ms: float = 0.0
    seed: int = 0
    keep_events: int = 0
    keep_event_ids: bool = False
    open_control: bool = False
    now: Callable[[], float] = field(default=time.time, repr=False)

    def __post_init__(self) -> None:
        settings = Settings(
            tokens=self.tokens,
            options=Options(with_index=self.with_index, strict=self.strict),
            latency_s=self.latency_ms / 1000,
            seed=self.seed,
            keep_events=self.keep_events,
            keep_event_ids=self.keep_event_ids,
            open_control=self.open_control,
        )
        rules = scenario.load(self.scenario) if self.scenario else ()
        self._simulator = Simulator(settings, rules, self.now)
        self._server: Server | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The value for ``TIKTOK_EVENTS_API_URL``."""
        return f"http://{self.host}:{self.port}"

    def start(self) -> Self:
        """Listen and answer in the background.

        Raises:
            OSError: the port is taken.
            RuntimeError: the sandbox is running already.
        """
        if self._server is not None:
            raise RuntimeError("the sandbox is running already")
        self._server = Server(self.host, self.port, Controlled(self._simulator))
        self.port = self._server.port
        self._server.start()
        return self

    def stop(self) -> None:
        """Stop listening and close all connections; harmless when it is not running."""
        server, self._server = self._server, None
        if server is not None:
            server.close()

    def rule(
        self,
        effect: Mapping[str, object],
        *,
        match: Mapping[str, object] | None = None,
        name: str = "",
    ) -> str:
        """Add a fault after the others, or replace the one of its name; return its name.

        Example:
            ``sandbox.rule({"kind": "throttle", "for_s": 3}, match={"destination": "PIXEL1"})``

        Raises:
            ScenarioError: the rule cannot be used; the message names the field.
        """
        name = name or self._simulator.free_rule_name()
        rule = scenario.rule({"effect": dict(effect), "match": dict(match or {})}, name)
        self._simulator.add_rule(rule)
        return rule.name

    def remove_rule(self, name: str) -> None:
        """Remove a fault; tokens that it throttled or revoked are restored."""
        self._simulator.remove_rule(name)

    def clear_rules(self) -> None:
        """Remove all faults; all tokens are restored."""
        self._simulator.clear_rules()

    def pixel(
        self, event_source_id: str, event: str, event_id: str, *, at: float | None = None
    ) -> Outcome:
        """Record an event that the browser reported; ``at`` is Unix seconds, by default now."""
        return self._simulator.pixel(event_source_id, event, event_id, at=at)

    def report(self) -> Report:
        """Return the current figures."""
        return self._simulator.report()

    def events(self) -> tuple[AcceptedEvent, ...]:
        """Return the kept events, oldest first; none unless ``keep_events`` is set."""
        return self._simulator.events()

    def reset(self) -> None:
        """Forget all events and figures, restore all tokens, restart the counts of the rules."""
        self._simulator.reset()
