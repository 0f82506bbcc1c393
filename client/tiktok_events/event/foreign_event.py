"""Read an event in other words than API 2.0's: API 1.0's, a whole request's, other tools'.

It becomes an event of 2.0, or is refused with its name; it is never read in part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final

from tiktok_events.errors import InvalidEvent
from tiktok_events.event.addresses import hides_address
from tiktok_events.event.closed_user import adopt, is_limit, keys_that_say
from tiktok_events.event.key_names import (
    ANYWHERE,
    DOCUMENTED,
    LIMITED_DATA_USE,
    LISTS,
    OTHER_PEOPLE,
    PERSONAL,
    TEXTS,
    USER_OBJECTS,
    meaning,
    squeezed,
)
from tiktok_events.event.match_keys import alone
from tiktok_events.event.other_words import translated
from tiktok_events.event.plain_event import KNOWN, OBJECTS
from tiktok_events.event.remarks import REMARKS, Reason, Remark, shown
from tiktok_events.event.shapes import opened, pair_meaning, to_text
from tiktok_events.event.stray_addresses import NEEDED, may_be_coded
from tiktok_events.event.url_parameters import is_link, strip_people

if TYPE_CHECKING:
    from tiktok_events.event.remarks import Remarks

_BODIES: Final = (
    ("data", "Events API 2.0"),
    ("batch", "Events API 1.0"),
    ("event_list", "a connector"),
    ("events", "GA4's Measurement Protocol"),
)
_FIGURES: Final = frozenset({int, float, bool, type(None)})
"""Types of values that cannot hold personal data."""

WHOLE_BODY: Final = (
    "is the body of a whole request, {}: hand its events over one by one (in a file one a line, in "
    "Python also with track_many), each with the event_source_id"
)


def taken_apart(event: Mapping[str, Any], remarks: Remarks) -> dict[str, Any]:
    """Return the event in the words of API 2.0, with match keys in ``user`` only.

    Args:
        event: an event for which `is_plain` is false; it is not changed.
        remarks: receives what was read elsewhere, or left out.

    Raises:
        InvalidEvent: it is the body of a whole request, or an event of 1.0 with two destinations.
    """
    refuse_bodies(event)
    event = translated(_opened(event, remarks), remarks)
    found = _Found(event, remarks)
    kept = {key: value for key, value in event.items() if key in KNOWN}
    for key, value in event.items():
        if key not in KNOWN:
            found.at_top(kept, key, value)
    for name in kept.keys() - {"user", REMARKS}:
        if name in NEEDED and isinstance(kept[name], str):
            continue  # judged when the event is finished: without a name there is no event
        kept[name] = found.without_people(kept[name], name, adopts=name == "properties")
    return found.into({name: value for name, value in kept.items() if value is not _GONE})


def _opened(event: Mapping[str, Any], remarks: Remarks) -> dict[str, Any]:
    """Return the event with every object that was JSON in a text decoded."""
    read = dict(event)
    for key in ("user", "context", *OBJECTS):
        if isinstance(text := event.get(key), str) and (value := opened(text)) is not None:
            read[key] = value
            remarks.append(Remark.opened(key))
    if isinstance(user := alone(read.get("user")), Mapping):
        read["user"] = user
    return read


def _as_mapping(value: Any) -> Any:
    """Return a dataclass as the object that JSON makes of it, anything else as it is."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return value


def refuse_bodies(event: Mapping[str, Any]) -> None:
    """Refuse the body of a whole request.

    Raises:
        InvalidEvent: the event is one.
    """
    for key, of in _BODIES:
        named = event.get("event") or event.get("event_name")
        if isinstance(event.get(key), list | tuple) and not named:
            raise InvalidEvent(WHOLE_BODY.format(of), path=key)


def _objects_of(value: Any) -> list[Mapping[Any, Any]]:
    """Return the object, or the objects of the list, that a value is."""
    items = value if isinstance(value, list | tuple) else [value]
    return [item for item in items if isinstance(item, Mapping)]


