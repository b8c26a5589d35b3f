"""The one client for outgoing HTTP (guarantee 26): a URL that somebody typed must not reach what stands inside.

A name is resolved once, every address it has is checked, and the connection goes to a checked address while TLS and
the Host header keep the name. No redirect is followed, no proxy variable read, nothing is decompressed, and one
deadline covers everything from resolving to the last byte.
"""

import contextlib
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpcore
from django.conf import settings

from apps.core.errors import Invalid, MlgovError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Iterable[str]]
LONGEST_URL = 2000
PORTS = {"http": 80, "https": 443}
_PRINTABLE = re.compile(r"^[!-~]+$")
_HEADER_VALUE = re.compile(r"^[ -~]*$")
#: Addresses that carry another one inside, which a gateway would unwrap (RFC 4291, 3056, 6052, 8215, 4380).
_WRAPPING = [
    ipaddress.IPv6Network(net)
    for net in ("::/96", "::ffff:0:0/96", "2002::/16", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32")
]

#: What older releases of Python take for public though IANA's registries of special purposes list it.
_SPECIAL = [
    ipaddress.ip_network(net) for net in ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20", "2001:db8::/32")
]
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")


class BadUrl(Invalid):
    """The URL cannot be called, whatever stands behind it."""


class CallFailed(MlgovError):
    """The call got no answer: the sentence says why, ``code`` is one of address_refused, unreachable, too_slow, bad_answer."""

    status = 502


@dataclass(frozen=True)
class Target:
    """A URL taken apart: what is connected to, and what is asked for."""

    scheme: str
    host: str
    port: int
    path: str


@dataclass(frozen=True)
class Answer:
    """What came back. ``body`` is cut at the limit of the call, and ``truncated`` then."""

    status: int
    body: bytes
    truncated: bool
    seconds: float

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


def parse(url: str) -> Target:
    """Take a URL apart; raises BadUrl with what is wrong about it."""
    if not _PRINTABLE.match(url) or len(url) > LONGEST_URL:
        raise BadUrl(
            f"A URL has at most {LONGEST_URL} characters, none of them a space, a control or a letter outside ASCII.",
            code="bad_url",
        )
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise BadUrl(f"This is no URL: {error}.", code="bad_url") from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise BadUrl("Write a whole URL that begins with https:// (or http://).", code="bad_url")
    if parts.username is not None or parts.password is not None or "\\" in url:
        raise BadUrl("A URL may not hold a user name, a password or a backslash.", code="bad_url")
    if port not in settings.OUTGOING_PORTS:
        allowed = ", ".join(str(one) for one in settings.OUTGOING_PORTS)
        raise BadUrl(
            f"Port {port} may not be called, only {allowed}. An administrator sets MLGOV_OUTGOING_PORTS.",
            code="bad_port",
        )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, parts.hostname, port, path)


def refusal_of(address: str) -> str:
    """Say why an address may not be called, or return an empty text: it is public, or the operator allows it."""
    ip: Address = ipaddress.ip_address(address)
    if any(ip in net for net in _allowed() if net.version == ip.version):
        return ""
    if isinstance(ip, ipaddress.IPv6Address) and any(ip in net for net in _WRAPPING):
        return f"{ip} wraps another address"
    special = any(ip in net for net in _SPECIAL if net.version == ip.version)
    outside_unicast = isinstance(ip, ipaddress.IPv6Address) and ip not in _GLOBAL_UNICAST
    if special or outside_unicast or not ip.is_global or ip.is_multicast or ip.is_reserved:
        return f"{ip} is no public address"
    return ""


def _allowed() -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    return [ipaddress.ip_network(net) for net in settings.OUTGOING_ALLOW]


