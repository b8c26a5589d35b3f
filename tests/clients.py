"""MLflow's own clients, each in a virtual environment under var/ that is made once from its pinned requirements.

``python -m tests.clients`` makes those that are missing; a test that needs one does so too, and bench/rest.py makes that of
MLflow's server.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

#: The last of the 2.x line, and the current one.
CLIENTS = ("mlflow2", "mlflow3")
_KEPT = ROOT / "var" / "clients"
#: What a script needs of the environment it is started from.
_PASSED = ("PATH", "HOME", "TMPDIR", "LANG")


def python_of(client: str) -> Path:
    """Return the interpreter of a client's environment, and make that first where it is missing.

    The folder is named by the content of the requirements and Python's version, so that a new pin makes a new one.
    """
    pins = ROOT / "requirements" / f"{client}.txt"
    name = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()[:16]
    folder = _KEPT / f"{client}-{name}"
    python, ready = folder / "bin" / "python", folder / "ready"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            venv.create(folder, with_pip=True)
            install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
            subprocess.run([python, *install, "-r", pins], check=True)
            ready.touch()
    return python


def run(client: str, script: Path, *, uri: str, token: str, **variables: str) -> str:
    """Run a script with a client; raises AssertionError with its errors if it failed. Returns what it wrote to its file."""
    environment = {name: os.environ[name] for name in _PASSED if name in os.environ}
    environment |= {
        "MLFLOW_TRACKING_URI": uri,
        "MLFLOW_TRACKING_TOKEN": token,
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "GIT_PYTHON_REFRESH": "quiet",
        **variables,
    }
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told.json"
        done = subprocess.run(
            [python_of(client), script, told],
            env=environment,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return told.read_text()


if __name__ == "__main__":
    for one in CLIENTS:
        python_of(one)
