"""The inside of the sandbox: a process that limits itself and runs one function, or one that forks such processes.

Not imported by the product: ``apps.core.sandbox`` starts it as ``python -m apps.core.sandboxed``.
"""

import contextlib
import gc
import importlib
import json
import os
import resource
import selectors
import signal
import socket
import sys
import traceback

MIB = 1024 * 1024
#: A server that nobody asks ends by itself: its libraries take some 60 MB in each worker.
IDLE_SECONDS = 120.0


def run(target: str, limits: dict[str, int]) -> None:
    """Limit this process, read the payload from standard input and write the answer to standard output."""
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


def serve(control: socket.socket, module: str) -> None:
    """Load ``module`` once, then fork a child for each request, until the caller is gone or asks nothing for long.

    A request is the JSON of ``target`` and ``limits`` with four descriptors: input, output, errors, and a socket on
    which the child's pidfd and, at its end, its exit status are told.
    """
    importlib.import_module(module)
    threads = len(os.listdir("/proc/self/task"))
    if threads != 1:
        raise RuntimeError(f"{module} starts threads ({threads}); what forks after that may hang.")
    # What is loaded is shared by all children; the collector would write into its pages and unshare them.
    gc.collect()
    gc.freeze()
    children: dict[int, tuple[int, socket.socket]] = {}
    with selectors.EpollSelector() as selector, contextlib.ExitStack() as stack:
        stack.callback(_end_all, children)
        selector.register(control, selectors.EVENT_READ)
        while ready := selector.select(None if children else IDLE_SECONDS):
            for key, _ in ready:
                if key.fileobj is not control:
                    selector.unregister(key.fileobj)
                    _tell_end(key.fd, *children.pop(key.fd))
                    continue
                request, descriptors, _, _ = socket.recv_fds(control, 64 * 1024, 4)
                if not request:
                    return
                told = [one for _, one in children.values()]
                private: list[socket.socket | int] = [control, selector.fileno(), *children, *told]
                pidfd, child = _forked(json.loads(request), descriptors, private)
                children[pidfd] = child
                selector.register(pidfd, selectors.EVENT_READ)


def _forked(
    request: dict[str, object], descriptors: list[int], private: list[socket.socket | int]
) -> tuple[int, tuple[int, socket.socket]]:
    *streams, status = descriptors
    pid = os.fork()
    if pid == 0:
        _become(request, streams, [*private, status])
    for descriptor in streams:
        os.close(descriptor)
    told = socket.socket(fileno=status)
    pidfd = os.pidfd_open(pid)
    try:
        socket.send_fds(told, [b"began"], [pidfd])
    except OSError:
        # Who asked is gone, and nobody else would end the child.
        os.kill(pid, signal.SIGKILL)
    return pidfd, (pid, told)


def _become(request: dict[str, object], streams: list[int], private: list[socket.socket | int]) -> None:
    """Be the child: never returns, so that nothing of the server goes on in two processes."""
    code = 1
    try:
        for one in private:
            os.close(one if isinstance(one, int) else one.detach())
        for place, descriptor in enumerate(streams):
            os.dup2(descriptor, place)
            os.close(descriptor)
        run(request["target"], request["limits"])  # type: ignore[arg-type]
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _end_all(children: dict[int, tuple[int, socket.socket]]) -> None:
    for pid, _ in children.values():
        os.kill(pid, signal.SIGKILL)


def _tell_end(pidfd: int, pid: int, told: socket.socket) -> None:
    _, status = os.waitpid(pid, 0)
    os.close(pidfd)
    with told:
        try:
            told.send(str(os.waitstatus_to_exitcode(status)).encode())
        except OSError:
            return  # Who asked does not wait for it any more.


def main(arguments: list[str]) -> None:
    """Run ``TARGET LIMITS`` once, or ``--serve MODULE DESCRIPTOR``."""
    if arguments[0] == "--serve":
        serve(socket.socket(fileno=int(arguments[2])), arguments[1])
    else:
        run(arguments[0], json.loads(arguments[1]))


if __name__ == "__main__":
    main(sys.argv[1:])
