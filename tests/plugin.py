"""Loaded by pytest before Django's settings: points the tests at a throwaway embedded PostgreSQL of their own."""

import os
from pathlib import Path

from mlgov import embedded

ROOT = Path(__file__).resolve().parent.parent

os.environ["MLGOV_VAR"] = os.environ.get("MLGOV_TEST_VAR", str(ROOT / "var" / "test"))
os.environ["MLGOV_ROLE"] = "owner"
os.environ["MLGOV_DB_POOL"] = "0"
os.environ.setdefault("MLGOV_LOG_LEVEL", "CRITICAL")
os.environ.pop("MLGOV_STORAGE_URL", None)
(Path(os.environ["MLGOV_VAR"]) / "static").mkdir(parents=True, exist_ok=True)
CLUSTER = embedded.start(Path(os.environ["MLGOV_VAR"]), lossy=True)
