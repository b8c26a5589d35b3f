"""What a hostile URL, name or server can do to a call from inside (guarantee 26): nothing."""

import datetime
import gzip
import ssl
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from apps.core import outgoing
from apps.core.errors import Invalid
from apps.core.outgoing import BadUrl, CallFailed, call, refusal_of
from tests.listening import answering, listening


@pytest.fixture
def local(settings):
    """Let calls reach this machine, as an operator may."""

    def allow(port: int) -> None:
        settings.OUTGOING_ALLOW = ["127.0.0.0/8"]
        settings.OUTGOING_PORTS = [80, 443, port]

    return allow


PRIVATE = [
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.8", "192.0.2.1", "198.18.0.1"),
    *("224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "fd12::1", "ff02::1"),
    *("::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::808:808"),
    *("64:ff9b:1::1", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "fe80::1%eth0"),
    *("192.88.99.1", "3fff::1", "100::1", "fec0::1", "5f00::1"),
]


@pytest.mark.promise("26")
@pytest.mark.parametrize("address", PRIVATE)
def test_no_address_inside_may_be_called(address):
    assert refusal_of(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111"])
def test_public_addresses_may_be_called(address):
    assert refusal_of(address) == ""


def test_the_operator_may_allow_a_network_of_their_own(settings):
    settings.OUTGOING_ALLOW = ["10.1.0.0/16", "fd00::/8"]
    assert refusal_of("10.1.2.3") == refusal_of("fd12::1") == ""
    assert refusal_of("10.2.0.1")
    assert refusal_of("::ffff:10.1.2.3")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::ffff:127.0.0.1]", "[::1]", "2130706433", "0177.0.0.1", "0x7f.1", "127.1", "localhost"],
)
def test_however_this_machine_is_written_it_is_refused(host):
    """The names go to the system's own resolver, which knows decimal, octal and short forms."""
    with pytest.raises(CallFailed) as caught:
        call("GET", f"http://{host}/")
    assert caught.value.code == "address_refused"


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "example.org",
            "ftp://example.org",
            "file:///etc/passwd",
            "http://",
            "https:///x",
            "http://user:pw@a.org",
        ),
        *(
            "http://user@a.org",
            "http://a.org:22/",
            "http://a.org:99999/",
            "http://a.org\\@b.org/",
            "http://a.org/ x",
        ),
        *(
            "http://a.org/\r\nX: y",
            "http://a.org/\u00e9",
            "http://[::1",
            "gopher://a.org",
            "http://a.org/" + "x" * 2000,
        ),
    ],
)
def test_a_bad_url_is_refused_before_anything_is_sent(url):
    with pytest.raises(BadUrl):
        call("GET", url, resolve=lambda host, port: pytest.fail("resolved"))


@pytest.mark.promise("26")
def test_a_name_is_resolved_once_so_that_a_second_answer_cannot_lead_inside(local):
    asked = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    with listening(answering()) as server:
        local(server.port)
        answer = call("GET", f"http://rebind.example:{server.port}/", resolve=rebinding)
    assert answer.status == 200
    assert asked == ["rebind.example"]
    assert server.headers()["host"] == f"rebind.example:{server.port}"


def test_one_address_inside_spoils_a_name():
    with pytest.raises(CallFailed, match=r"10\.0\.0\.1 is no public address"):
        call("GET", "http://mixed.example/", resolve=lambda host, port: ["8.8.8.8", "10.0.0.1"])


@pytest.mark.promise("26")
def test_a_redirect_is_an_answer_and_is_not_followed(local):
    with listening(answering("302 Found", b"", "Location: http://127.0.0.1:1/admin")) as server:
        local(server.port)
        answer = call("GET", server.url)
    assert answer.status == 302
    assert not answer.ok
    assert len(server.requests) == 1


