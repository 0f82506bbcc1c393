"""The happy path: an event without any oddity, checked in one loop.

marshmallow walks every declared field, most of them absent, in several calls each. A plan walks
the keys that are there and calls one test for each; any doubt ends it, and marshmallow starts
from the beginning. Both ways use the same `take` of the same fields, and a differential test
holds them equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from schemas.fields import DOUBT
from schemas.limits import OBJECT_KEYS
from schemas.unknown import UNKNOWN_KEY, is_key, is_scalar, unknown_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from schemas.finding import Finding


@dataclass(frozen=True, slots=True)
class Plan:
    """What `run` needs to know about one object of the event.

    Attributes:
        takes: the test of each plain key.
        texts: how long a text may be, for each key that takes any text.
        inner: the plan of each key that holds an object.
        required: the keys without which there is doubt.
        prefix: path of the object with its dot, for warnings; ``None`` where the path is not known
            beforehand, so that an unknown key is a doubt.
        elsewhere: see `EventObject.elsewhere`.
    """

    takes: dict[str, Callable[[Any], Any]]
    texts: dict[str, int]
    inner: dict[str, Plan]
    required: frozenset[str]
    prefix: str | None
    elsewhere: Mapping[str, str]

    def run(self, data: Any, warnings: list[Finding]) -> Any:
        """Return a clean copy of ``data``, or `DOUBT`; warnings are added to the list."""
        if type(data) is not dict or len(data) > OBJECT_KEYS:
            return DOUBT
        takes, texts, clean = self.takes, self.texts, data.copy()
        for key, value in data.items():
            # Most values are texts: to call `Text.take` would cost as much again as this.
            if (
                key in texts
                and type(value) is str
                and 0 < len(value) <= texts[key]
                and value.strip() is value
                and value.isascii()
            ):
                continue
            take = takes.get(key)
            taken = take(value) if take is not None else self._set_aside(key, value, warnings)
            if taken is value:
                continue
            if value is None or taken is None:
                del clean[key]
            elif taken is DOUBT:
                return DOUBT
            else:
                clean[key] = taken
        return DOUBT if self.required and not clean.keys() >= self.required else clean

    def _set_aside(self, key: Any, value: Any, warnings: list[Finding]) -> Any:
        """Handle the rarer keys: an inner object, or one that is not known."""
        if key in self.inner:
            return self.inner[key].run(value, warnings)
        if self.prefix is None or value is None or not is_key(key) or not is_scalar(value):
            return DOUBT
        remark = self.elsewhere.get(key, UNKNOWN_KEY) if self.elsewhere else UNKNOWN_KEY
        warnings.append(unknown_key(key, self.prefix, remark))
        return value
