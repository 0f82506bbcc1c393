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
    """Base of `WebEvents` and `AsyncWebEvents`; the arguments are told there."""

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
        """Match keys of who withdraws; none where nobody can be told, so nothing can be held."""
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

    What the visitor allows (`Visit.policy`), what the client's policy allows, and what the call
    allows are one decision, and it acts on both halves: `drop` sends nothing and gives an empty
    script, `limit` asks for limited data use in both, what is removed is missing in both.

    A checkout never ends here: a faulty event, and an outbox that cannot be reached, are logged
    and counted (`faulty_events`), unless ``on_invalid="raise"``.

    Example:
        >>> events = WebEvents(Client(event_source_id="C0EXAMPLE0PIXEL0CODE"))  # doctest: +SKIP
        >>> report = events.track(purchase(value=Money(59.98, "EUR")))  # doctest: +SKIP
        >>> page = f"<body>{report.script()}</body>"  # doctest: +SKIP

    Args:
        client: what the server's half is handed to.
        identify: whether the page tells the Pixel the digests of e-mail address, phone number
            and external id that the server reports (``ttq.identify``).
        setup: which channels report; by default ``TIKTOK_EVENTS_SETUP``, else both.
        on_invalid: ``log`` or ``raise``; by default ``TIKTOK_EVENTS_ON_INVALID``, else ``log``.

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
            visit: whose it is; by default the visit of the request that is being answered.
                Outside of one, in a task or a command, nobody is asked: the client's policy
                decides alone.
            pixels: Pixel codes, where several are to get it, each with the same id; or the
                event's ``event_source_id`` is a list of them.
            policy: what may be shared, beside what visit and client allow.
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
            user: further match keys, such as the e-mail address of the account; what the browser
                keeps (click id and the Pixel's cookie) is known, also if the request itself
                says no already. See `Client.withdraw`.
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
