"""The framework's own check of a deployment, with the settings of production."""

import os
import subprocess
import sys

import pytest
from django.conf import settings


@pytest.mark.promise("deploy check")
def test_nothing_is_found_with_the_settings_of_production():
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("MLGOV_")}
    surroundings |= {
        "MLGOV_VAR": os.environ["MLGOV_VAR"],
        "MLGOV_HTTPS": "1",
        "MLGOV_ALLOWED_HOSTS": "mlgov.example.org",
        "MLGOV_TRUSTED_ORIGINS": "https://mlgov.example.org",
        "MLGOV_SECRET_KEY": "".join(chr(33 + index % 90) for index in range(64)),
    }
    found = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=settings.BASE_DIR,
        env=surroundings,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert "no issues" in found.stdout
