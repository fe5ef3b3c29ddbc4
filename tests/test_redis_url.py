"""REDIS_URL against a real Redis: with passwords, users and TLS as people run it."""

import re
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
import trustme
from redis.sentinel import SentinelConnectionPool, SentinelManagedSSLConnection

from project.broker import Broker
from project.redis_url import connect
from tests.redis_server import RedisServer
from tests.runner.running import free_port, wait_until
from tests.sentinels import start_sentinel
from tests.test_broker import consumer, message, next_message
from tests.tls_proxy import TlsProxy

SENTINELS = "redis+sentinel://:secret@one:26379,two,[::1]:5000/queue/3?sentinel_password=other"
NO_ADMIN = "+@all -@admin -@dangerous +info"  # what managed Redis leaves of the commands


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    server = RedisServer()
    server.client.acl_setuser(
        "feedback",
        enabled=True,
        passwords=["+s3cr&t/#"],
        keys=["dramatiq*", "feedback:limit:*"],
        commands=NO_ADMIN.split(),
    )
    server.client.config_set("requirepass", "open sesame")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@contextmanager
def asked(url: str) -> Iterator[redis.Redis]:
    client = connect(url)
    yield client
    client.close()
    if isinstance(client.connection_pool, SentinelConnectionPool):
        client.connection_pool.sentinel_manager.close()


def test_a_password_and_a_user_are_sent_as_they_were_meant(server: RedisServer) -> None:
    with asked(server.url.replace("unix://", "unix://:open%20sesame@")) as client:
        assert client.acl_whoami() == "default"
    with asked(server.url.replace("unix://", "unix://feedback:s3cr%26t%2F%23@")) as client:
        assert client.acl_whoami() == "feedback"


@pytest.mark.parametrize("login", ["", ":wrong@", "feedback:wrong@"])
def test_a_wrong_password_is_told(server: RedisServer, login: str) -> None:
    with asked(server.url.replace("unix://", f"unix://{login}")) as client:
        with pytest.raises(redis.AuthenticationError, match=r"Authentication required|invalid username"):
            client.ping()


def test_a_user_who_may_use_our_keys_only_is_enough(server: RedisServer) -> None:
    broker = Broker(url=server.url.replace("unix://", "unix://feedback:s3cr%26t%2F%23@"), middleware=[])
    broker.declare_queue("email")
    broker.enqueue(message())
    one = consumer(broker)
    found = next_message(one)
    assert found
    one.ack(found)
    assert next(one) is None
    assert broker.client.info("memory")["maxmemory_policy"] == "noeviction"
    with pytest.raises(redis.exceptions.NoPermissionError):
        broker.client.set("elsewhere", "1")
    broker.client.close()


