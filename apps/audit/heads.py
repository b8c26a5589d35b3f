"""The file of exported heads: one JSON line a head, only ever appended to, on disk before the next one is signed."""

import fcntl
import json
import os
from pathlib import Path


class DamagedHeads(ValueError):
    """A line of the file cannot be read."""


def append(path: Path, notes: list[str]) -> None:
    """Append heads and wait until they are on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.writelines(json.dumps({"note": note}, ensure_ascii=False) + "\n" for note in notes)
        file.flush()
        os.fsync(file.fileno())


def read(path: Path) -> list[str]:
    """Return all exported heads, oldest first; none where there is no file. Raises DamagedHeads."""
    if not path.exists():
        return []
    notes = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            notes.append(str(json.loads(line)["note"]))
        except (ValueError, KeyError, TypeError) as error:
            raise DamagedHeads(f"Line {number} of {path} is not an exported head.") from error
    return notes
