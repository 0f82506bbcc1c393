"""A realistic mixed stream of conversions, for the demo and the benchmark.

The same arguments give the same events. All four event sources occur, in the proportions of a
mid-sized advertiser: mostly web events over several pixels, in the shape of a funnel.

A share of the events can be invalid. Each of them is wrong in exactly one way (``FAULTS``) that the
client accepts and the worker refuses, so that it ends as a dead letter.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from uuid import UUID

from worker.local.samples.people import app_user, till_user, web_user
from worker.local.samples.shop import currency_of, page_of, properties_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

SampleEvent: TypeAlias = dict[str, Any]
"""An event in the public format: the API's 2.0 vocabulary, with its destination."""

EXAMPLE_PIXEL: Final = "C0EXAMPLE0PIXEL0CODE"
"""The pixel of all documents and examples, so that they fit the demo."""

APP_ID: Final = "7300000000000000001"
OFFLINE_ID: Final = "7400000000000000001"
CRM_ID: Final = "7500000000000000001"

_SOURCES: Final = {"web": 84, "app": 8, "offline": 4, "crm": 4}
_NAMES: Final[Mapping[str, Mapping[str, int]]] = {
    "web": {
        "ViewContent": 34,
        "AddToCart": 20,
        "InitiateCheckout": 13,
        "AddPaymentInfo": 6,
        "Purchase": 8,
        "CompletePayment": 4,
        "Pageview": 4,
        "Search": 3,
        "AddToWishlist": 2,
        "CompleteRegistration": 2,
        "Lead": 1,
        "SubmitForm": 1,
        "Subscribe": 1,
        "SizeGuideOpened": 1,
    },
    "app": {
        "LaunchAPP": 20,
        "ViewContent": 25,
        "AddToCart": 20,
        "Checkout": 12,
        "Purchase": 12,
        "InstallApp": 4,
        "Registration": 3,
        "AchieveLevel": 2,
        "SpendCredits": 1,
        "style_quiz_finished": 1,
    },
    "offline": {"Purchase": 90, "Lead": 10},
    "crm": {"Lead": 70, "SubmitForm": 10, "Purchase": 10, "qualified_lead": 10},
}
_SOURCE_IDS: Final = {"app": APP_ID, "offline": OFFLINE_ID, "crm": CRM_ID}
_APP_VERSIONS: Final = ("4.11.0", "4.12.2", "4.12.3")
_SHARE_OF_ORDER_IDS: Final = 0.45
_SHARE_OF_IDS: Final = 0.85
"""Shares of events: below the first, the id is an order's; below this one, a UUID; others have
none.
"""
_OLDEST_S: Final = 6 * 3_600
_MEAN_AGE_S: Final = 1_200


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which an event is wrong.

    Attributes:
        name: name, which is part of the ``event_id`` of every event with this fault.
        event_source: the source whose events it is put into.
        path: where the worker reports it.
        put_into: puts the fault into an event, which it changes.
    """

    name: str
    event_source: str
    path: str
    put_into: Callable[[SampleEvent], None]


def _two_readings(event: SampleEvent) -> None:
    event["properties"]["value"] = "1,234"


def _no_time_zone(event: SampleEvent) -> None:
    event["event_time"] = "2026-01-01T12:00:00"


def _value_in_words(event: SampleEvent) -> None:
    event["properties"]["value"] = "free"


def _no_name(event: SampleEvent) -> None:
    event["event"] = " "


def _no_app_id(event: SampleEvent) -> None:
    del event["app"]["app_id"]


def _time_in_words(event: SampleEvent) -> None:
    event["event_time"] = "yesterday"


FAULTS: Final = (
    Fault("two-readings", "web", "properties.value", _two_readings),
    Fault("no-time-zone", "app", "event_time", _no_time_zone),
    Fault("value-in-words", "web", "properties.value", _value_in_words),
    Fault("no-name", "offline", "event", _no_name),
    Fault("no-app-id", "app", "app.app_id", _no_app_id),
    Fault("time-in-words", "crm", "event_time", _time_in_words),
)
"""Every way in which a sample can be wrong, used in turn."""


def sample_events(
    count: int,
    *,
    seed: int = 7,
    now: int,
    invalid_share: float = 0.0,
    pixels: int = 4,
    raw_share: float = 0.7,
) -> Iterator[SampleEvent]:
    """Yield ``count`` events; a few seconds for 100,000.

    Args:
        count: number of events to make.
        seed: seed; another one gives another stream.
        now: Unix seconds; events lie in the six hours before.
        invalid_share: from 0 to 1; exactly this share is invalid, spread evenly.
        pixels: how many pixels the web events are spread over.
        raw_share: from 0 to 1; the others have their match keys hashed already.
    """
    stream = _Stream(seed, now, pixels, raw_share)
    for number in range(count):
        faults, more_faults = (_due_faults(each, invalid_share) for each in (number, number + 1))
        if faults < more_faults:
            yield stream.invalid_event(number, FAULTS[faults % len(FAULTS)])
        else:
            yield stream.valid_event(number)


def _due_faults(events: int, invalid_share: float) -> int:
    """Return how many of the first ``events`` are invalid; 29 of 100 are, in spite of floats."""
    return int(events * invalid_share + 1e-9)


def destinations(pixels: int = 4) -> list[tuple[str, str]]:
    """Return every (event source, event source id) that occurs with so many pixels."""
    return [*(("web", pixel_code(shop)) for shop in range(pixels)), *_SOURCE_IDS.items()]


def pixel_code(shop: int) -> str:
    """Return the pixel code of shop number ``shop``, 20 characters like a real one."""
    return f"C0SAMPLE0PIXEL{shop:06d}" if shop else EXAMPLE_PIXEL


def fault_of(event_id: str) -> Fault | None:
    """Return what is wrong with the sample of this id; ``None`` for a valid one."""
    return next((fault for fault in FAULTS if event_id.startswith(f"{fault.name}-")), None)


@dataclass(frozen=True, slots=True)
class _Draft:
    """What is decided about an event before its objects are made.

    Attributes:
        name: name of the event.
        shop: number of the shop; 0 outside the web.
        raw: whether its match keys are plain text.
    """

    name: str
    shop: int
    raw: bool


class _Stream:
    """Makes events one after the other from one source of randomness."""

    def __init__(self, seed: int, now: int, pixels: int, raw_share: float) -> None:
        self._rng = Random(seed)
        # A generator of its own, so that another share changes only the form of the events.
        self._form = Random(seed)
        self._now = now
        self._pixels = pixels
        self._raw_share = raw_share
        self._first_order = self._rng.randrange(10**7, 10**8)

    def valid_event(self, number: int) -> SampleEvent:
        source = _pick(self._rng, _SOURCES)
        event = self._event(source, _pick(self._rng, _NAMES[source]), number)
        event_id = self._event_id(number)
        return event | {"event_id": event_id} if event_id else event

    def invalid_event(self, number: int, fault: Fault) -> SampleEvent:
        name = "Lead" if fault.event_source == "crm" else "Purchase"
        event = self._event(fault.event_source, name, number)
        event["event_id"] = f"{fault.name}-{self._first_order + number}"
        fault.put_into(event)
        return event

    def _event(self, source: str, name: str, number: int) -> SampleEvent:
        """Return an event without ``event_id``."""
        shop = self._rng.randrange(self._pixels) if source == "web" else 0
        event: SampleEvent = {
            "event_source": source,
            "event_source_id": _SOURCE_IDS.get(source) or pixel_code(shop),
            "event": name,
            "event_time": self._now - self._age_s(),
        }
        draft = _Draft(name, shop, raw=self._form.random() < self._raw_share)
        event |= _SURROUNDINGS[source](self._rng, draft)
        order_id = str(self._first_order + number)
        properties = properties_of(self._rng, name, currency_of(shop), order_id)
        return event | {"properties": properties} if properties else event

    def _age_s(self) -> int:
        return min(int(self._rng.expovariate(1 / _MEAN_AGE_S)), _OLDEST_S)

    def _event_id(self, number: int) -> str | None:
        """Return an id like an order's, a UUID, or none: then the client makes one."""
        form = self._rng.random()
        if form < _SHARE_OF_ORDER_IDS:
            return f"ord-{self._first_order + number}"
        if form < _SHARE_OF_IDS:
            return str(UUID(int=self._rng.getrandbits(128), version=4))
        return None


def _pick(rng: Random, weights: Mapping[str, int]) -> str:
    return rng.choices(tuple(weights), tuple(weights.values()))[0]


def _web(rng: Random, draft: _Draft) -> SampleEvent:
    return {"user": web_user(rng, raw=draft.raw), "page": page_of(rng, draft.name, draft.shop)}


def _app(rng: Random, draft: _Draft) -> SampleEvent:
    app = {"app_id": APP_ID, "app_name": "Sample Garden", "app_version": rng.choice(_APP_VERSIONS)}
    return {"user": app_user(rng, raw=draft.raw), "app": app}


def _offline(rng: Random, draft: _Draft) -> SampleEvent:
    return {"user": till_user(rng, raw=draft.raw)}


def _crm(rng: Random, draft: _Draft) -> SampleEvent:
    lead = {"lead_id": f"lead-{rng.randrange(10**9):09d}", "lead_event_source": "Sample CRM"}
    return {"user": till_user(rng, raw=draft.raw), "lead": lead}


_SURROUNDINGS: Final[Mapping[str, Callable[[Random, _Draft], SampleEvent]]] = {
    "web": _web,
    "app": _app,
    "offline": _offline,
    "crm": _crm,
}
"""Event source → the objects that its events have, apart from ``properties``."""
