"""What each key means: the docstrings that editors show in the client's typed dictionaries.

Python keeps no docstring of a key, so the source is read. Only the generator of the JSON Schema
needs this, on a developer's machine.
"""

from __future__ import annotations

import ast
import inspect
from itertools import pairwise
from types import ModuleType
from typing import Final

from tiktok_events.types import context, event, properties, travel, user, vehicle

_MODULES: Final = (context, event, properties, travel, user, vehicle)


def meanings() -> dict[str, dict[str, str]]:
    """Return class → key → what it means, the keys of base classes included."""
    classes = {node.name: node for module in _MODULES for node in _classes(module)}
    return {name: _of_class(node, classes) for name, node in classes.items()}


def _classes(module: ModuleType) -> list[ast.ClassDef]:
    tree = ast.parse(inspect.getsource(module))
    return [node for node in tree.body if isinstance(node, ast.ClassDef)]


def _of_class(node: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> dict[str, str]:
    bases = [base.id for base in node.bases if isinstance(base, ast.Name) and base.id in classes]
    own = [_documented(*pair) for pair in pairwise(node.body)]
    found = {key: text for base in bases for key, text in _of_class(classes[base], classes).items()}
    return found | {key: text for key, text in own if key}


def _documented(statement: ast.stmt, following: ast.stmt) -> tuple[str, str]:
    """Return a key and its docstring, or two empty texts where none follows."""
    match statement, following:
        case (
            ast.AnnAssign(target=ast.Name(id=key)),
            ast.Expr(value=ast.Constant(value=str(text))),
        ):
            return key, " ".join(text.split())
    return "", ""
