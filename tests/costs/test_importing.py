"""A ledger from a CSV file: every row or none, each fault by its row, the same file once (M10.3)."""

import io
import threading

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from apps.audit.models import Event
from apps.core.errors import Forbidden, Invalid, Refused
from apps.core.sheets import rows_of
from apps.costs import services
from apps.costs.importing import REQUIRED
from apps.costs.models import CostEntry
from tests.api.conftest import client_with

HEADER = "spent_on,kind,amount,currency,model,version,run,units,description\n"
NAMED = "spent_on,kind,amount,currency,reference\n"
GOOD = "2026-01-31,training,12.5,USD,approval,v1,,,nightly\n"


def send(project, text, by):
    content = text if isinstance(text, bytes) else text.encode()
    return services.import_costs(project, stream=io.BytesIO(content), by=by)


def test_every_row_is_entered_with_what_it_is_for(project, version, run, dev):
    rows = f"2026-02-01,inference_compute,0.25,usd,,1,,100000,\n2026-02-02,training,3,USD,,,{run.pk},,a run\n"
    sheet = send(project, HEADER + GOOD + "\n,,,,,,,,\n" + rows, dev)
    found = list(CostEntry.objects.order_by("spent_on"))
    assert [str(one.amount) for one in found] == ["12.5000", "0.2500", "3.0000"]
    assert [one.version for one in found] == [version, version, None]
    assert [(one.run, one.units, one.currency) for one in found][1:] == [
        (None, 100000, "USD"),
        (run, None, "USD"),
    ]
    assert str(sheet) == "3 entries of 15.75 USD in all"
    told = Event.objects.get(kind="costs.costs_imported")
    assert (told.data["entries"], told.data["total"]) == (3, "15.7500")
    assert all(one.source == f"csv:{told.data['file_sha256'][:40]}" for one in found)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            "2026-13-01,training,1,USD,,,,,",
            "Row 3, spent_on: “2026-13-01” is no day; write it as 2026-01-31.",
        ),
        ("31.01.2026,training,1,USD,,,,,", "is no day"),
        ("20260131,training,1,USD,,,,,", "is no day"),
        ("2026-W05-6,training,1,USD,,,,,", "is no day"),
        ("0001-01-01,training,1,USD,,,,,", "is before 2000-01-01"),
        ("2026-01-31,training,1_0,USD,,,,,", "is no number; write it as 1234.56"),
        ("2026-01-31,training,٣,USD,,,,,", "is no number; write it as 1234.56"),
        ("2026-01-31,beer,1,USD,,,,,", "Row 3, kind: “beer” is no kind of cost"),
        ('2026-01-31,training,"1,5",USD,,,,,', "“1,5” is no number; write it as 1234.56"),
        ("2026-01-31,training,NaN,USD,,,,,", "out of range"),
        ("2026-01-31,training,1.00001,USD,,,,,", "more than four decimals"),
        ("2026-01-31,training,1e12,USD,,,,,", "out of range"),
        ("2026-01-31,training,1e999999999999999999,USD,,,,,", "out of range"),
        ("2026-01-31,training,-1,USD,,,,,", "-1 is negative. Reverse the entry that was wrong"),
        ("2100-01-31,training,1,USD,,,,,", "2100-01-31 lies in the future"),
        ("2026-01-31,training,1,US Dollar,,,,,", "Did you mean USD (US Dollar)?"),
        ("2026-01-31,training,1,EUR,,,,,", "There is no rate from EUR to USD for 2026-01-31 or before"),
        ("2026-01-31,training,1,USD,approval,9,,,", "there is no version “9” of a model “approval”"),
        ("2026-01-31,training,1,USD,approval,,,,", "there is no version “”"),
        ("2026-01-31,training,1,USD,,,7,,", "there is no run with the id “7”"),
        ("2026-01-31,training,1,USD,,,,-3,", "“-3” is no number of predictions"),
        (f"2026-01-31,training,1,USD,,,,{'0' * 5000},", "is no number of predictions"),
        ("2026-01-31,training,1,USD", "it has 4 cells, and the header has 9"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_imported(project, version, dev, row, said):
    with pytest.raises(Invalid) as caught:
        send(project, HEADER + GOOD + row + "\n", dev)
    assert caught.value.sentence.startswith("Nothing was imported")
    assert said in caught.value.sentence
    assert caught.value.problems[0]["row"] == 3
    assert not CostEntry.objects.exists()


def test_all_faults_are_told_at_once_and_the_first_fifty_listed(project, dev):
    with pytest.raises(Invalid, match="the first 50 of 120 faults") as caught:
        send(project, HEADER + "x,y,1,USD,,,,,\n" * 60, dev)
    assert len(caught.value.problems) == 50
    assert {one["column"] for one in caught.value.problems} == {"spent_on", "kind"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "lacks “spent_on”, “kind”"),
        (HEADER, "a header and no rows"),
        ("spent_on,kind,amount,currency,price\n", "does not know “price”"),
        ("spent_on,kind,amount,currency,kind\n", "names twice “kind”"),
        (b"spent_on;kind\xff\n", "not UTF-8"),
        ("spent_on,kind,amount,currency\n\x00", "zero byte"),
        (HEADER + "a" * (5 * 1024 * 1024), "larger than 5 MB"),
        (HEADER + "2026-01-31,training,1,USD,,,,,\n" * 20_001, "20,001 rows"),
    ],
)
def test_a_file_that_is_no_ledger_is_refused(project, dev, content, said):
    with pytest.raises(Invalid) as caught:
        send(project, content, dev)
    assert said in caught.value.sentence
    assert "Nothing was imported" in caught.value.sentence


