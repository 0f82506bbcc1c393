"""JSON Merge Patch as its RFC has it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.letters.merge_patch import merge_patch

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("target", "patch", "expected"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_the_examples_of_the_rfc_hold(target: Any, patch: Any, expected: Any) -> None:
    """Source: https://www.rfc-editor.org/rfc/rfc7396, appendix A (read 2026-11-22)."""
    assert expected == merge_patch(target, patch)


@given(JSON, JSON)
def test_patching_twice_is_patching_once(target: Any, patch: Any) -> None:
    """A patch that was applied changes nothing more."""
    once = merge_patch(target, patch)
    assert once == merge_patch(once, patch)


@given(JSON, JSON)
def test_what_is_given_stays_as_it_is(target: Any, patch: Any) -> None:
    """Neither the target nor the patch is changed."""
    before = deepcopy((target, patch))
    merge_patch(target, patch)
    assert before == (target, patch)


@given(JSON)
def test_an_empty_patch_leaves_an_object_as_it_is(target: Any) -> None:
    """What is no object becomes an empty one, as the RFC has it."""
    expected = target if isinstance(target, dict) else {}
    assert expected == merge_patch(target, {})
