"""What pipelines report about a version."""

from typing import Any

from apps.accounts.models import User
from apps.core import blobs
from apps.core.db import service
from apps.core.errors import Invalid
from apps.projects.permissions import Right, can
from apps.registry.checks import write_check
from apps.registry.enums import ARTIFACT_SCAN, CheckSource, CheckStatus
from apps.registry.models import Check, Version
from apps.registry.reports import MOST_BYTES, ReportInvalid, Summary, summary_of
from apps.registry.services.contents import demand_commit


@service
def report_check(
    version: Version,
    *,
    name: str,
    status: str,
    by: User,
    summary: str = "",
    url: str = "",
    figures: dict[str, Any] | None = None,
    commit: str = "",
) -> Check:
    """Report the outcome of a named CI check; a later report of the same name counts instead.

    With ``commit`` the report is refused unless the version was built from it.
    """
    _demand_report(version, name, url, commit, by=by)
    if status not in CheckStatus.values:
        raise Invalid(f"A check is {' or '.join(CheckStatus.values)}, not “{status}”.", code="unknown_status")
    return write_check(
        version, name=name, status=status, by=by, summary=summary, url=url, figures=figures or {}
    )


@service
def report_file(
    version: Version,
    *,
    name: str,
    kind: str,
    stream: blobs.Readable,
    by: User,
    url: str = "",
    commit: str = "",
    fail_on: str = "error",
) -> Check:
    """Report a check by the file that a test runner or scanner wrote (JUnit XML or SARIF); the file is kept."""
    _demand_report(version, name, url, commit, by=by)
    content = stream.read(MOST_BYTES + 1)
    try:
        found = summary_of(kind, content, fail_on=fail_on)
    except ReportInvalid as error:
        raise Invalid(
            f"The report of {name} cannot be read. {error}", code="bad_report", field="file"
        ) from error
    media_type = "application/xml" if kind == "junit" else "application/sarif+json"
    kept = blobs.store(_Bytes(content), max_bytes=MOST_BYTES, media_type=media_type)
    status = CheckStatus.PASSED if found.passed else CheckStatus.FAILED
    return write_check(
        version,
        name=name,
        status=status,
        by=by,
        url=url,
        source=CheckSource(kind),
        report=kept,
        **_said(found),
    )


def _said(found: Summary) -> dict[str, Any]:
    return {"summary": found.sentence, "figures": found.figures, "items": list(found.items)}


class _Bytes:
    """Content that was read already, as something to read once more."""

    def __init__(self, content: bytes) -> None:
        self._content = memoryview(content)

    def read(self, size: int = -1, /) -> bytes:
        part = self._content if size < 0 else self._content[:size]
        self._content = self._content[len(part) :]
        return bytes(part)


def _demand_report(version: Version, name: str, url: str, commit: str, *, by: User) -> None:
    can(by, Right.CONTRIBUTE, version.model.project).enforce()
    if not name.replace("_", "").isalnum() or not name.isascii() or name != name.lower() or len(name) > 60:
        raise Invalid(
            f"“{name[:60]}” cannot name a check: use lower-case letters, digits and _.", code="bad_name"
        )
    if name == ARTIFACT_SCAN:
        raise Invalid(
            f"{ARTIFACT_SCAN} is mlgov's own scan of the model files. Report your scanner under another name, "
            "for example security_scan.",
            code="reserved_name",
        )
    if url and not url.startswith(("https://", "http://")):
        raise Invalid("The address of a check begins with https:// or http://.", code="bad_url")
    commit = demand_commit(commit)
    if commit and commit != version.commit:
        built = (
            f"was built from {version.commit}" if version.commit else "does not say what it was built from"
        )
        raise Invalid(
            f"The check ran on the commit {commit}, but {version} {built}. Check the version's commit, or register "
            "a version of this commit.",
            code="other_commit",
            field="commit",
        )
