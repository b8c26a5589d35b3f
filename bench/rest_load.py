"""The clients of bench/rest.py, in processes of their own: each keeps one connection and sends its next request when the
last one is answered.

An answer whose headers and body leave in two packets comes 40 ms late to a client that delays its acknowledgements. These
acknowledge at once, so that no server is measured by that.
"""

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import Any

import msgspec

#: So many processes share the clients of a measurement.
PROCESSES = 8
#: Seconds after which an answer is no longer waited for; MLflow's client waits 120.
PATIENCE = 120
#: Seconds for which a connection may rest before it is made anew: gunicorn closes it after two.
REST = 1
#: Processes are told when to begin, so that they do so together.
LEAD = 0.3
#: Each client of each round counts from a number of its own, so that nothing is sent twice.
ROUND = 1_000_000


@dataclass(frozen=True)
class Target:
    """Where a server listens, what stands before its addresses, and the tokens of the clients, by turns."""

    name: str
    host: str
    port: int
    prefix: str = ""
    tokens: tuple[str, ...] = ("",)


@dataclass(frozen=True)
class Request:
    """A call behind ``/api/2.0/``; ``body`` is sent as JSON, bytes as they are, and nothing when it is None."""

    method: str
    address: str
    body: Any = None


#: What a client sends: from what the server has, the client's number and a number that no other request has.
Make = Callable[[Any, int, int], Request]


@dataclass
class Found:
    """What clients found: seconds of each answer that began after the warm-up, how many of them came in time, errors."""

    spent: list[float] = field(default_factory=list)
    in_time: int = 0
    #: Requests that were answered as they should, those of the warm-up too.
    done: int = 0
    errors: list[str] = field(default_factory=list)

    def add(self, other: "Found") -> None:
        """Take in what another client found."""
        self.spent += other.spent
        self.in_time += other.in_time
        self.done += other.done
        self.errors += other.errors


class Refused(Exception):
    """The server answered with an error: its status and its text."""


class Client:
    """One connection that is kept."""

    def __init__(self, target: Target, number: int) -> None:
        self._base = f"{target.prefix}/api/2.0/"
        self._http = http.client.HTTPConnection(target.host, target.port, timeout=PATIENCE)
        self._headers = {"Content-Type": "application/json"}
        if token := target.tokens[number % len(target.tokens)]:
            self._headers["Authorization"] = f"Bearer {token}"
        self._used = time.monotonic()

    def send(self, request: Request) -> bytes:
        """Return the body of the answer; raises Refused, OSError and HTTPException."""
        body = request.body
        if body is not None and not isinstance(body, bytes):
            body = msgspec.json.encode(body)
        if time.monotonic() - self._used > REST:
            self.close()
        try:
            self._http.request(request.method, self._base + request.address, body, self._headers)
            if hasattr(socket, "TCP_QUICKACK"):
                self._http.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            answer = self._http.getresponse()
            content = answer.read()
            self._used = time.monotonic()
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        if answer.status != 200:
            raise Refused(answer.status, content[:300].decode(errors="replace"))
        return content

    def ask(self, request: Request) -> Any:
        """Return the answer's document."""
        return msgspec.json.decode(self.send(request))

    def close(self) -> None:
        """End the connection; the next request makes a new one."""
        self._http.close()


@dataclass(frozen=True)
class Window:
    """When clients begin, from when on they count, and when they end, in seconds of the clock that all processes share."""

    begins: float
    counts: float
    ends: float


def _one_client(target: Target, make: Make, has: Any, number: int, first: int, window: Window) -> Found:
    found = Found()
    client = Client(target, number)
    time.sleep(max(0.0, window.begins - time.monotonic()))
    for serial in count(first):
        began = time.monotonic()
        if began >= window.ends:
            break
        try:
            client.send(make(has, number, serial))
        except (Refused, OSError, http.client.HTTPException) as error:
            found.errors.append(f"{type(error).__name__}: {error}")
            continue
        ended = time.monotonic()
        found.done += 1
        if began >= window.counts:
            found.spent.append(ended - began)
            found.in_time += ended <= window.ends
    client.close()
    return found


def run_clients(target: Target, make: Make, has: Any, numbers: range, turn: int, window: Window) -> Found:
    """Run these clients in threads of this process, and return what they found together."""
    found = [Found() for _ in numbers]

    def run(place: int, number: int) -> None:
        first = (turn * 1000 + number) * ROUND
        found[place] = _one_client(target, make, has, number, first, window)

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(numbers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = Found()
    for one in found:
        whole.add(one)
    return whole


def send_all(target: Target, make: Make, has: Any, serials: range) -> list[Any]:
    """Send a request for each number, one after the other, and return the answers; raises what the first error is."""
    client = Client(target, serials.start)
    answers = [client.ask(make(has, 0, serial)) for serial in serials]
    client.close()
    return answers


def shares(total: int, parts: int) -> Iterator[range]:
    """Divide ``range(total)`` into so many ranges, as equal as can be; none is empty."""
    edges = [total * part // parts for part in range(parts + 1)]
    return (range(first, last) for first, last in pairwise(edges) if first < last)


class Load:
    """Clients in processes that stay for the whole benchmark."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool
        self._turn = 0
        # Each worker takes one, so that all of them have begun before anything is measured.
        for waiting in [pool.submit(time.sleep, 1) for _ in range(PROCESSES)]:
            waiting.result()

    def send(self, target: Target, make: Make, has: Any, total: int) -> list[Any]:
        """Send ``total`` requests, one of each number below, and return the answers in that order."""
        sent = [
            self._pool.submit(send_all, target, make, has, serials) for serials in shares(total, PROCESSES)
        ]
        return [answer for share in sent for answer in share.result()]

    def measure(
        self, target: Target, make: Make, has: Any, *, clients: int, warm: float, seconds: float
    ) -> Found:
        """Let so many clients send for ``warm`` seconds, and count for ``seconds``."""
        self._turn += 1
        begins = time.monotonic() + LEAD
        window = Window(begins, begins + warm, begins + warm + seconds)
        sent = [
            self._pool.submit(run_clients, target, make, has, numbers, self._turn, window)
            for numbers in shares(clients, PROCESSES)
        ]
        whole = Found()
        for share in sent:
            whole.add(share.result())
        return whole
