"""A server on a free port of this machine, which answers as a test tells it to."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Handler = Callable[[socket.socket, bytes], None]


@dataclass
class Listening:
    """Where the server is, and the requests it got, whole."""

    port: int
    requests: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def body(self, index: int = -1) -> bytes:
        return self.requests[index].split(b"\r\n\r\n", 1)[1]

    def headers(self, index: int = -1) -> dict[str, str]:
        lines = self.requests[index].split(b"\r\n\r\n", 1)[0].decode().split("\r\n")[1:]
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


def answering(status: str = "200 OK", body: bytes = b"ok", *headers: str) -> Handler:
    lines = "".join(f"{line}\r\n" for line in (*headers, f"Content-Length: {len(body)}", "Connection: close"))
    return lambda connection, request: connection.sendall(f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body)


def _whole_request(connection: socket.socket) -> bytes:
    got = b""
    while b"\r\n\r\n" not in got:
        part = connection.recv(65_536)
        if not part:
            return got
        got += part
    head, _, body = got.partition(b"\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        ),
        0,
    )
    while len(body) < length:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


@contextmanager
def listening(handler: Handler, *, tls: ssl.SSLContext | None = None) -> Iterator[Listening]:
    """Answer each connection by ``handler(connection, request)`` until the block ends."""
    server = socket.create_server(("127.0.0.1", 0))
    found = Listening(server.getsockname()[1])

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            try:
                with connection if tls is None else tls.wrap_socket(connection, server_side=True) as talking:
                    request = _whole_request(talking)
                    found.requests.append(request)
                    handler(talking, request)
            except OSError:
                continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(timeout=5)
