"""The way to the API: proxies and certificates, as the environment wants them."""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from worker.attempts.verdict import Verdict
from worker.delivery.events_api import PATH, EventsApi
from worker.local.loopback import free_port

TIMEOUT_S = 5.0
BODY = b'{"data":[]}'
SUCCESS = b'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"code":0}'

# For 127.0.0.1 until 2126; signed by itself, so that nobody trusts it unasked.
CERTIFICATE = """\
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIP7g6rZOVQlh4NrGVrx1oz5fqPVOwUBDoBD0WB4lm45roAoGCCqGSM49
AwEHoUQDQgAEaGWEkQRBd7se7bavYiFrrZ1s6AHLcd4BkytJ5SPO+gomUd7H66gI
LkCuNpOyAJcTkuy52SRkeun5l1NwWO+hXA==
-----END EC PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBojCCAUigAwIBAgIUHM8fMgJbSAdR667GhQtcWYHfmeUwCgYIKoZIzj0EAwIw
HTEbMBkGA1UEAwwSbm9ib2R5IHRydXN0cyB0aGlzMCAXDTI2MTEyMjE3MDAxNVoY
DzIxMjYxMDI5MTcwMDE1WjAdMRswGQYDVQQDDBJub2JvZHkgdHJ1c3RzIHRoaXMw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARoZYSRBEF3ux7ttq9iIWutnWzoActx
3gGTK0nlI876CiZR3sfrqAguQK42k7IAlxOS7LnZJGR66fmXU3BY76Fco2QwYjAd
BgNVHQ4EFgQUK4ZaAAgC0dycfusjJ6YKHbgm7B0wHwYDVR0jBBgwFoAUK4ZaAAgC
0dycfusjJ6YKHbgm7B0wDwYDVR0TAQH/BAUwAwEB/zAPBgNVHREECDAGhwR/AAAB
MAoGCCqGSM49BAMCA0gAMEUCIQCCdMEMDFljhWmyMw6+mJOpEurr88DDqaC+q8Fy
BCFX6wIgHrn0kFwciO7yVNWsETpBOciIjqOXit4LiqwkLp2S8q4=
-----END CERTIFICATE-----
"""

Serve = Callable[..., Any]
"""Starts a server of bytes: see `conftest.py`."""


@pytest.fixture(autouse=True)
def _nothing_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what a test sets."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """The file of a certificate that nobody trusts, with its key."""
    path = tmp_path / "certificate.pem"
    path.write_text(CERTIFICATE)
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    """A server that shows it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def verdict(url: str) -> Verdict:
    """How a request to this address is judged."""
    return EventsApi(url, timeout_s=TIMEOUT_S).send(BODY, "secret").answer.verdict


# --- proxies -------------------------------------------------------------------------------


def test_a_proxy_of_the_environment_is_used(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """It gets the whole address, which only it can look up."""
    proxy = serve(SUCCESS)
    monkeypatch.setenv("http_proxy", proxy.url)
    assert verdict("http://api.invalid") is Verdict.DELIVERED
    assert proxy.requests[0].startswith(f"POST http://api.invalid{PATH} HTTP/1.1".encode())


def test_a_host_without_proxy_is_reached_directly(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `no_proxy` wants it."""
    proxy, server = serve(SUCCESS), serve(SUCCESS)
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert verdict(server.url) is Verdict.DELIVERED
    assert (proxy.connections, server.connections) == (0, 1)


def test_a_proxy_that_is_away_is_transient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was sent."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    assert verdict("http://api.invalid") is Verdict.TRANSIENT


def test_a_proxy_that_refuses_the_tunnel_is_transient(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request itself never left: neither token nor event is in what the proxy saw."""
    proxy = serve(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
    monkeypatch.setenv("https_proxy", proxy.url)
    assert verdict("https://api.invalid") is Verdict.TRANSIENT
    assert b"secret" not in b"".join(proxy.requests)
    assert proxy.requests[0].startswith(b"CONNECT api.invalid:443")


def test_a_proxy_that_is_no_address_is_a_configuration_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No retry mends it."""
    monkeypatch.setenv("http_proxy", "http://")
    assert verdict("http://api.invalid") is Verdict.CONFIGURATION


# --- certificates --------------------------------------------------------------------------


def test_a_certificate_that_nobody_trusts_is_transient(serve: Serve, tls: ssl.SSLContext) -> None:
    """The request was never sent, the token least of all."""
    server = serve(SUCCESS, tls)
    assert verdict(server.url) is Verdict.TRANSIENT
    assert (server.connections, server.requests) == (1, [])


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_certificate_of_the_environment_is_trusted(
    serve: Serve,
    tls: ssl.SSLContext,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    """Companies that look into their traffic have one of their own."""
    monkeypatch.setenv(name, str(certificate))
    assert verdict(serve(SUCCESS, tls).url) is Verdict.DELIVERED


def test_a_certificate_for_another_host_is_transient(
    serve: Serve, tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trusted, but not for this name."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    server = serve(SUCCESS, tls)
    assert verdict(server.url.replace("127.0.0.1", "localhost")) is Verdict.TRANSIENT
    assert server.requests == []


def test_certificates_that_cannot_be_read_are_no_exception(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Every end of a request is an answer; this one says which file."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    answer = EventsApi(f"https://127.0.0.1:{free_port()}", timeout_s=1).send(BODY, "t").answer
    assert answer.verdict is Verdict.TRANSIENT
    assert "missing.pem" in answer.message


def test_a_connection_that_tls_loses_after_the_request_is_ambiguous(
    serve: Serve, tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of TLS is no proof that nothing was sent."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))

    def garble(connection: ssl.SSLSocket) -> bool:
        with socket.socket(fileno=connection.detach()) as plain:
            plain.sendall(b"\x17\x03\x03" + struct.pack(">H", 32) + b"x" * 32)
        return False

    server = serve(garble, tls)
    assert verdict(server.url) is Verdict.AMBIGUOUS
    assert len(server.requests) == 1
