"""The validation report: an evaluation in full as a document."""

import json
from collections.abc import Mapping
from typing import Any

from django.template.loader import render_to_string

from apps.core.canonical import canonical_json, digest
from apps.core.charts import Chart
from apps.core.clock import utc_text
from apps.core.pdf.documents import Attachment, Document, Relationship
from apps.core.pdf.pieces import chapters, table_limits
from apps.evaluations import figures, presenting
from apps.evaluations.chapters import chapter_of
from apps.evaluations.models import Evaluation
from apps.evaluations.verdicts import verdict

FORMAT = "mlgov.validation-report/1"
KIND = "application/json"
WORDS = {"good": "For it", "bad": "Against it", "warn": "In doubt"}


def content_of(evaluation: Evaluation) -> dict[str, Any]:
    """Return what stands for the document: its SHA-256 is the document's, and the report's own is in it."""
    version, table = evaluation.version, evaluation.prediction_set
    assert evaluation.completed_at is not None
    return {
        "format": FORMAT,
        "evaluation": str(evaluation.pk),
        "version": str(version),
        "project": version.model.project.name,
        "dataset": table.dataset,
        "split": table.split,
        "dataset_digest": table.blob_id,
        "asked_by": str(evaluation.requested_by),
        "completed_at": utc_text(evaluation.completed_at),
        "engine": evaluation.engine_version,
        "report_digest": evaluation.report_digest,
    }


def document_of(evaluation: Evaluation, *, proof: Mapping[str, Any] | None) -> Document:
    """Return what the PDF of a complete evaluation is made of."""
    content = content_of(evaluation)
    assert evaluation.report is not None
    report = presenting.upgraded(evaluation.report)
    told = figures.figures_of(evaluation, report)
    context = context_of(content, told, report, presenting.charts_of(report)) | {"proof": proof}
    html = render_to_string("evaluations/pdf.html", context)
    attached = tuple(_attached(content, evaluation.report, proof))
    return Document(html, identifier=context["digest"], attachments=attached)


def context_of(
    content: Mapping[str, Any],
    told: Mapping[str, Any],
    report: dict[str, Any],
    drawings: Mapping[str, Chart],
) -> dict[str, Any]:
    """Return what the template is filled with; nothing in it depends on when it is made."""
    chapter = chapter_of(told, drawings)
    said = verdict(report)
    return {
        **chapter,
        "content": content,
        "report": report,
        "config": sorted((key, _plain(value)) for key, value in report["config"].items()),
        "digest": digest(dict(content)),
        "title": f"Validation report: {content['version']} on {content['dataset']}",
        "running": f"Validation report · {content['version']}",
        "footer": "mlgov validation report",
        "author": content["asked_by"],
        "description": f"Evaluation {content['evaluation']}, report {content['report_digest']}",
        "dated": content["completed_at"],
        "said": said,
        "findings": [(WORDS.get(one.tone, "To know"), one.sentence) for one in said.findings],
        "compared": presenting.compared_rows(report["comparison"]),
        "contents": chapters(
            [
                ("summary", "Summary", True),
                ("evaluation", "Evaluation in figures", True),
                ("fairness", "Fairness", chapter["fairness"]),
                ("compared", "Against the version in production", report["comparison"]),
                ("discovered", "Where it errs most", (report["discovered"] or {}).get("slices")),
                ("settings", "Settings and approximations", True),
                ("definitions", "Appendix: definitions of the metrics", told["definitions"]),
                ("files", "Appendix: digests and attached files", True),
            ]
        ),
        **table_limits(),
    }


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _attached(
    content: Mapping[str, Any], report: Mapping[str, Any], proof: Mapping[str, Any] | None
) -> list[Attachment]:
    found = [
        Attachment(
            "validation.json", canonical_json(dict(content)), KIND, "What the digest of this document is of"
        ),
        Attachment("report.json", canonical_json(dict(report)), KIND, "The report as the engine made it"),
    ]
    if proof:
        said = "Proof that this document was asked for, from the sealed audit log"
        kept = json.dumps(proof, ensure_ascii=False, indent=1).encode()
        found.append(Attachment("proof.json", kept, KIND, said, Relationship.SUPPLEMENT))
    return found
