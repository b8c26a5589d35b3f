"""What the load test judges by."""

import pytest

from bench.load import tell
from bench.load_clients import Diary
from bench.load_report import Memory, flat, trend
from bench.load_server import SHOWN

MINUTE = 60.0


def memory(*held: float) -> Memory:
    """Return a memory whose every process held so many megabytes, sampled every ten seconds."""
    made = Memory()
    for place, one in enumerate(held):
        made.add(10.0 * place, dict.fromkeys(SHOWN, one))
    return made


def test_a_line_is_not_bent_by_a_few_outliers() -> None:
    moments = [10.0 * place for place in range(48)]
    held = [200 + place / 10 for place in range(48)]
    held[10] = held[30] = 500
    found = trend(moments, held)
    assert found.first == pytest.approx(200, abs=0.1)
    assert found.last == pytest.approx(204.7, abs=0.1)
    assert found.growth == pytest.approx(0.0235, abs=0.001)


def test_memory_that_grows_is_not_flat_and_what_comes_and_goes_is_not_judged() -> None:
    warm = [100.0] * 12
    assert flat(memory(*warm, *[300.0 + (place % 3) for place in range(48)]), 10 * MINUTE) == []
    short = flat(memory(*warm, *[300.0 + place for place in range(48)]), 10 * MINUTE)
    assert short is not None
    assert len(short) == 4
    assert "memory of the web grew by 15.7%" in short[0]
    assert not any("database" in one or "sandboxes" in one for one in short)


def test_a_warm_up_does_not_count() -> None:
    assert flat(memory(*[100.0 + 10 * place for place in range(12)], *[220.0] * 48), 10 * MINUTE) == []


def test_few_samples_tell_no_trend(capsys: pytest.CaptureFixture[str]) -> None:
    assert flat(memory(*[100.0 * 2**place for place in range(7)]), MINUTE) is None
    assert "tell no trend" in capsys.readouterr().out


def test_the_same_error_is_told_once() -> None:
    diary = Diary()
    for text in ("a", "b", "a"):
        diary.errors.append((0, text))
    assert tell(diary.errors) == ["2 × a", "1 × b"]
