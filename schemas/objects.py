"""Objects inside an event, and the full report on them.

marshmallow has no warnings. A field that corrected something therefore returns a `Noted` value;
`EventObject.sift` unpacks it again and collects the remarks with their paths.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final, cast

from marshmallow import EXCLUDE, Schema, ValidationError

from schemas import limits
from schemas.fields import DOUBT, STRICT, EventField, takes_any_text
from schemas.finding import Finding, Kind, Noted, as_noted, note
from schemas.plan import Plan
from schemas.unknown import NOT_A_KEY, UNKNOWN_KEY, bounded_copy, is_key, shown_key
from tiktok_events.event.readings import read

NOT_AN_OBJECT: Final = "must be a JSON object"
TOO_MANY_KEYS: Final = f"must have at most {limits.OBJECT_KEYS} keys"


class EventObject(Schema):
    """The base of every object of the event that we know.

    Warning:
        `load` returns `Noted` values; `sift` is the way in.

    Attributes:
        closed: whether a key that TikTok does not document is left out, whatever it holds.
        elsewhere: keys that TikTok documents in another place → what is said of them here.
    """

    elsewhere: ClassVar[Mapping[str, str]] = {}
    closed: ClassVar[bool] = False

    class Meta:
        """Unknown keys are ours to handle; nobody looks these schemas up by name."""

        unknown = EXCLUDE
        register = False

    def sift(self, data: Mapping[Any, Any]) -> tuple[Noted, dict[Any, Any]]:
        """Return what passed, with remarks, and the errors in marshmallow's nested shape."""
        if len(data) > limits.OBJECT_KEYS:
            return self._sift_documented(data)
        loaded, messages = self._load_what_passes(data)
        clean: dict[str, Any] = {}
        findings: list[Finding] = []
        for key, raw in data.items():
            noted = self._sift_key(key, raw, loaded, messages)
            findings += [finding.under(shown_key(key)) for finding in noted.findings]
            if noted.value is not None:
                clean[key] = noted.value
        return Noted(clean, tuple(findings)), messages

    def vital_paths(self, prefix: str = "") -> Iterator[str]:
        """Yield the paths without which there is no event, seen from where ``prefix`` begins."""
        for key, field in self.fields.items():
            if isinstance(field, EventField) and field.vital:
                yield prefix + key
            if isinstance(field, Object):
                yield from field.schema.vital_paths(f"{prefix}{key}.")

    def wanted_paths(self, prefix: str = "") -> Iterator[str]:
        """Yield the paths of fields that are wanted, though an event may lack them."""
        for key, field in self.fields.items():
            if isinstance(field, EventField) and field.required and not field.vital:
                yield prefix + key
            if isinstance(field, Object):
                yield from field.schema.wanted_paths(f"{prefix}{key}.")

    def plan(self, prefix: str | None, *, strict: bool = False) -> Plan:
        """Return the plan of this object; see `Plan` for ``prefix``."""
        objects = {key: f for key, f in self.fields.items() if isinstance(f, Object)}
        plain = {key: f for key, f in self.fields.items() if key not in objects}
        return Plan(
            takes={key: f.take for key, f in plain.items() if isinstance(f, EventField)},
            texts={key: f.longest for key, f in plain.items() if takes_any_text(f)},
            inner={
                key: f.schema.plan(_inner_prefix(prefix, key), strict=strict)
                for key, f in objects.items()
            },
            required=frozenset(
                key
                for key, f in self.fields.items()
                if isinstance(f, EventField) and f.required and (strict or f.vital)
            ),
            elsewhere=self.elsewhere,
            prefix=prefix,
        )

    def _sift_documented(self, data: Mapping[Any, Any]) -> tuple[Noted, dict[Any, Any]]:
        """Sift what is documented of an object that has too many keys."""
        if STRICT.get():
            return Noted({}), {"": [TOO_MANY_KEYS]}
        documented = {key: data[key] for key in self.fields if key in data}
        noted, messages = self.sift(documented)
        return noted, {"": [TOO_MANY_KEYS], **messages}

    def _load_what_passes(self, data: Mapping[Any, Any]) -> tuple[dict[str, Any], dict[Any, Any]]:
        try:
            return self.load(data), {}
        except ValidationError as error:
            return dict(error.valid_data or {}), dict(error.messages_dict)

    def _sift_key(
        self, key: Any, raw: Any, loaded: dict[str, Any], messages: dict[Any, Any]
    ) -> Noted:
        if raw is None:
            return Noted(None)
        if key in self.fields:
            return as_noted(loaded.get(key))
        return _sift_unknown(key, raw, messages, self.elsewhere.get(key, UNKNOWN_KEY))


class Object(EventField):
    """An object inside the event."""

    reading = "object"

    def __init__(
        self, schema: EventObject, *, needed: str | None = None, vital: bool | None = None
    ) -> None:
        super().__init__(needed=needed, vital=vital)
        self.schema = schema

    def take(self, value: Any) -> Any:
        """Return `DOUBT`: the fast way through an object is its plan."""
        del value
        return DOUBT

    def mend(self, value: Any) -> Any:
        """Sift the object.

        Raises:
            ValidationError: it is none, or its parts have errors.
        """
        if not isinstance(value, Mapping):
            raise ValidationError(NOT_AN_OBJECT)
        noted, messages = self.schema.sift(value)
        if messages:
            raise refusal(messages, noted)
        return noted

    def salvage(self, value: Any) -> Noted | None:
        """Sift the object that an array of one holds; leave an empty one out."""
        found = read(self.reading, value)
        if found is None:
            return None
        if found.value is None:
            return self.drop(found.sentence)
        said = Finding("", found.sentence, Kind.MENDED)
        try:
            noted = as_noted(self.mend(found.value))
        except ValidationError as error:
            passed = as_noted(error.valid_data)
            whole = Noted(passed.value, (said, *passed.findings))
            raise refusal(cast("dict[Any, Any]", error.messages), whole) from None
        return Noted(noted.value, (said, *noted.findings))


def _sift_unknown(key: Any, raw: Any, messages: dict[Any, Any], remark: str) -> Noted:
    if not is_key(key):
        messages[shown_key(key)] = [NOT_A_KEY]
        return Noted(None)
    try:
        return note(bounded_copy(raw), remark)
    except ValidationError as error:
        messages[shown_key(key)] = error.messages
        return Noted(None)


def refusal(messages: dict[Any, Any], passed: Noted) -> ValidationError:
    """Return the error that carries what passed; marshmallow hands it on without a look."""
    return ValidationError(messages, valid_data=cast("Any", passed))


def _inner_prefix(prefix: str | None, key: str) -> str | None:
    return None if prefix is None else f"{prefix}{key}."
