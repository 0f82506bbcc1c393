"""JSON Merge Patch: change a document by a partial one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def merge_patch(target: Any, patch: Any) -> Any:
    """Return the target changed by the patch; neither argument is changed.

    Objects are merged key by key, ``None`` removes a key, anything else replaces what was
    there: a list as a whole.

    Source: https://www.rfc-editor.org/rfc/rfc7396, section 2 (read 2026-11-22).
    """
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged
