"""A browser for all tests of this folder, in which each test opens a profile of its own."""

import pytest
from playwright.sync_api import sync_playwright


@pytest.fixture(scope="package")
def chromium():
    """Start the browser once: that takes as much of a processor as many a test."""
    with pytest.MonkeyPatch.context() as patch:
        # Playwright's synchronous face runs an event loop in this thread, which Django would take for asynchronous code.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        with sync_playwright() as playwright:
            opened = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            yield opened
            opened.close()


@pytest.fixture
def browser(chromium):
    """Pages and contexts that a test opens hold its cookies and caches, and end with it."""
    yield chromium
    for context in chromium.contexts:
        context.close()