def system_resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host as the operating system finds them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class _Deadline:
    """One end for all of a call. When it comes, the socket is shut, in whatever state handshake or reading are."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self.passed = threading.Event()
        self._handle: socket.socket | None = None
        self._timer: threading.Timer | None = None

    @property
    def left(self) -> float:
        return max(0.01, self._ends - time.monotonic())

    def guard(self, stream: httpcore.NetworkStream) -> None:
        """Shut the connection when the time is over, through a handle that TLS does not take away."""
        self._handle = stream.get_extra_info("socket").dup()
        self._timer = threading.Timer(self.left, self._shut)
        self._timer.daemon = True
        self._timer.start()

    def _shut(self) -> None:
        self.passed.set()
        if self._handle is not None:
            # The other side may have been quicker.
            with contextlib.suppress(OSError):
                self._handle.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
        if self._handle is not None:
            self._handle.close()


@dataclass
class _CheckedBackend(httpcore.NetworkBackend):
    """Connects to addresses that were checked, and to nothing else."""

    resolve: Resolve
    deadline: _Deadline
    _plain: httpcore.SyncBackend = field(default_factory=httpcore.SyncBackend)

    def connect_tcp(self, host: str, port: int, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        reason: Exception | None = None
        for address in self._checked(host, port):
            try:
                stream = self._plain.connect_tcp(address, port, timeout=self.deadline.left)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                reason = error
                continue
            self.deadline.guard(stream)
            return stream
        raise reason or httpcore.ConnectError("no address")

    def _checked(self, host: str, port: int) -> list[str]:
        addresses = self._resolved(host, port)
        for address in addresses:
            # One bad address spoils the name: an attacker who owns it would only have to wait for his turn.
            reason = refusal_of(address)
            if reason:
                raise CallFailed(
                    f"{host} may not be called: {reason}. The operator allows such with MLGOV_OUTGOING_ALLOW.",
                    code="address_refused",
                )
        return addresses

    def _resolved(self, host: str, port: int) -> list[str]:
        found: list[str] = []
        trouble: list[Exception] = []

        def look() -> None:
            try:
                found.extend(self.resolve(host, port))
            except (OSError, UnicodeError) as error:
                trouble.append(error)

        # The system's resolver knows no deadline, so it is left behind when it is late.
        thread = threading.Thread(target=look, daemon=True, name=f"resolve-{host[:40]}")
        thread.start()
        thread.join(self.deadline.left)
        if thread.is_alive():
            raise httpcore.ConnectTimeout
        if not found:
            raise CallFailed(f"The name {host} leads nowhere; is it written correctly?", code="unreachable")
        return found


def call(
    method: str,
    url: str,
    *,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    seconds: float = 10,
    max_bytes: int = 65_536,
    resolve: Resolve = system_resolve,
    tls: ssl.SSLContext | None = None,
) -> Answer:
    """Make one HTTP/1.1 request and return the answer, whatever its status; a redirect is an answer too.

    ``seconds`` is the time for all of it, ``max_bytes`` of the body are kept and no more are read. Raises BadUrl,
    or CallFailed when there is no answer.
    """
    target = parse(url)
    for name, value in (headers or {}).items():
        if not _PRINTABLE.match(name) or not _HEADER_VALUE.match(value):
            raise Invalid(f"The header {name!r} cannot be sent; it holds a line break.", code="bad_header")
    deadline = _Deadline(seconds)
    began = time.monotonic()
    try:
        status, content = _exchange(method, target, headers or {}, body, max_bytes, resolve, tls, deadline)
    except httpcore.TimeoutException:
        raise _late(target, seconds) from None
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        if deadline.passed.is_set():
            raise _late(target, seconds) from None
        code = "bad_answer" if isinstance(error, httpcore.ProtocolError) else "unreachable"
        raise CallFailed(f"{target.host} could not be called: {str(error)[:200]}.", code=code) from error
    finally:
        deadline.end()
    if deadline.passed.is_set():
        raise _late(target, seconds)
    return Answer(status, content[:max_bytes], len(content) > max_bytes, time.monotonic() - began)


def _late(target: Target, seconds: float) -> CallFailed:
    return CallFailed(f"{target.host} did not answer within {seconds:g} seconds.", code="too_slow")


def _exchange(
    method: str,
    target: Target,
    headers: dict[str, str],
    body: bytes,
    max_bytes: int,
    resolve: Resolve,
    tls: ssl.SSLContext | None,
    deadline: _Deadline,
) -> tuple[int, bytes]:
    limits = dict.fromkeys(("connect", "read", "write", "pool"), deadline.left)
    address = httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path)
    sent = {"User-Agent": f"mlgov/{settings.VERSION}", "Accept-Encoding": "identity", **headers}
    pool = httpcore.ConnectionPool(
        ssl_context=tls or ssl.create_default_context(),
        network_backend=_CheckedBackend(resolve, deadline),
        max_keepalive_connections=0,
    )
    with (
        pool,
        pool.stream(
            method, address, headers=list(sent.items()), content=body, extensions={"timeout": limits}
        ) as answer,
    ):
        content = b""
        for chunk in answer.iter_stream():
            content += chunk
            if len(content) > max_bytes:
                break
        return answer.status, content
