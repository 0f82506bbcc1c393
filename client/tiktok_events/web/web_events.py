"""Events that page and server report together: one decision, one id, one call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from tiktok_events.async_client import AsyncClient
from tiktok_events.client import Client
from tiktok_events.event.policy import KEEP, Policy
from tiktok_events.outbox.delayed import Delay
from tiktok_events.outbox.withdrawal import KEYS
from tiktok_events.producer import Producer
from tiktok_events.types import AnyEvent, AnyUser
from tiktok_events.web.draft import Draft, Habits
from tiktok_events.web.faults import guarded
from tiktok_events.web.report import Report
from tiktok_events.web.settings import OnInvalid, Setup, WebSettings
from tiktok_events.web.visit import Visit, current_visit

AnyClient = TypeVar("AnyClient", bound=Producer)


class _WebEvents(Generic[AnyClient]):
    """Base of `WebEvents` and `AsyncWebEvents`, which describe the arguments."""

    def __init__(
        self,
        client: AnyClient,
        *,
        identify: bool = False,
        setup: Setup | None = None,
        on_invalid: OnInvalid | None = None,
    ) -> None:
        settings = WebSettings.load(setup=setup, on_invalid=on_invalid)
        self.client: AnyClient = client
        self._habits = Habits(settings.setup, settings.on_invalid, identify=identify)

    def _draft(
        self, event: AnyEvent, visit: Visit | None, pixels: Sequence[str], policy: Policy
    ) -> Draft:
        seen = current_visit() if visit is None else visit
        return Draft.of(self.client, self._habits, event, seen, pixels, policy)

    def _whose(self, user: AnyUser | None) -> dict[str, Any]:
        """Return the match keys of the visitor who withdraws; without any, nothing can be held."""
        visit = current_visit()
        if visit is None:
            return dict(user or {})
        told = {key: value for key, value in visit.user.items() if key in KEYS}
        return {**(user or {}), **visit.browser, **told}

    @property
    def _has_api(self) -> bool:
        return self._habits.setup.has_api


class WebEvents(_WebEvents[Client]):
    """Reports events of a shop's pages: the server's half at once, the page's half to render.

    The visitor's policy (`Visit.policy`), the client's and the call's are combined to one decision
    for both halves: `drop` sends nothing and renders an empty script, `limit` asks for limited data
    use in both, and what is removed is missing in both.

    A checkout never fails here: faulty events and an unreachable outbox are logged and counted
    (`faulty_events`), unless ``on_invalid="raise"``.

    Example:
        >>> events = WebEvents(Client(event_source_id="C0EXAMPLE0PIXEL0CODE"))  # doctest: +SKIP
        >>> report = events.track(purchase(value=Money(59.98, "EUR")))  # doctest: +SKIP
        >>> page = f"<body>{report.script()}</body>"  # doctest: +SKIP

    Args:
        client: takes the server's half.
        identify: whether the page tells the Pixel the digests of e-mail address, phone number
            and external id that the server reports (``ttq.identify``).
        setup: which channels report; default: ``TIKTOK_EVENTS_SETUP``, else both.
        on_invalid: ``log`` or ``raise``; default: ``TIKTOK_EVENTS_ON_INVALID``, else ``log``.

    Raises:
        InvalidSetting: a setting has a value that is not allowed.
    """

    def track(
        self,
        event: AnyEvent,
        visit: Visit | None = None,
        *,
        pixels: Sequence[str] = (),
        policy: Policy = KEEP,
        delay: Delay | None = None,
    ) -> Report:
        """Report one event.

        Args:
            event: in the vocabulary of the Events API; ``event_id`` is filled in when absent.
            visit: the visit the event belongs to; default: that of the current request. Outside of
                a request, in a task or a command, the client's policy decides alone.
            pixels: Pixel codes, if several are to get the event with the same id; the event's
                ``event_source_id`` may be a list of them instead.
            policy: what may be shared, in addition to the policies of visit and client.
            delay: as for `Client.track`; the page does not wait.
        """
        draft = self._draft(event, visit, pixels, policy)
        for code in draft.codes:
            with draft.guarding(code):
                prepared = draft.prepared(code)
                if self._has_api:
                    self.client.enqueue(prepared, delay=delay)
                draft.done(prepared)
        return draft.report()

    def withdraw(self, user: AnyUser | None = None) -> None:
        """Take back what is held of the current visitor, who withdraws consent by this request.

        Args:
            user: further match keys, such as the account's e-mail address. What the browser keeps
                (click id and the Pixel's cookie) is known already, even if the request itself says
                no. See `Client.withdraw`.
        """
        with guarded(self._habits.on_invalid):
            if whose := self._whose(user):
                self.client.withdraw(whose)


class AsyncWebEvents(_WebEvents[AsyncClient]):
    """`WebEvents` with an `AsyncClient`."""

    async def track(
        self,
        event: AnyEvent,
        visit: Visit | None = None,
        *,
        pixels: Sequence[str] = (),
        policy: Policy = KEEP,
        delay: Delay | None = None,
    ) -> Report:
        """Report one event, as `WebEvents.track` does."""
        draft = self._draft(event, visit, pixels, policy)
        for code in draft.codes:
            with draft.guarding(code):
                prepared = draft.prepared(code)
                if self._has_api:
                    await self.client.enqueue(prepared, delay=delay)
                draft.done(prepared)
        return draft.report()

    async def withdraw(self, user: AnyUser | None = None) -> None:
        """Take back what is held of the current visitor, as `WebEvents.withdraw` does."""
        with guarded(self._habits.on_invalid):
            if whose := self._whose(user):
                await self.client.withdraw(whose)
