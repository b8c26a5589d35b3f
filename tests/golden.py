"""Where the published cases are: beside the checkout, or where MLGOV_GOLDEN says. CI must have them."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def folder() -> Path | None:
    """Return the folder, or None on a machine that does not have it."""
    found = Path(os.environ.get("MLGOV_GOLDEN", ROOT.parent / "shared" / "golden"))
    if found.is_dir():
        return found
    if os.environ.get("CI") and not os.environ.get("MLGOV_NO_GOLDEN"):
        pytest.fail(f"CI needs the published cases in {found}.")
    return None
