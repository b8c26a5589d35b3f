"""What no template may hold, and that generated pages are up to date."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from apps.core.templatetags import ui
from apps.portal.generated import PAGES

ROOT = Path(settings.BASE_DIR)
FORBIDDEN = {
    "an inline handler": re.compile(r"\son[a-z]+\s*=\s*[\"']", re.IGNORECASE),
    "htmx's inline handler": re.compile(r"hx-on|hx-vars|\bjs:"),
    "an inline style": re.compile(r"\sstyle\s*=\s*[\"']"),
    "an inline script": re.compile(r"<script(?![^>]*\ssrc=)", re.IGNORECASE),
    "text marked safe": re.compile(r"\|\s*safe\b|autoescape off"),
}


@pytest.mark.promise("27")
def test_templates_hold_nothing_that_the_policy_of_content_forbids():
    for path in sorted((ROOT / "templates").rglob("*.html")):
        if path.name == "pdf.html":
            continue
        for what, sign in FORBIDDEN.items():
            assert not sign.search(path.read_text()), f"{path.relative_to(ROOT)} holds {what}"


def test_every_icon_exists():
    """A name that the package does not know is an error only when its branch of a template is drawn."""
    named = set(
        re.findall(
            r"\(\"[^\"]+\", \"([a-z0-9-]+)\", \"(?:good|bad|warn|info|neutral)\"",
            Path(ui.__file__).read_text(),
        )
    )
    for path in (ROOT / "templates").rglob("*.html"):
        named |= set(re.findall(r'{% icon "([a-z0-9-]+)"', path.read_text()))
    for path in (ROOT / "apps").rglob("events.py"):
        named |= set(re.findall(r'icon="([a-z0-9-]+)"', path.read_text()))
    assert len(named) > 40
    for name in sorted(named):
        ui.icon(name)


@pytest.mark.parametrize("name", PAGES)
def test_generated_pages_are_not_stale(name):
    assert (ROOT / "docs" / name).read_text() == PAGES[name](), "run: make generated"


def test_every_dependency_has_its_reason():
    reasons = (ROOT / "docs" / "dependencies.md").read_text()
    for file in ("base.in", "demo.in"):
        for line in (ROOT / "requirements" / file).read_text().splitlines():
            name = re.split(r"[\[<>=\s]", line)[0]
            if name and not name.startswith(("#", "-")):
                assert f"| {name} |" in reasons, name
