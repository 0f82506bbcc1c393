"""Make text and values safe for a script element of a page."""

from __future__ import annotations

import json
from typing import Any, Final

_ESCAPES: Final = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&'\x7f"})


class ScriptText(str):
    """JavaScript, or a script element, that templates must not escape again.

    Jinja and Django both look for ``__html__``.
    """

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def script_json(value: Any) -> str:
    r"""Return JSON that is a JavaScript expression and cannot end the script element around it.

    The result is printable ASCII without ``< > & '``: ``</script``, ``<!--`` and the line
    separators U+2028 and U+2029 are escaped as ``\u…``.

    Raises:
        ValueError: a number is not finite.

    Source: https://html.spec.whatwg.org/multipage/scripting.html, restrictions for contents of
    script elements (read 2026-11-22).
    """
    return json.dumps(value, ensure_ascii=True, allow_nan=False).translate(_ESCAPES)