def test_semicolons_and_the_mark_of_a_spreadsheet_are_read(project, dev):
    send(project, "\ufeffspent_on;kind;amount;currency\r\n2026-01-31;storage;4.5;EUR\r\n".encode(), dev)
    assert str(CostEntry.objects.get()) == "4.5000 EUR for Storage"


def test_the_same_file_is_taken_once(project, version, dev, ada):
    send(project, HEADER + GOOD, dev)
    with pytest.raises(Refused, match="Dev imported this very file"):
        send(project, HEADER + GOOD, ada)
    assert CostEntry.objects.count() == 1


def test_rows_with_a_reference_are_entered_once_however_often_the_file_is_sent(project, dev):
    first = NAMED + "2026-01-31,training,1,USD,job-1\n2026-01-31,training,2,USD,job-2\n"
    send(project, first, dev)
    again = send(project, first + "2026-01-31,training,4,USD,job-3\n", dev)
    assert str(again) == "1 entry of 4.00 USD in all; 2 entries stood in the ledger already"
    assert send(project, first, dev).entries == []
    assert CostEntry.objects.count() == 3
    with pytest.raises(Invalid, match="Row 2, reference: the ledger holds another entry as “job-1”"):
        send(project, NAMED + "2026-01-31,training,9,USD,job-1\n", dev)
    with pytest.raises(Invalid, match="Row 3, reference: “job-9” stands in row 2 too"):
        send(project, NAMED + "2026-01-31,training,9,USD,job-9\n" * 2, dev)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_same_file_sent_twice_at_once_is_taken_once(project, version, dev):
    ends = []

    def run():
        try:
            ends.append(send(project, HEADER + GOOD, dev))
        except Refused as error:
            ends.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(one, Refused) for one in ends) == 3
    assert CostEntry.objects.count() == 1


def test_who_may_not_add_costs_imports_none(project, vera):
    with pytest.raises(Forbidden):
        send(project, HEADER + GOOD, vera)


def test_many_rows_cost_as_many_queries_as_few(project, version, dev):
    counts = []
    for number in (1, 500):
        with CaptureQueriesContext(connection) as caught:
            send(project, HEADER + GOOD.replace("nightly", f"x{number}") * number, dev)
        counts.append(len(caught))
    assert counts[0] == counts[1]


@given(st.text(max_size=300))
def test_whatever_stands_in_a_file_it_is_rows_or_a_sentence(text):
    content = ",".join(REQUIRED).encode() + b"\n" + text.encode("utf-8", "surrogatepass")
    try:
        rows = rows_of(content, required=REQUIRED)
    except Invalid:
        return
    assert all(set(row) == set(REQUIRED) for _, row in rows)


def test_the_page_imports_and_says_what_is_wrong(client, project, version, dev):
    client.force_login(dev)
    page = reverse("costs:project", args=[project.slug])

    def post(text):
        file = SimpleUploadedFile("costs.csv", text.encode(), content_type="text/csv")
        return client.post(page, {"form": "import", "import-file": file}, follow=True)

    bad = post(HEADER + "2026-01-31,beer,1,USD,,,,,\n")
    assert bad.status_code == 422
    assert "Row 2, kind: “beer” is no kind of cost" in bad.content.decode()
    assert "Saved: 1 entries" not in bad.content.decode()
    assert "1 entry of 12.50 USD in all" in post(HEADER + GOOD).content.decode()


def test_a_pipeline_imports_and_gets_each_fault(project, version, ci):
    pipeline = client_with(ci.secret)

    def post(text):
        file = SimpleUploadedFile("costs.csv", text.encode())
        return pipeline.post(f"/api/v1/projects/{project.pk}/costs/import", {"file": file})

    answer = post(HEADER + "2026-01-31,beer,x,USD,,,,,\n")
    assert answer.status_code == 422
    assert [(one["row"], one["column"]) for one in answer.json()["problems"]] == [(2, "kind"), (2, "amount")]
    answer = post(HEADER + GOOD)
    assert answer.status_code == 201
    assert {**answer.json(), "sha256": ""} == {
        "entries": 1,
        "skipped": 0,
        "total": "12.5000",
        "currency": "USD",
        "sha256": "",
    }
    assert post(HEADER + GOOD).status_code == 409
