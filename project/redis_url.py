"""REDIS_URL: one variable that says how Redis is reached, and never less safely than it reads.

`redis://user:password@host:6379/0`, the same with `rediss://` for TLS, or `unix:///path?db=0`. Where
Sentinels know which server is the primary: `redis+sentinel://:password@one:26379,two:26379/service/0`,
with `rediss+sentinel://` for TLS to them and to Redis, and `?sentinel_password=` where they want one.
With TLS the certificate and its name are always verified; `?ssl_ca_certs=/path` names an authority of
your own, `?ssl_certfile=` and `?ssl_keyfile=` what Redis shall know us by.
"""

import re
import ssl
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import MasterNotFoundError, Sentinel

CONNECT_SECONDS, REPLY_SECONDS = 0.5, 1.0
SENTINEL_SECONDS = 0.2  # for each, since the first ones may be as dead as the primary that they watched
TLS = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
OPTIONS: dict[str, tuple[str, ...]] = {
    "redis": (),
    "rediss": TLS,
    "unix": ("db",),
    "redis+sentinel": ("sentinel_password",),
    "rediss+sentinel": ("sentinel_password", *TLS),
}
Options = dict[str, Any]


def connect(url: str) -> redis.Redis:
    """Return a client that fails quickly; raise ValueError saying what is wrong with `url`.

    It connects when it is first asked something. It tries nothing twice: who asks knows what to do.
    """
    parts = _split(url)
    if parts.scheme not in OPTIONS:
        raise ValueError(f"must start with {', '.join(f'{scheme}://' for scheme in OPTIONS)}")
    if parts.fragment:
        raise ValueError("has text after a #; write %-escapes for / # ? in a password")
    given = _given(parts)
    options = _quick(CONNECT_SECONDS, REPLY_SECONDS) | _login(parts) | _tls(parts, given)
    if parts.scheme == "unix":
        return redis.Redis(unix_socket_path=_path(parts), db=_db(given.get("db", "0")), **options)
    if parts.scheme.endswith("+sentinel"):
        return _primary(parts, options, given.get("sentinel_password"))
    host, port = _host(parts.netloc.rpartition("@")[2], 6379)
    return redis.Redis(host, port, _db(parts.path.removeprefix("/") or "0"), **options)


def _split(url: str) -> SplitResult:
    # Newer Pythons take no list of hosts with an [IPv6] among them, so the hosts are put in afterwards.
    scheme, _, rest = url.partition("://")
    hosts = re.split("[/?#]", rest, maxsplit=1)[0]
    return urlsplit(f"{scheme}://-{rest.removeprefix(hosts)}")._replace(netloc=hosts)


def _given(parts: SplitResult) -> dict[str, str]:
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    if given.pop("ssl_cert_reqs", "required") != "required" or "ssl_check_hostname" in given:
        raise ValueError(
            "would believe any certificate; leave ssl_cert_reqs and ssl_check_hostname out and name your own "
            "authority's file: rediss://host?ssl_ca_certs=/path"
        )
    if given.keys() - OPTIONS[parts.scheme]:  # they may be half a password, so none is repeated
        known = ", ".join(OPTIONS[parts.scheme]) or "none"
        raise ValueError(
            f"has an unknown option; with {parts.scheme}:// there may be: {known}; a ? in a password is %3F"
        )
    return given


def _quick(connect_seconds: float, reply_seconds: float) -> Options:
    return {
        "socket_connect_timeout": connect_seconds,
        "socket_timeout": reply_seconds,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,  # says plainly that a password is missing; RESP3 speaks of HELLO
    }


def _login(parts: SplitResult) -> Options:
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    if user and not password:
        raise ValueError("names a user without a password; with a password alone write :password@")
    return {"username": unquote(user) or None, "password": unquote(password) or None}


def _tls(parts: SplitResult, given: dict[str, str]) -> Options:
    if not parts.scheme.startswith("rediss"):
        return {}
    files = {name: given[name] for name in TLS if name in given}
    try:
        context = ssl.create_default_context(cafile=files.get("ssl_ca_certs"))
        if files.keys() & {"ssl_certfile", "ssl_keyfile"}:
            context.load_cert_chain(files.get("ssl_certfile", ""), files.get("ssl_keyfile"))
    except OSError:
        raise ValueError("names a file in ssl_… that is not there or holds no certificate or key") from None
    return {"ssl": True, "ssl_cert_reqs": "required", "ssl_check_hostname": True, **files}


def _path(parts: SplitResult) -> str:
    if not parts.path or parts.netloc.rpartition("@")[2]:
        raise ValueError("names no socket; write unix:///path/to/redis.sock, with three slashes")
    return unquote(parts.path)


def _primary(parts: SplitResult, options: Options, password: str | None) -> redis.Redis:
    service, _, db = parts.path.strip("/").partition("/")
    if not service:
        raise ValueError("names no service; write redis+sentinel://host:26379,host2:26379/service/0")
    hosts = [_host(item, 26379) for item in parts.netloc.rpartition("@")[2].split(",")]
    theirs = {name: value for name, value in options.items() if name.startswith("ssl")}
    theirs |= _quick(SENTINEL_SECONDS, SENTINEL_SECONDS) | {"password": password}
    primary: redis.Redis = PlainSpokenSentinel(hosts, sentinel_kwargs=theirs).master_for(
        unquote(service), db=_db(db or "0"), **options
    )
    return primary


class PlainSpokenSentinel(Sentinel):
    def discover_master(self, service_name: str) -> tuple[str, int]:
        try:
            found: tuple[str, int] = super().discover_master(service_name)
        except MasterNotFoundError as error:  # half a page of the clients' insides
            raise MasterNotFoundError(
                f"no Sentinel in REDIS_URL lets us in and knows a living primary named {service_name!r}"
            ) from error
        return found


def _host(text: str, usual_port: int) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or port == 0 or text.endswith(":"):
        raise ValueError("names no server, or a port that is no number; write host:port")
    return host, port or usual_port


def _db(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError("has a database that is no number; write redis://host:6379/0")
    return int(text)