def test_tls_is_spoken_with_an_authority_of_ones_own(
    server: RedisServer, authority: trustme.CA, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with _tls(server.socket, authority, "localhost") as proxy:
        url = f"rediss://:open%20sesame@localhost:{proxy.port}/0?ssl_ca_certs={tmp_path / 'ca.pem'}"
        with asked(url) as client:
            assert client.ping()


@pytest.mark.parametrize(
    ("name", "known", "why"),
    [("localhost", False, "unable to get local issuer"), ("example.org", True, "Hostname mismatch")],
)
def test_a_certificate_of_somebody_else_is_refused(
    server: RedisServer, authority: trustme.CA, tmp_path: Path, name: str, known: bool, why: str
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    option = f"?ssl_ca_certs={tmp_path / 'ca.pem'}" if known else ""
    with _tls(server.socket, authority, name) as proxy:
        with asked(f"rediss://localhost:{proxy.port}/0{option}") as client:
            with pytest.raises(redis.ConnectionError, match=why):
                client.ping()


def test_a_tls_server_that_says_nothing_is_given_up_after_a_second() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with asked(f"rediss://localhost:{silent.getsockname()[1]}") as client:
            began = time.monotonic()
            with pytest.raises((redis.TimeoutError, redis.ConnectionError)):
                client.ping()
    assert time.monotonic() - began < 1.8


def test_sentinels_and_redis_are_asked_with_their_own_passwords_and_the_same_care() -> None:
    pool = connect(SENTINELS.replace("redis+", "rediss+")).connection_pool
    assert isinstance(pool, SentinelConnectionPool)
    assert pool.connection_class is SentinelManagedSSLConnection
    options = pool.connection_kwargs
    assert (pool.service_name, options["db"], options["password"]) == ("queue", 3, "secret")
    theirs = [one.connection_pool.connection_kwargs for one in pool.sentinel_manager.sentinels]
    assert [(one["host"], one["port"]) for one in theirs] == [("one", 26379), ("two", 26379), ("::1", 5000)]
    assert {one["password"] for one in theirs} == {"other"}
    for one in [options, *theirs]:
        assert (one["ssl_cert_reqs"], one["ssl_check_hostname"]) == ("required", True)
        assert one["retry"].get_retries() == 0
    assert {one["socket_timeout"] for one in theirs} == {0.2}


def test_the_primary_is_found_over_tls_by_a_sentinel_with_a_password_of_its_own(
    server: RedisServer, authority: trustme.CA, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    port, login = free_port(), 'sentinel auth-pass queue "open sesame"'
    with _tls(server.socket, authority, "127.0.0.1") as primary, _tls(port, authority, "127.0.0.1") as proxy:
        sentinel = start_sentinel(tmp_path, port, primary.port, login, 'requirepass "other"')
        known = f"127.0.0.1:{proxy.port}/queue/0?ssl_ca_certs={tmp_path / 'ca.pem'}&sentinel_password="
        try:
            with asked(f"rediss+sentinel://:open%20sesame@{known}other") as client:
                wait_until(lambda: _answers(client), 10)
            with asked(f"rediss+sentinel://:open%20sesame@{known}wrong") as client:
                with pytest.raises(redis.ConnectionError, match="no Sentinel in REDIS_URL lets us in"):
                    client.ping()
        finally:
            sentinel.kill()
            sentinel.wait()


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("redis:///0", "names no server"),
        ("redis://host:0", "names no server, or a port that is no number"),
        ("redis://:pa/ss@host", "a port that is no number"),
        ("redis://:pa#ss@host", "has text after a #"),
        ("redis://[::1", "names no server"),
        ("redis://user@host", "a user without a password"),
        ("redis://host/queue", "a database that is no number"),
        ("redis://host?socket_timeout=60", "with redis:// there may be: none"),
        ("redis://host?ssl_ca_certs=/ca.pem", "has an unknown option; with redis:// there may be: none"),
        ("rediss://host?ssl_cert_reqs=none", "would believe any certificate"),
        ("rediss://host?ssl_cert_reqs=optional", "would believe any certificate"),
        ("rediss://host?ssl_check_hostname=false", "would believe any certificate"),
        ("rediss://host?ssl_ca_certs=/not/there", "is not there"),
        ("rediss://host?ssl_keyfile=/not/there", "is not there"),
        ("unix://redis.sock", "with three slashes"),
        ("unix:///redis.sock?db=one", "a database that is no number"),
        ("redis+sentinel://one,two", "names no service"),
        ("redis+sentinel://one,,two/queue", "names no server"),
        ("redis+sentinel://one/queue/db", "a database that is no number"),
        ("redis+cluster://one", "must start with redis://, rediss://, unix://, redis+sentinel://"),
    ],
)
def test_what_is_wrong_is_said_and_no_secret_repeated(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)) as caught:
        connect(url)
    assert not re.search(r"\bpa\b", str(caught.value))


@contextmanager
def _tls(behind: Path | int, authority: trustme.CA, name: str) -> Iterator[TlsProxy]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    with TlsProxy(context, behind) as proxy:
        yield proxy
