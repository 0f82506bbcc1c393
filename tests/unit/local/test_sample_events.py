"""The sample events: the same every time, as mixed as they say, and valid unless they say not."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from schemas import catalogue, check_event
from tiktok_events.event.prepare import EventPreparer
from worker.local.samples.events import FAULTS, Fault, destinations, fault_of, sample_events
from worker.local.samples.people import SAMPLE_REGION, Personal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas import Checked

NOW = 1_767_225_600
PREPARER = EventPreparer({}, SAMPLE_REGION, 64 * 1024)


def _as_received(event: dict[str, Any]) -> dict[str, Any]:
    """The body that a worker reads from the outbox."""
    body: dict[str, Any] = orjson.loads(PREPARER.prepare(event).body)
    return body


def _checked(event: dict[str, Any]) -> Checked:
    return check_event(_as_received(event), event["event_source"])


def _faults(events: Iterable[dict[str, Any]]) -> list[Fault]:
    found = (fault_of(event.get("event_id", "")) for event in events)
    return [fault for fault in found if fault]


def test_the_same_arguments_give_the_same_events() -> None:
    """A stream can be made twice."""
    first = list(sample_events(500, seed=3, now=NOW, invalid_share=0.1))

    assert first == list(sample_events(500, seed=3, now=NOW, invalid_share=0.1))


def test_another_seed_gives_other_events() -> None:
    """The seed matters."""
    assert list(sample_events(20, seed=3, now=NOW)) != list(sample_events(20, seed=4, now=NOW))


def test_a_stream_is_the_beginning_of_a_longer_one() -> None:
    """The count cuts the stream and changes nothing in it."""
    longer = list(sample_events(100, now=NOW, invalid_share=0.1))

    assert longer[:40] == list(sample_events(40, now=NOW, invalid_share=0.1))


def test_every_valid_sample_passes_the_check() -> None:
    """What is not marked as invalid has no error after the client prepared it."""
    errors = Counter(
        finding for event in sample_events(3_000, now=NOW) for finding in _checked(event).errors
    )

    assert errors == {}


def test_the_only_warnings_are_on_former_names() -> None:
    """No sample needs a correction: its types are those of the API."""
    warned = {
        (finding.path, event["event"])
        for event in sample_events(3_000, now=NOW)
        for finding in _checked(event).warnings
    }

    assert warned == {("event", name) for name in catalogue.SUCCESSORS}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_an_invalid_sample_is_refused_for_its_fault_alone(fault: Fault) -> None:
    """The check finds one error, at the path that the fault names."""
    events = [
        event
        for event in sample_events(60, now=NOW, invalid_share=1.0)
        if fault_of(event["event_id"]) is fault
    ]

    assert [[error.path for error in _checked(event).errors] for event in events] == [
        [fault.path]
    ] * 10


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (0.02, 20), (0.29, 290), (1.0, 1000)])
def test_exactly_the_share_is_invalid(share: float, expected: int) -> None:
    """A demo can say beforehand how many dead letters there will be."""
    events = list(sample_events(1_000, now=NOW, invalid_share=share))

    assert len(_faults(events)) == expected


def test_the_faults_take_turns() -> None:
    """Each kind of fault occurs as often as the others."""
    faults = _faults(sample_events(600, now=NOW, invalid_share=0.1))

    assert Counter(fault.name for fault in faults) == {fault.name: 10 for fault in FAULTS}


def test_exactly_the_listed_destinations_occur() -> None:
    """`destinations` is complete, and has nothing that does not occur."""
    occurring = {
        (event["event_source"], event["event_source_id"])
        for event in sample_events(2_000, now=NOW, pixels=3)
    }

    assert occurring == set(destinations(3))


def test_most_events_are_web_events_and_every_source_occurs() -> None:
    """84 % web, 8 % app, 4 % offline, 4 % CRM, within two points."""
    sources = Counter(event["event_source"] for event in sample_events(5_000, now=NOW))

    shares = {source: sources[source] / 50 for source in ("web", "app", "offline", "crm")}

    assert shares == pytest.approx({"web": 84, "app": 8, "offline": 4, "crm": 4}, abs=2)


def test_the_web_events_form_a_funnel() -> None:
    """Each step is rarer than the one before it."""
    names = Counter(
        event["event"] for event in sample_events(5_000, now=NOW) if event["event_source"] == "web"
    )

    steps = ["ViewContent", "AddToCart", "InitiateCheckout", "Purchase", "CompletePayment", "Lead"]

    assert steps == sorted(steps, key=names.__getitem__, reverse=True)


def test_the_hashed_form_is_what_the_client_makes_of_the_raw_form() -> None:
    """Raw and hashed samples are the same people, so the share changes no digest."""
    raw = [_as_received(event)["user"] for event in sample_events(1_000, now=NOW, raw_share=1.0)]
    hashed = [_as_received(event)["user"] for event in sample_events(1_000, now=NOW, raw_share=0.0)]

    assert raw == hashed


def test_the_raw_share_is_the_share_of_events_with_an_at_sign() -> None:
    """Seven in ten events with an e-mail have it in plain text, within four points."""
    emails = [
        str(event["user"]["email"])
        for event in sample_events(5_000, now=NOW)
        if "email" in event["user"]
    ]

    assert sum("@" in email for email in emails) / len(emails) == pytest.approx(0.7, abs=0.04)


def test_match_keys_come_in_the_forms_that_applications_send() -> None:
    """Odd case, spaces, national numbers and arrays all occur."""
    users = [event["user"] for event in sample_events(2_000, now=NOW, raw_share=1.0)]
    emails = [user["email"] for user in users if isinstance(user.get("email"), str)]
    phones = [user["phone"] for user in users if isinstance(user.get("phone"), str)]

    seen = {
        "capitals": any(email != email.lower() for email in emails),
        "spaces": any(email != email.strip() for email in emails),
        "national": any(phone.startswith("0") for phone in phones),
        "two values": any(len(user["email"]) > 1 for user in users if "email" in user),
    }

    assert seen == dict.fromkeys(seen, True)


def test_most_events_bring_an_id_and_no_two_the_same() -> None:
    """About 15 % leave the id to the client; the others can be counted one by one."""
    ids = [event.get("event_id") for event in sample_events(5_000, now=NOW, invalid_share=0.1)]
    given = [event_id for event_id in ids if event_id]

    assert 1 - len(given) / len(ids) == pytest.approx(0.15 * 0.9, abs=0.02)
    assert len(set(given)) == len(given)


def test_events_lie_within_the_hours_before_now() -> None:
    """No sample is in the future or older than six hours."""
    times = [event["event_time"] for event in sample_events(2_000, now=NOW)]

    assert min(times) >= NOW - 6 * 3_600
    assert max(times) <= NOW


def test_the_mean_size_is_that_of_a_typical_event() -> None:
    """900 to 950 bytes of JSON: what the design's figures were measured with."""
    sizes = [len(orjson.dumps(event)) for event in sample_events(5_000, now=NOW)]

    assert 900 <= sum(sizes) / len(sizes) <= 950


def test_a_personal_value_does_not_print() -> None:
    """Neither the text nor its spelling stands in the representation."""
    assert repr(Personal("jo@example.com", " Jo@example.com")) == "Personal()"
