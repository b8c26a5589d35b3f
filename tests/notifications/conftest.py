import pytest

from apps.notifications import kinds


@pytest.fixture(autouse=True)
def _kinds_of_tests(settings):
    settings.NOTICE_MODULES = [*settings.NOTICE_MODULES, "tests.notifications.notices"]
    kinds.known.cache_clear()
    yield
    kinds.known.cache_clear()