class _Found:
    """The match keys and other fields that were found in a wrong place of an event.

    Args:
        event: the event in which they were found.
        remarks: receives a remark for each of them.
    """

    def __init__(self, event: Mapping[str, Any], remarks: Remarks) -> None:
        user = event.get("user")
        self._given = user
        self._user: dict[Any, Any] = dict(user) if isinstance(user, Mapping) else {}
        self._own = keys_that_say(self._user)
        self._remarks = remarks
        self._limited = False
        self._limit_in_user()

    def into(self, event: dict[str, Any]) -> dict[str, Any]:
        """Put the fields in their right places; ``event`` is changed and returned."""
        if self._user or self._given == {}:
            lead_id = self._user.pop("lead_id", None) or self._user.pop("leadId", None)
            if lead_id not in (None, "") and not event.get("lead"):
                event["lead"] = {"lead_id": lead_id}
            event["user"] = self._user
        if self._limited:
            event["limited_data_use"] = True
        return event

    def at_top(self, event: dict[str, Any], key: Any, value: Any) -> None:
        """Read a top-level key that no event has."""
        if key == "pixel_code":
            self._pixel_code(event, value)
        elif key == "context" and isinstance(value, Mapping):
            self._context(event, value)
        elif key != "type":
            kept = self._kept(key, value, shown(key), adopts=True, everything=True)
            if kept is not _GONE:
                event[key] = kept

    def without_people(self, value: Any, path: str, *, adopts: bool) -> Any:
        """Return a JSON value without personal data.

        Args:
            value: the value to read; it is not changed.
            path: where the value stands in the event.
            adopts: whether ``user`` may take what is found.
        """
        if isinstance(value, str):
            return self._text(value, path)
        value = _as_mapping(value)
        if isinstance(value, Mapping):
            kept = {
                key: item
                if type(item) in _FIGURES and key in DOCUMENTED
                else self._kept(key, item, f"{path}.{shown(key)}", adopts=adopts)
                for key, item in value.items()
            }
            return {key: item for key, item in kept.items() if item is not _GONE}
        if isinstance(value, list | tuple):
            items = (self._one_kept(item, path) for item in value)
            return [item for item in items if item is not _GONE]
        return value

    def _one_kept(self, value: Any, path: str) -> Any:
        """Return what stays of a value; of a pair that names a match key, nothing stays."""
        if isinstance(value, str):
            return self._text(value, path)
        value = _as_mapping(value)
        if isinstance(value, Mapping) and (meant := pair_meaning(value)):
            self._remarks.append(Remark.left_out(path, meant, Reason.MISPLACED))
            return _GONE
        return self.without_people(value, path, adopts=False)

    def _text(self, text: str, path: str) -> Any:
        if (value := opened(text)) is not None:
            before = len(self._remarks)
            kept = self._one_kept(value, path)
            return text if len(self._remarks) == before else to_text(kept)
        stripped = strip_people(text) if is_link(text) else text
        if may_be_coded(stripped) and hides_address(stripped):
            self._remarks.append(Remark.left_out(path, "text", Reason.ADDRESS))
            return _GONE
        if stripped != text:
            self._remarks.append(Remark.parameters_left_out(path))
        return stripped

    def _kept(
        self, key: Any, value: Any, path: str, *, adopts: bool, everything: bool = False
    ) -> Any:
        """Return what stays of one value of an object, or ``_GONE`` if nothing does."""
        value = _as_mapping(value)
        if key in DOCUMENTED:
            return self._documented(key, value, path)
        name = squeezed(key) if isinstance(key, str) else ""
        if self._is_limit(name, value):
            return _GONE
        if isinstance(value, Mapping) and name in USER_OBJECTS | OTHER_PEOPLE:
            self._people(value, path, adopts=adopts and name in USER_OBJECTS)
            return _GONE
        meant = meaning(key)
        if meant is None or not (everything or meant in ANYWHERE):
            return self._one_kept(value, path)
        self._found(meant, value, path, adopts=adopts)
        return _GONE

    def _documented(self, key: Any, value: Any, path: str) -> Any:
        if isinstance(value, Mapping) and key in TEXTS:
            self._remarks.append(Remark.left_out(path, "text", Reason.NO_TEXT))
            return _GONE
        if key in LISTS and isinstance(value, str) and (items := opened(value)) is not None:
            self._remarks.append(Remark.opened(path))
            value = items
        return self._one_kept(value, path)

    def _found(self, meant: str, value: Any, path: str, *, adopts: bool) -> None:
        if value in (None, ""):
            return
        if meant == PERSONAL:
            self._remarks.append(Remark.left_out(path, meant, Reason.PERSONAL))
        elif adopts and meant not in self._own:
            self._remarks.append(adopt(self._user, meant, value, path))
        else:
            self._remarks.append(Remark.left_out(path, meant, Reason.MISPLACED))

    def _people(self, value: Mapping[Any, Any], path: str, *, adopts: bool) -> None:
        """Read an object that describes a person; keys that are no match keys are left out."""
        for key, item in value.items():
            inner, meant = f"{path}.{shown(key)}", meaning(key)
            if self._is_limit(squeezed(key) if isinstance(key, str) else "", item):
                continue
            if key == "lead_id" and not isinstance(item, Mapping | list):
                self._user.setdefault(key, item)
            elif meant in {None, PERSONAL} and (nested := _objects_of(item)):
                for one in nested:
                    self._people(one, inner, adopts=adopts)
            elif meant is None:
                self._remarks.append(Remark.left_out(inner, "other", Reason.NO_KEY))
            else:
                self._found(meant, item, inner, adopts=adopts)

    def _context(self, event: dict[str, Any], context: Mapping[Any, Any]) -> None:
        """Read the ``context`` object of API 1.0 or Segment."""
        for key, value in context.items():
            path = f"context.{shown(key)}"
            if key in OBJECTS and isinstance(value, Mapping) and key != "ad":
                self._move(event, key, self._documented_parts(value, path), path)
            elif key == "ad" and isinstance(value, Mapping):
                self._found("ttclid", value.get("callback"), f"{path}.callback", adopts=True)
            else:
                self._people({key: value}, "context", adopts=True)

    def _documented_parts(self, value: Mapping[Any, Any], path: str) -> dict[Any, Any]:
        parts = self.without_people(value, path, adopts=False)
        for key in parts.keys() - DOCUMENTED:
            self._remarks.append(Remark.left_out(f"{path}.{shown(key)}", "other", Reason.NO_KEY))
        return {key: part for key, part in parts.items() if key in DOCUMENTED}

    def _move(self, event: dict[str, Any], key: str, value: Any, path: str) -> None:
        if value and not event.get(key):
            event[key] = value
            self._remarks.append(Remark.read_as(path, key))

    def _pixel_code(self, event: dict[str, Any], value: Any) -> None:
        given = event.get("event_source_id")
        if given not in (None, "", value):
            raise InvalidEvent("is not the event_source_id: give one of them", path="pixel_code")
        event["event_source_id"] = value

    def _limit_in_user(self) -> None:
        for key in list(self._user):
            if self._is_limit(squeezed(str(key)), self._user[key]):
                del self._user[key]

    def _is_limit(self, name: str, value: Any) -> bool:
        """Return whether this is limited data use in a wrong place: it is honoured there too."""
        if name == "dataprocessingoptions":
            self._limited |= isinstance(value, list) and "LDU" in value
            return True
        if name not in LIMITED_DATA_USE:
            return False
        self._limited |= is_limit(name, value)
        return True


_GONE: Final = object()