def test_a_proxy_of_the_environment_is_not_asked(local, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with listening(answering()) as server:
        local(server.port)
        assert call("GET", server.url).ok


def drip(connection, request):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(200):
        connection.sendall(b"x")
        time.sleep(0.05)


def drip_headers(connection, request):
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(200):
        connection.sendall(f"X-{number}: y\r\n".encode())
        time.sleep(0.05)


def silence(connection, request):
    time.sleep(5)


@pytest.mark.parametrize("handler", [drip, drip_headers, silence])
def test_a_slow_answer_ends_at_the_deadline(local, handler):
    with listening(handler) as server:
        local(server.port)
        began = time.monotonic()
        with pytest.raises(CallFailed, match=r"within 0\.6 seconds") as caught:
            call("GET", server.url, seconds=0.6)
        assert time.monotonic() - began < 2
    assert caught.value.code == "too_slow"


def test_a_slow_resolver_ends_at_the_deadline():
    with pytest.raises(CallFailed) as caught:
        call(
            "GET",
            "http://slow.example/",
            seconds=0.3,
            resolve=lambda host, port: time.sleep(3) or ["8.8.8.8"],
        )
    assert caught.value.code == "too_slow"


def test_a_tls_handshake_that_never_ends_ends_at_the_deadline(local):
    import socket
    import threading

    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]

    def half_a_handshake() -> None:
        connection, _ = server.accept()
        with connection:
            for byte in b"\x16\x03\x03\x40\x00" + bytes(100):
                try:
                    connection.sendall(bytes([byte]))
                except OSError:
                    return
                time.sleep(0.1)

    threading.Thread(target=half_a_handshake, daemon=True).start()
    local(port)
    began = time.monotonic()
    with pytest.raises(CallFailed) as caught:
        call("GET", f"https://127.0.0.1:{port}/", seconds=0.6)
    server.close()
    assert time.monotonic() - began < 2
    assert caught.value.code == "too_slow"


def endless(connection, request):
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"10000\r\n" + b"x" * 65_536 + b"\r\n")


def test_no_more_is_read_than_the_limit(local):
    with listening(endless) as server:
        local(server.port)
        answer = call("GET", server.url, max_bytes=1000)
    assert answer.body == b"x" * 1000
    assert answer.truncated


def test_endless_headers_are_refused(local):
    with listening(answering("200 OK", b"", "X: " + "y" * 300_000)) as server:
        local(server.port)
        with pytest.raises(CallFailed) as caught:
            call("GET", server.url)
    assert caught.value.code == "bad_answer"


def test_a_bomb_stays_packed(local):
    bomb = gzip.compress(bytes(20_000_000))
    with listening(answering("200 OK", bomb, "Content-Encoding: gzip")) as server:
        local(server.port)
        answer = call("GET", server.url, max_bytes=100_000)
        assert server.headers()["accept-encoding"] == "identity"
    assert answer.body == bomb


@pytest.mark.parametrize("headers", [{"X": "a\r\nY: b"}, {"X\r\nY": "a"}, {"X": "a\nb"}, {"X": "a\0"}])
def test_a_header_cannot_bring_another(headers):
    with pytest.raises(Invalid):
        call("GET", "http://a.example/", headers=headers, resolve=lambda host, port: pytest.fail("resolved"))


@pytest.mark.parametrize("answer", [b"nonsense\r\n\r\n", b"HTTP/1.1 999999 X\r\n\r\n", b""])
def test_nonsense_is_a_failure_and_no_crash(local, answer):
    with listening(lambda connection, request: connection.sendall(answer)) as server:
        local(server.port)
        with pytest.raises(CallFailed) as caught:
            call("GET", server.url)
    assert caught.value.code == "bad_answer"


def test_a_closed_port_and_an_unknown_name_are_failures(local):
    with listening(answering()) as server:
        port = server.port
    local(port)
    with pytest.raises(CallFailed) as caught:
        call("GET", f"http://127.0.0.1:{port}/")
    assert caught.value.code == "unreachable"

    def nobody(host: str, port: int) -> list[str]:
        raise outgoing.socket.gaierror

    with pytest.raises(CallFailed, match="leads nowhere"):
        call("GET", "http://nobody.example/", resolve=nobody)


def certificate(folder, name: str) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def test_tls_is_checked_against_the_name_and_not_the_address(local, tmp_path):
    """The connection goes to the checked address; the certificate must still be the name's."""
    trust = {}
    with listening(answering(), tls=certificate(tmp_path, "hooks.example")) as server:
        local(server.port)
        trust["tls"] = ssl.create_default_context(cafile=tmp_path / "ca.pem")
        here = {"resolve": lambda host, port: ["127.0.0.1"], **trust}
        assert call("GET", f"https://hooks.example:{server.port}/", **here).ok
        for wrong in ("other.example", "127.0.0.1"):
            with pytest.raises(CallFailed, match="certificate"):
                call("GET", f"https://{wrong}:{server.port}/", **here)
        with pytest.raises(CallFailed, match="certificate"):
            call("GET", f"https://hooks.example:{server.port}/", resolve=here["resolve"])
