"""Run one function in a child process with limits on memory, processor time and wall time.

Uploads can ask for a thousand times their size, and a page of HTML can burn minutes in layout: such work runs
here, where it can be killed without taking a worker along. The child gets JSON and answers JSON.
"""

import importlib
import json
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from apps.core.errors import MlgovError

MIB = 1024 * 1024
#: What the child may see of our environment: no secrets, no database.
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "PYTHONPATH", "XDG_CACHE_HOME", "FONTCONFIG_PATH", "TMPDIR")


class SandboxFailed(MlgovError):
    """The child broke a limit or crashed. ``code`` is memory, cpu, wall, cancelled or crash."""

    status = 422


def call(
    target: str,
    payload: dict[str, Any],
    surroundings: dict[str, str] | None = None,
    /,
    *,
    memory_mb: int,
    cpu_seconds: int,
    wall_seconds: int,
    watch: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """Run ``"package.module:function"`` with ``payload`` in a limited child and return its answer.

    ``watch`` is called twice a second while the child runs (to report progress, to see a cancellation); when it
    raises, the child is killed and the error goes on. ``surroundings`` are variables that the child gets besides what
    is passed on; they are there before its libraries are loaded.
    """
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ} | (surroundings or {})
    limits = json.dumps({"memory_mb": memory_mb, "cpu_seconds": cpu_seconds})
    child = subprocess.Popen(
        [sys.executable, "-m", "apps.core.sandbox", target, limits],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment
        | {"POLARS_MAX_THREADS": "2", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    outcome: dict[str, tuple[bytes, bytes]] = {}
    talk = threading.Thread(
        target=lambda: outcome.update(out=child.communicate(json.dumps(payload).encode())), daemon=True
    )
    talk.start()
    try:
        waited = 0.0
        while talk.is_alive():
            talk.join(0.5)
            waited += 0.5
            if watch is not None:
                watch()
            if waited > wall_seconds and talk.is_alive():
                raise SandboxFailed(
                    f"It took longer than the limit of {wall_seconds} seconds and was stopped.", code="wall"
                )
    finally:
        if child.poll() is None:
            child.kill()
        talk.join()
    out, err = outcome["out"]
    return _answer(child.returncode, out, err, memory_mb=memory_mb, cpu_seconds=cpu_seconds)


def _answer(status: int, out: bytes, err: bytes, *, memory_mb: int, cpu_seconds: int) -> dict[str, Any]:
    if status == 0:
        return dict(json.loads(out))
    tail = err.decode(errors="replace").strip().splitlines()[-1:] or [""]
    if status == -9 or status == -24:
        raise SandboxFailed(
            f"It used more than {cpu_seconds} seconds of processor time and was stopped.", code="cpu"
        )
    # An abort without a word, or with one of an allocation, is the limit; other aborts are damage that a library met.
    if any(word in tail[0].lower() for word in ("memory", "alloc")) or (status == -6 and not tail[0]):
        raise SandboxFailed(
            f"It needs more than the limit of {memory_mb} MB of memory and was stopped.", code="memory"
        )
    raise SandboxFailed(
        f"It stopped unexpectedly ({tail[0].strip()[:200] or f'status {status}'}).", code="crash"
    )


def _child(target: str, limits: dict[str, int]) -> None:
    memory = limits["memory_mb"] * MIB
    resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu_seconds"], limits["cpu_seconds"] + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    module, _, name = target.partition(":")
    payload = json.loads(sys.stdin.buffer.read())
    # The answer alone may go to the real standard output: libraries that print must not break it.
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    answer = getattr(importlib.import_module(module), name)(payload)
    channel.write(json.dumps(answer).encode())
    channel.close()


if __name__ == "__main__":
    _child(sys.argv[1], json.loads(sys.argv[2]))
