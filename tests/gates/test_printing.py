"""The approval record: what was asked, who signed as what and when, what came after; new once something happened."""

import io
import json
import subprocess

import pytest
from django.urls import reverse
from pypdf import PdfReader

from apps.core.canonical import digest
from apps.gates import services
from apps.gates.printing import document_of
from apps.gates.queries import promotion_to_print
from apps.gates.services.printing import printout_of_request
from apps.jobs import running
from apps.jobs.models import Job, Printout
from apps.modelcards.content import assemble
from tests.gates.light import MEANING, sign


@pytest.mark.slow
@pytest.mark.method("M9.2")
def test_a_record_is_printed_as_it_stands_and_again_when_somebody_signed(
    request_, ben, bea, vera, cleo, client
):
    page, ask, file = (
        reverse(f"gates:{name}", args=[request_.pk]) for name in ("promotion", "pdf", "record_pdf")
    )
    sign(request_, ben)
    client.force_login(cleo)
    assert [client.post(ask).status_code, client.get(file).status_code] == [404, 404]
    client.force_login(vera)
    assert client.get(file).status_code == 404
    for _ in range(2):
        assert client.post(ask).status_code == 302
    running.run(Job.objects.get(kind="gates.record").pk, worker="test")
    printout = Printout.objects.get()
    assert printout.blob_id, printout.job.error
    assert file in client.get(page).content.decode()
    content = b"".join(client.get(file).streaming_content)
    again = [document_of(promotion_to_print(request_.pk), proof=None) for _ in range(2)]
    assert again[0] == again[1], "the same record gives the same document, and so the same bytes"
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True)
    text = done.stdout.decode()
    for words in ("Approval record", "Signatures", str(ben), "reviewer", MEANING, "proved by password"):
        assert words in text
    assert request_.evidence_digest in text
    attached = PdfReader(io.BytesIO(content)).attachments
    assert digest(json.loads(attached["record.json"][0])) == printout.content_digest
    signed = json.loads(attached["signature-1.json"][0])
    assert (signed["record"]["signer"]["name"], signed["record_digest"]) == (
        str(ben),
        digest(signed["record"]),
    )
    sign(request_, bea)
    assert printout_of_request(promotion_to_print(request_.pk)) is None
    assert client.get(file).status_code == 404, "an older record is not what stands there now"


def test_a_record_that_changed_while_it_waited_is_not_made(request_, ben, vera, client):
    client.force_login(vera)
    client.post(reverse("gates:pdf", args=[request_.pk]))
    sign(request_, ben)
    job = Job.objects.get(kind="gates.record")
    running.run(job.pk, worker="test")
    job.refresh_from_db()
    assert (job.state, "changed after the PDF was asked for" in job.error) == ("failed", True)
    assert Printout.objects.get().blob_id is None


def test_a_signature_that_was_taken_back_stands_on_no_card(request_, ben, bea):
    """The card's history tells of it; its signatures are those that stand."""
    sign(request_, bea)
    approval = sign(request_, ben)
    services.withdraw_approval(approval, by=ben, reason="I read the wrong report.")
    card = assemble(request_.version)
    assert [one["name"] for one in card.document["signatures"]] == [str(bea)]
    assert "withdrew the signature" in " ".join(one["text"] for one in card.document["history"])
