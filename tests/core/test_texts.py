"""Texts of addresses and headers as numbers."""

import pytest

from apps.core.texts import whole_number


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("007", 7), ("999999999", 999_999_999)])
def test_digits_are_a_number(text, number):
    assert whole_number(text) == number


@pytest.mark.parametrize("text", ["", "²", "١", "-1", "+1", "1_0", " 1", "1.0", "1000000000"])
def test_what_is_written_otherwise_is_none(text):
    assert whole_number(text) is None
