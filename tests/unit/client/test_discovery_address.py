"""Addresses of an outbox that moves: what is read out of them, and what is refused."""

from __future__ import annotations

import pytest
from redis.connection import parse_url

from tiktok_events.connection.discovery_address import DiscoveryAddress
from tiktok_events.connection.tls import VERIFIED

SENTINEL = "redis+sentinel://"
CLUSTER = "redis+cluster://"


def read(url: str) -> DiscoveryAddress:
    """An address that leads."""
    address = DiscoveryAddress.parse(url)
    assert address is not None
    return address


@pytest.mark.parametrize("url", ["redis://h/1", "rediss://h", "unix:///run/redis.sock", "http://h"])
def test_the_address_of_one_server_is_none(url: str) -> None:
    """Whatever else it is."""
    assert DiscoveryAddress.parse(url) is None


@pytest.mark.parametrize(
    ("url", "nodes"),
    [
        (f"{SENTINEL}a,b:1,[::1]:2/m", (("a", 26_379), ("b", 1), ("::1", 2))),
        (f"{CLUSTER}a:7000,b", (("a", 7_000), ("b", 6_379))),
    ],
)
def test_every_host_is_asked_with_a_port_of_its_own(
    url: str, nodes: tuple[tuple[str, int], ...]
) -> None:
    """By default that of Sentinel, or of Redis; IPv6 stands in brackets."""
    assert nodes == read(url).nodes


@pytest.mark.parametrize(
    ("url", "place"),
    [
        (f"{SENTINEL}a/my-master", ("my-master", 0)),
        (f"{SENTINEL}a/my.master/3", ("my.master", 3)),
        (f"{CLUSTER}a", (None, 0)),
        (f"{CLUSTER}a/0", (None, 0)),
    ],
)
def test_the_path_names_service_and_database(url: str, place: tuple[str | None, int]) -> None:
    """A cluster has neither."""
    address = read(url)
    assert place == (address.service, address.database)


def test_user_and_password_are_those_of_the_servers() -> None:
    """As redis-py reads them in the URL of one server."""
    one = parse_url("redis://jo:p%40ss@h/2?health_check_interval=9")  # type: ignore[no-untyped-call]
    led = read(f"{SENTINEL}jo:p%40ss@a,b/m/2?health_check_interval=9")
    assert {name: one[name] for name in one if name not in {"host", "port"}} == led.primary


def test_sentinels_have_a_password_of_their_own() -> None:
    """None, unless the options name it."""
    own = "?sentinel_username=eye&sentinel_password=p%2Bw"
    with_own, without = (read(f"redis+sentinel://:data@a/m{more}") for more in (own, ""))
    assert [with_own.asking, without.asking] == [{"username": "eye", "password": "p+w"}, {}]


def test_what_is_said_of_tls_holds_for_those_that_are_asked() -> None:
    """One authority signs all of them."""
    address = read("rediss+sentinel://a/m?ssl_ca_certs=/ca.pem")
    assert address.asking == VERIFIED | {"ssl_ca_certs": "/ca.pem"}
    assert address.encrypted


def test_nodes_of_a_cluster_are_asked_as_they_are_led_to() -> None:
    """They are the same servers."""
    address = read(f"{CLUSTER}jo:secret@a")
    assert address.primary == address.asking


def test_nothing_secret_prints() -> None:
    """Neither password."""
    url = f"{SENTINEL}jo:hunter2@a/m?sentinel_password=hunter2"
    assert "hunter2" not in repr(read(url))


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        (f"{SENTINEL}a:26379", "must name the Sentinels' service"),
        (f"{SENTINEL}a:26379/0/0/0", "must end with the number of a database"),
        (f"{SENTINEL}a/m/first", "must end with the number of a database"),
        (f"{SENTINEL}/m", "must be a URL: hosts separated by commas"),
        (f"{SENTINEL}a,,b/m", "must be a URL: hosts separated by commas"),
        (f"{SENTINEL}a:port/m", "must be a URL: hosts separated by commas"),
        (f"{SENTINEL}a:70000/m", "must be a URL: hosts separated by commas"),
        (f"{SENTINEL}a, b/m", "must be a URL: hosts separated by commas"),
        (f"{SENTINEL}{','.join('a' * 17)}/m", "must name at most 16 hosts"),
        (f"{CLUSTER}a/1", "must name no database but 0"),
        (f"{CLUSTER}a?health_check_interval=often", "must have options that redis-py can read"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(url: str, sentence: str) -> None:
    """With what is allowed."""
    with pytest.raises(ValueError, match=sentence):
        DiscoveryAddress.parse(url)
