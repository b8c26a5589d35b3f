"""Reports of a gate for what CI servers read. A format is a module here and a row in ``FORMATS``."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from apps.gates.reporting import junit, markdown, sarif
from apps.gates.reporting.report import Report

__all__ = ["FORMATS", "Format", "Report"]


@dataclass(frozen=True)
class Format:
    """A format: how ``?format=`` names it, its media type, and what makes it."""

    key: str
    title: str
    media_type: str
    render: Callable[[Report], bytes]


FORMATS = (
    Format("junit", "JUnit XML", "application/junit+xml", junit.render),
    Format(
        "sarif",
        "SARIF 2.1.0",
        "application/sarif+json",
        lambda report: sarif.render(report, tool_version=settings.VERSION),
    ),
    Format("markdown", "Markdown", "text/markdown", lambda report: markdown.render(report).encode()),
)
