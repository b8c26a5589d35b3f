"""The one place that writes a check's report: services for pipelines, and jobs for what mlgov finds itself."""

from typing import Any

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.db import service
from apps.core.models import Blob
from apps.registry.enums import CheckSource
from apps.registry.models import Check, Version
from apps.registry.queries import contents_of


@service
def write_check(
    version: Version,
    *,
    name: str,
    status: str,
    by: User,
    summary: str,
    figures: dict[str, Any],
    url: str = "",
    items: list[dict[str, Any]] | None = None,
    source: str = CheckSource.PIPELINE,
    report: Blob | None = None,
    contents_digest: str = "",
    unasked: bool = False,
) -> Check:
    """Write a report, bound to what the version consists of now, or to ``contents_digest`` where it was read before.

    What is ``unasked`` mlgov reports of its own accord, as its event says; ``by`` is then whoever reported it before.
    """
    check = Check.objects.create(
        version=version,
        name=name,
        status=status,
        summary=summary,
        url=url,
        figures=figures,
        items=items or [],
        source=source,
        report=report,
        contents_digest=contents_digest or contents_of(version).digest,
        reported_by=by,
    )
    audit.record(
        "registry.check_reported",
        check,
        by=None if unasked else by,
        project_id=version.model.project_id,
        version=str(version),
        status=status,
    )
    return check
