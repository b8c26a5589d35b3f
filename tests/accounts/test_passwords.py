"""Passwords are judged offline: length, likeness to their person, and what leaked elsewhere."""

import pytest

from apps.accounts import services
from apps.core.errors import Invalid


@pytest.mark.parametrize(
    ("weak", "why"),
    [
        ("short1!", "too short"),
        ("ben@example.com", "too similar"),
        ("passwordpassword", "leaked elsewhere"),
        ("PasswordPassword", "leaked elsewhere"),
        ("qwertyuiop123", "leaked elsewhere"),
    ],
)
def test_weak_passwords_are_told_why(ben, weak, why):
    with pytest.raises(Invalid, match=why):
        services.choose_password(ben, password=weak)


def test_a_long_one_of_ones_own_is_taken(ben):
    assert services.choose_password(ben, password="the moon over Wanne-Eickel").check_password(
        "the moon over Wanne-Eickel"
    )
