"""Read policy files from the HEAD of a Git checkout, and nothing else: no hook, filter or working file is touched."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from apps.core.errors import MlgovError

SECONDS = 20
#: Read blobs as they are: without the system's and the user's settings, hooks, file monitors or fetching.
SAFE = (
    *("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "protocol.allow=never"),
    *("-c", "safe.directory=*"),
)
ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C.UTF-8",
}


class CheckoutUnreadable(MlgovError):
    """The checkout named in the settings cannot be read."""

    status = 409


@dataclass(frozen=True)
class CommittedFile:
    """A policy file of one commit; ``text`` is None when it is no UTF-8 text."""

    path: str
    text: str | None


@dataclass(frozen=True)
class Head:
    """The newest commit of a checkout: its full id, who committed it, and its policy files."""

    commit: str
    author: str
    files: tuple[CommittedFile, ...]


def read_head(folder: Path) -> Head:
    """Return the YAML files at or beneath ``folder`` as its newest commit has them; raises CheckoutUnreadable."""
    commit, author = _git(folder, "log", "-1", "--format=%H%n%an <%ae>").decode().strip().split("\n", 1)
    names = (
        _git(folder, "ls-tree", "-r", "-z", "--name-only", "--full-name", commit, ".").decode().split("\0")
    )
    wanted = [name for name in names if name.endswith((".yaml", ".yml"))]
    return Head(commit, author, tuple(CommittedFile(name, _text(folder, commit, name)) for name in wanted))


def _text(folder: Path, commit: str, name: str) -> str | None:
    try:
        return _git(folder, "cat-file", "blob", f"{commit}:{name}").decode()
    except UnicodeDecodeError:
        return None


def _git(folder: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *SAFE, *arguments],
            env={"PATH": os.environ.get("PATH", os.defpath), **ENVIRONMENT},
            capture_output=True,
            timeout=SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", b"") or b""
        raise CheckoutUnreadable(
            f"The Git checkout in MLGOV_POLICY_GIT cannot be read ({said.decode(errors='replace').strip()[:200] or error}). "
            "Name a folder of a checkout that has a commit.",
            code="checkout_unreadable",
        ) from error
    return done.stdout
