"""Read the few parts of an HTTP request that a capture needs, as text, in any framework.

A visitor may send anything, and nothing here raises for it: bytes that are not UTF-8 are read as
Latin-1, and each reader checks the text it takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

_HEADER_PREFIX: Final = "HTTP_"
_ASGI_TYPES: Final = frozenset({"http", "websocket"})
_SECURE_SCHEMES: Final = frozenset({"https", "wss"})

_SAFE_IN_PATH: Final = "/~!$&'()*+,;=:@"
_SAFE_IN_ENCODED: Final = _SAFE_IN_PATH + "%?[]"
"""Characters that stay in percent-encoded text: only what no URL can contain is encoded."""


@dataclass(frozen=True, slots=True, repr=False)
class WebRequest:
    """What a capture reads of a request; its repr shows nothing of it.

    Attributes:
        is_secure: whether the connection to this process is encrypted.
        path: percent-encoded, from the first slash on.
        query: percent-encoded, without the question mark.
        peer: address of the machine at the other end; empty for a Unix socket.
        headers: lower-case name → its values, in order.
    """

    is_secure: bool
    path: str
    query: str
    peer: str
    headers: Mapping[str, list[str]]

    def one(self, name: str) -> str:
        """Return the value of a header that may occur once; empty if it is absent or repeated."""
        values = self.headers.get(name, ())
        return values[0] if len(values) == 1 else ""

    def all(self, name: str) -> list[str]:
        """Return every value of a header that may be repeated."""
        return list(self.headers.get(name, ()))


def web_request(request: Any) -> WebRequest:
    """Read a WSGI environ, an ASGI scope, or a request that carries one of them.

    Requests of Flask, Werkzeug, Starlette, FastAPI and Django (WSGI and ASGI) carry one.

    Raises:
        TypeError: the argument is none of these; nothing that a visitor sends causes this.
    """
    source = source_of(request)
    return _from_asgi(source) if source.get("type") in _ASGI_TYPES else _from_wsgi(source)


def source_of(request: Any) -> Mapping[str, Any]:
    """Return the environ or scope of a request.

    Raises:
        TypeError: the request has none.
    """
    for candidate in (
        request,
        getattr(request, "environ", None),
        getattr(request, "scope", None),
        getattr(request, "META", None),
    ):
        # A Starlette request is itself a mapping: its scope.
        if isinstance(candidate, Mapping):
            return candidate
    raise TypeError(f"{type(request).__name__} is no WSGI environ, ASGI scope or web request")


def _from_wsgi(environ: Mapping[str, Any]) -> WebRequest:
    path = _bytes(environ.get("SCRIPT_NAME")) + _bytes(environ.get("PATH_INFO"))
    return WebRequest(
        is_secure=environ.get("wsgi.url_scheme") in _SECURE_SCHEMES,
        path=quote(path, _SAFE_IN_PATH),
        query=quote(_bytes(environ.get("QUERY_STRING")), _SAFE_IN_ENCODED),
        peer=_text(environ.get("REMOTE_ADDR")).strip(),
        headers={
            "host": [_server_name(environ)],
            **{
                name.removeprefix(_HEADER_PREFIX).replace("_", "-").lower(): [_text(value)]
                for name, value in environ.items()
                if name.startswith(_HEADER_PREFIX)
            },
        },
    )


def _server_name(environ: Mapping[str, Any]) -> str:
    """Return the host if no header names one, as PEP 3333 reconstructs a URL.

    Source: https://peps.python.org/pep-3333/#url-reconstruction (read 2026-11-30).
    """
    name, port = _text(environ.get("SERVER_NAME")), _text(environ.get("SERVER_PORT"))
    usual = "443" if environ.get("wsgi.url_scheme") in _SECURE_SCHEMES else "80"
    return name if port in {"", usual} else f"{name}:{port}"


def _from_asgi(scope: Mapping[str, Any]) -> WebRequest:
    headers: dict[str, list[str]] = {}
    for name, value in scope.get("headers") or ():
        headers.setdefault(_text(name).lower(), []).append(_text(value))
    return WebRequest(
        is_secure=scope.get("scheme") in _SECURE_SCHEMES,
        path=_asgi_path(scope),
        query=quote(_bytes(scope.get("query_string")), _SAFE_IN_ENCODED),
        peer=_text((scope.get("client") or ("",))[0]).strip(),
        headers=headers,
    )


def _asgi_path(scope: Mapping[str, Any]) -> str:
    """Return the path as it came, if the server tells, which it need not."""
    raw = scope.get("raw_path")
    if isinstance(raw, bytes) and raw.startswith(b"/"):
        return quote(raw.partition(b"?")[0], _SAFE_IN_ENCODED)
    path = scope.get("path")
    return quote(path, _SAFE_IN_PATH, errors="replace") if isinstance(path, str) else ""


def _bytes(value: object) -> bytes:
    """Return the bytes on the wire, which WSGI hands out as Latin-1 characters."""
    if isinstance(value, bytes):
        return value
    return value.encode("latin-1", "replace") if isinstance(value, str) else b""


def _text(value: object) -> str:
    raw = _bytes(value)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
