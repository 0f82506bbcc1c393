"""An edit of a dead letter: what it may change, what it never does, and what it says."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import Finding, check_event
from schemas.paths import ABSENT, EventPath
from worker.attempts.history import History
from worker.letters.letter import DeadLetter, Reason
from worker.letters.repair import IDENTITY, WAS_SENT, Edit, Outcome, Repair, Repairer
from worker.settings import Settings

NOW: Final = 1_795_000_000.0
DAY_S: Final = 86_400
PIXEL: Final = "web:C0PIXEL0EXAMPLE00001"
DIGEST: Final = sha256(b"jo@example.com").hexdigest()
BODY: Final = {
    "event": "Purchase",
    "event_id": "order-1",
    "event_time": int(NOW) - 3_600,
    "user": {"email": DIGEST},
    "page": {"url": "https://shop.example/thanks"},
    "properties": {"value": 59.98, "currency": "EURO", "contents": [{"price": 1}, {"price": 2}]},
}
SETTINGS: Final = Settings.load({})


def letter(body: Any = BODY, **changes: Any) -> DeadLetter:
    """A dead letter; its currency is none."""
    history = History(NOW - 3_600, ambiguous_since=changes.pop("ambiguous_since", None))
    dead = DeadLetter.of(
        body,
        destination=PIXEL,
        reason=Reason.INVALID,
        message="properties.currency: must be a three-letter ISO 4217 code, such as EUR",
        path="properties.currency",
        history=history,
        died_at=NOW - 60,
        expires_at=NOW + 6 * DAY_S,
    )
    return replace(dead, id="17-0", **changes)


def repair(*values: str, of: DeadLetter | None = None, patch: Any = None, **edit: Any) -> Repair:
    """The repair by `PATH=VALUE`; a path alone takes away."""
    assigned = []
    for text in values:
        name, separator, value = text.partition("=")
        path = EventPath.parse_any(name)
        assigned.append((path, path.read(value) if separator else ABSENT))
    made = Edit(patch, tuple(assigned), **edit)
    return Repairer(made, SETTINGS, "anna").repair(of or letter(), NOW)


def repaired(made: Repair) -> DeadLetter:
    """The new letter, which there must be."""
    assert made.new is not None, made.problems
    return made.new


def test_an_edit_changes_the_body_and_what_is_counted() -> None:
    """The letter is found and added up by its new currency."""
    new = repaired(repair("properties.currency=EUR"))
    assert (new.currency, new.body["properties"]["currency"]) == ("EUR", "EUR")


def test_the_story_of_the_letter_stays() -> None:
    """Why it died, when, and until when it can be sent are no part of the event."""
    old, new = letter(), repaired(repair("properties.currency=EUR"))
    kept = ("id", "reason", "message", "path", "died_at", "expires_at", "event_id", "log")
    assert [getattr(old, name) for name in kept] == [getattr(new, name) for name in kept]


def test_an_edit_is_signed_without_values() -> None:
    """Who, when and where stand in the letter; and in the history after a replay."""
    new = repaired(repair("properties.currency=EUR"))
    mark = {"at": NOW, "who": "anna", "paths": ["properties.currency"]}
    assert (mark,) == tuple(new.edits)
    assert (mark,) == History.read(new.history(NOW).write().encode(), NOW).edits


def test_match_keys_are_hashed_at_once() -> None:
    """As for a new event; neither the letter nor what is shown holds the raw one."""
    made = repair(
        "properties.currency=EUR", "user.email= Ann@Example.com ", "user.phone=+49301234567"
    )
    digest = sha256(b"ann@example.com").hexdigest()
    assert digest == repaired(made).body["user"]["email"]
    shown = {change.path: (change.before, change.after) for change in made.changes}
    assert (DIGEST, digest) == shown["user.email"]
    assert "301234567" not in repr(made)
    assert "301234567" not in str([change.as_dict() for change in made.changes])


def test_a_raw_value_of_another_producer_is_not_shown() -> None:
    """What stands in `user` unhashed, under whatever key, is hidden in the difference."""
    body = BODY | {"user": {"emial": "jo@example.com", "email": DIGEST}}
    made = repair("properties.currency=EUR", "user.emial", of=letter(body))
    assert next((c.before, c.after) for c in made.changes if c.path == "user.emial") == (
        "[hidden]",
        None,
    )


def test_an_edit_that_leaves_it_invalid_is_refused() -> None:
    """With every place that is wrong; the letter stays."""
    made = repair("properties.value=many")
    assert (made.outcome, made.new) == (Outcome.REFUSED, None)
    assert {"properties.value"} == {one.path for one in made.problems}


def test_an_edit_that_changes_nothing_is_no_edit() -> None:
    """The letter is not signed for nothing."""
    fine = letter(BODY | {"properties": {"value": 1, "currency": "EUR"}})
    assert Outcome.UNCHANGED is repair("properties.currency=EUR", of=fine).outcome


@pytest.mark.parametrize(
    "value",
    [
        "event=Lead",
        "event_id=x",
        "event_source_id=C0OTHER",
        "event_source=app",
    ],
)
def test_identity_stays_unless_asked_for(value: str) -> None:
    """Each part of it is refused, with the way to do it all the same."""
    made = repair(value, "app.app_id=1")
    assert Outcome.REFUSED is made.outcome
    assert any("--new-identity" in one.message for one in made.problems)


TRIED: Final = {"at": NOW - 60, "verdict": "rejected", "code": 40002}
SENT: Final = [
    {"attempts": 1},
    {"log": (TRIED,)},
    {"ambiguous_since": NOW - 60},
    {"ambiguous": True},
    {"reason": Reason.CRASH_LOOP.value},
]


def test_an_event_that_was_never_sent_may_have_happened_at_another_time() -> None:
    """Nobody knows it at the former one; the window begins anew."""
    at = int(NOW) - DAY_S
    new = repaired(repair("properties.currency=EUR", f"event_time={at}"))
    assert (new.event_id, new.body["event_time"]) == ("order-1", at)
    assert new.expires_at == at + SETTINGS.window_s("web")
    assert "former_event_id" not in new.edits[-1]


def test_a_time_that_is_taken_away_is_not_now() -> None:
    """A new event without a time happens when it is handed over; a dead one did not."""
    assert Outcome.REFUSED is repair("properties.currency=EUR", "event_time").outcome


@pytest.mark.parametrize("met", SENT, ids=lambda met: next(iter(met)))
def test_what_an_attempt_may_have_carried_keeps_its_time(met: dict[str, Any]) -> None:
    """TikTok may know it by that."""
    made = repair("properties.currency=EUR", f"event_time={int(NOW)}", of=letter(**met))
    assert made.problems == (Finding("event_time", WAS_SENT),)


@pytest.mark.parametrize("value", ['test_event_code=""', "test_event_code=", "test_event_code= "])
def test_an_empty_test_code_is_none(value: str) -> None:
    """The event goes where it would have gone."""
    assert repaired(repair("properties.currency=EUR", value)).destination == PIXEL


def test_a_message_of_ours_keeps_its_figures() -> None:
    """It tells what the time should have been."""
    message = "event_time: must be in seconds, not milliseconds: here 1767225600"
    dead = DeadLetter.of(
        BODY,
        destination=PIXEL,
        reason=Reason.INVALID,
        message=message,
        history=History(NOW),
        died_at=NOW,
        expires_at=NOW,
    )
    assert dead.message == message


def test_a_new_identity_is_another_event() -> None:
    """It has an id of its own, and the letter knows the former one."""
    new = repaired(repair("properties.currency=EUR", new_identity=True))
    assert new.event_id not in {None, "order-1"}
    assert (new.event_id, "order-1") == (new.body["event_id"], new.edits[-1]["former_event_id"])


def test_a_new_identity_may_be_chosen() -> None:
    """An id that the operator gives is taken."""
    new = repaired(repair("properties.currency=EUR", "event_id=order-1b", new_identity=True))
    assert new.event_id == "order-1b"


def test_a_letter_moves_to_another_destination() -> None:
    """Its body has no destination; the letter has."""
    values = ("properties.currency=EUR", "event_source_id=C0OTHER")
    new = repaired(repair(*values, new_identity=True))
    assert (new.destination, "event_source_id" in new.body) == ("web:C0OTHER", False)


def test_a_new_time_is_a_new_deadline() -> None:
    """The window of the source begins with the event."""
    at = int(NOW) - DAY_S
    new = repaired(repair("properties.currency=EUR", f"event_time={at}", new_identity=True))
    assert new.expires_at == at + SETTINGS.window_s("web")


def test_a_new_identity_may_not_count_twice_unasked() -> None:
    """What may have been accepted needs a word more; the doubt itself is never forgotten."""
    doubtful = letter(ambiguous_since=NOW - 60)
    refused = repair("properties.currency=EUR", of=doubtful, new_identity=True)
    assert any("--accept-duplicates" in one.message for one in refused.problems)
    new = repaired(
        repair("properties.currency=EUR", of=doubtful, new_identity=True, accept_duplicates=True)
    )
    assert new.ambiguous_since == NOW - 60


@pytest.mark.parametrize("body", [None, [], "text"])
def test_without_a_body_nothing_can_be_repaired(body: Any) -> None:
    """It is said so, and that the event must be sent again."""
    (problem,) = repair("properties.currency=EUR", of=letter(body)).problems
    assert "send it again" in problem.message


def test_a_patch_goes_before_values() -> None:
    """Both are one edit, and null takes away."""
    patch = {"properties": {"currency": "USD", "contents": None, "order_id": "7"}}
    new = repaired(repair("properties.currency=EUR", patch=patch))
    assert new.body["properties"] == {"value": 59.98, "currency": "EUR", "order_id": "7"}


def test_too_deep_a_patch_is_refused() -> None:
    """It ends in a sentence, not in a traceback."""
    deep: dict[str, Any] = {}
    for _ in range(2_000):
        deep = {"a": deep}
    assert Outcome.REFUSED is repair(patch={"properties": deep}).outcome


PATCHES = st.dictionaries(
    st.sampled_from([*BODY, "event_source", "event_source_id", "our_own", "limited_data_use"]),
    st.none()
    | st.booleans()
    | st.integers(-5, 2_000_000_000)
    | st.text(max_size=5)
    | st.lists(st.integers(), max_size=2)
    | st.dictionaries(
        st.sampled_from(["value", "currency", "email", "url", "contents", "x"]),
        st.none() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    ),
)


@given(PATCHES)
def test_no_patch_changes_who_the_event_is(patch: dict[str, Any]) -> None:
    """Whatever an operator lays over it, an edited letter is the same conversion, and valid."""
    made = repair("properties.currency=EUR", patch=patch, of=letter(attempts=1))
    if made.new is None:
        return
    assert [BODY[name] for name in IDENTITY] == [made.new.body[name] for name in IDENTITY]
    assert made.new.destination == PIXEL
    assert check_event(made.new.body, "web").errors == ()


@given(PATCHES)
def test_an_edit_is_refused_or_explained(patch: dict[str, Any]) -> None:
    """Every outcome says what it is: changes, problems, or neither where nothing changes."""
    made = repair(patch=patch)
    expected = {
        Outcome.EDITED: (True, False),
        Outcome.UNCHANGED: (False, False),
        Outcome.REFUSED: (False, True),
    }[made.outcome]
    assert expected == (made.new is not None, bool(made.problems))


def test_a_destination_has_a_strictness_of_its_own() -> None:
    """A letter that its destination would bury again is not called repaired."""
    path = EventPath.parse_any("properties.num_items")
    edit = Edit(None, ((path, "many"),))
    lenient = Repairer(edit, SETTINGS, "anna", lambda _: False).repair(letter(), NOW)
    strict = Repairer(edit, SETTINGS, "anna", lambda _: True).repair(letter(), NOW)
    assert "properties.num_items" in {problem.path for problem in strict.problems}
    assert "properties.num_items" not in {problem.path for problem in lenient.problems}
