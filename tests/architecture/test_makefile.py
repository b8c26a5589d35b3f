"""What the Makefile promises: each target is listed, each list of requirements is pinned."""

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z0-9-]+):(?!=)", MAKEFILE, re.MULTILINE))


def test_help_lists_every_target():
    (pattern,) = re.findall(r"grep -E '([^']+)' Makefile", MAKEFILE)
    listed = {line.partition(":")[0] for line in MAKEFILE.splitlines() if re.search(pattern, line)}
    assert listed == TARGETS


def test_no_target_is_taken_for_a_file():
    (phony,) = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    assert set(phony.split()) == TARGETS


def test_every_list_of_requirements_is_pinned():
    (names,) = re.findall(r"for name in ([a-z0-9 -]+);", MAKEFILE)
    assert set(names.split()) == {one.stem for one in (ROOT / "requirements").glob("*.in")}
