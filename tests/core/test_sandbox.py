"""Work on what people upload happens in a child that knows no secrets and can be ended."""

import time

import pytest

from apps.core import sandbox
from apps.core.pdf import glyphs
from apps.core.pdf.documents import Document
from apps.core.sandbox import SandboxFailed

ROOMY = {"memory_mb": 1500, "cpu_seconds": 30, "wall_seconds": 60}


def run(name, payload=None, **limits):
    return sandbox.call(f"tests.core.misbehaving:{name}", payload or {}, **{**ROOMY, **limits})


@pytest.mark.promise("23", "24")
@pytest.mark.parametrize(
    ("name", "payload", "limits", "code"),
    [
        ("spin", {}, {"cpu_seconds": 1}, "cpu"),
        ("sleep", {}, {"wall_seconds": 1}, "wall"),
        ("claim", {"bytes": 2 * 1024**3}, {"memory_mb": 600}, "memory"),
    ],
)
def test_each_limit_ends_the_child_with_a_sentence(name, payload, limits, code):
    with pytest.raises(SandboxFailed, match="was stopped") as caught:
        run(name, payload, **limits)
    assert caught.value.code == code


def test_who_stops_the_job_stops_the_child():
    began = time.monotonic()

    def watch():
        raise SandboxFailed("The job was stopped.", code="cancelled")

    with pytest.raises(SandboxFailed, match="The job was stopped"):
        run("sleep", wall_seconds=120, watch=watch)
    assert time.monotonic() - began < 60


@pytest.mark.promise("23")
def test_the_child_knows_no_secrets_and_what_it_prints_is_no_answer(monkeypatch):
    monkeypatch.setenv("MLGOV_SECRET_KEY", "not for the child")
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@/nothing")
    names = run("surroundings")["names"]
    assert not [name for name in names if name.startswith(("MLGOV", "DATABASE", "DJANGO"))]


@pytest.mark.promise("24")
def test_a_layout_without_end_is_ended(tmp_path):
    """Fifty bytes of colspan burn half a minute; so would any other page that the layout cannot bear."""
    html = "<html lang=en><title>T</title><table><td colspan=999999999>x</table></html>"
    payload = Document(html, identifier="ab" * 32).payload(str(tmp_path / "a.pdf"))
    limits = {"memory_mb": 2500, "cpu_seconds": 5, "wall_seconds": 30}
    with pytest.raises(SandboxFailed, match="was stopped"):
        sandbox.call("apps.core.pdf.rendering:render", payload, glyphs.ENVIRONMENT, **limits)
    assert not (tmp_path / "a.pdf").exists()
