"""The validation report: asked for on the page, made once by a worker, for whoever may read the evaluation."""

import io
import json
import subprocess

import pytest
from django.template.loader import render_to_string
from django.urls import reverse
from pypdf import PdfReader

from apps.audit.models import Event
from apps.core.canonical import digest
from apps.core.errors import Refused
from apps.evaluations import figures, presenting, services
from apps.evaluations.models import Evaluation
from apps.evaluations.printing import content_of, context_of, document_of
from apps.jobs import running
from apps.jobs.models import Job, Printout
from tests.cast import evaluate


@pytest.mark.slow
@pytest.mark.method("M9.2")
def test_a_report_is_printed_once_for_whoever_may_read_it(version, dev, ben, cleo, client):
    evaluation = evaluate(version, by=dev)
    page, ask, file = (
        reverse(f"evaluations:{name}", args=[evaluation.pk]) for name in ("evaluation", "pdf", "report_pdf")
    )
    client.force_login(cleo)
    assert [client.post(ask).status_code, client.get(file).status_code] == [404, 404]
    client.force_login(ben)
    assert client.get(file).status_code == 404
    assert client.post(ask).status_code == 302
    assert client.post(ask).status_code == 302
    job = Job.objects.get(kind="evaluations.print")
    assert "Make the PDF of a validation report" in client.get(page).content.decode()
    running.run(job.pk, worker="test")
    printout = Printout.objects.get()
    assert printout.blob_id, Job.objects.get(pk=job.pk).error
    assert Event.objects.filter(object_id=printout.pk).count() == 2
    assert client.post(ask).status_code == 302
    assert Job.objects.filter(kind="evaluations.print").count() == 1, "what is made is made once"
    assert file in client.get(page).content.decode()
    answer = client.get(file)
    content = b"".join(answer.streaming_content)
    assert answer["Content-Disposition"].startswith("attachment")
    again = [document_of(Evaluation.objects.get(pk=evaluation.pk), proof=None) for _ in range(2)]
    assert again[0] == again[1], "the same evaluation gives the same document, and so the same bytes"
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True)
    text = done.stdout.decode()
    for words in ("Validation report", "Fairness", "All metrics", "All slices", "definitions of the metrics"):
        assert words in text
    assert evaluation.report_digest in text
    attached = PdfReader(io.BytesIO(content)).attachments
    assert digest(json.loads(attached["report.json"][0])) == evaluation.report_digest
    assert digest(json.loads(attached["validation.json"][0])) == printout.content_digest


def test_what_a_report_may_hold_besides_is_printed_too(version, dev):
    """A comparison with production, slices that were found, figures of parts: from a report of the engine's form."""
    estimate = {"value": 0.1, "low": 0.05, "high": 0.15, "method": "Wilson", "n": 9}
    compared = {
        **{"metric": "f1", "challenger": 0.9, "champion": 0.8, "difference": estimate, "p": 0.01},
        **{"test": "permutation", "verdict": "better", "non_inferior": "yes"},
    }
    found = {
        **{"conditions": [{"column": "race", "value": "A"}], "n": 12, "error_rate": estimate},
        **{"rest_error_rate": 0.02, "difference": estimate, "error_share": 0.3, "p": 0.001, "q": 0.01},
    }
    report = presenting.upgraded(evaluate(version, by=dev).report) | {
        "comparison": {
            **{"paired": True, "unit": "rows", "rows": 600, "only_challenger": 0, "only_champion": 0},
            **{"margin": 0.02, "metrics": [compared], "slices": [], "warnings": []},
        },
        "discovered": {"looked_at": 12, "minimum_support": 10, "level": 0.05, "slices": [found]},
        "approximations": [{"figures": ["roc_auc"], "bound": 0.001, "why": "Scores were counted in bins."}],
    }
    evaluation = Evaluation.objects.select_related("version__model__project", "prediction_set").get()
    told = figures.figures_of(evaluation, report)
    html = render_to_string("evaluations/pdf.html", context_of(content_of(evaluation), told, report, {}))
    for words in ("that both predicted", "race A", "0.100 [0.050, 0.150]", "roc_auc: Scores were counted"):
        assert words in html


def test_what_is_not_complete_is_not_printed(version, dev):
    evaluation = Evaluation(version=version, report=None)
    with pytest.raises(Refused, match="no report yet"):
        services.request_pdf(evaluation, by=dev)
