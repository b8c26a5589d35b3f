"""The ledger only grows: entries by reference, other currencies by the rate of their day, corrections by reversal (M10.3)."""

import datetime
import io
from decimal import Decimal

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.audit.models import Event
from apps.core.errors import Forbidden, Invalid, Refused
from apps.core.memory import remembering
from apps.costs import queries, services
from apps.costs.figures import figures_of
from apps.costs.models import CostEntry, Rate
from apps.experiments import services as experiments
from apps.projects import services as projects
from tests.api.conftest import client_with
from tests.cast import person

DAY = datetime.date(2026, 1, 31)


def enter(project, by, amount="10", currency="USD", day=DAY, kind="training", **more):
    return services.record_cost(
        project, kind=kind, amount=amount, currency=currency, spent_on=day, by=by, **more
    )


def rate(by, value="1.1", day="2026-01-01", currency="EUR", per="USD"):
    return services.enter_rate(
        currency=currency,
        per=per,
        value=Decimal(value),
        valid_from=datetime.date.fromisoformat(day),
        source="ECB",
        by=by,
    )


@pytest.mark.method("M10.3")
def test_another_currency_is_converted_by_the_newest_rate_of_its_day(project, adam, dev):
    enter(project, dev)
    with pytest.raises(Invalid, match="no rate from EUR to USD for 2026-01-31 or before"):
        enter(project, dev, currency="eur")
    rate(adam, "1.05", "2025-12-01")
    rate(adam, "1.2", "2026-01-31")
    corrected = rate(adam, "1.1", "2026-01-31")
    rate(adam, "9", "2026-02-01")
    entry = enter(project, dev, amount="3.3333", currency="eur")
    assert (entry.amount, entry.currency, entry.rate) == (Decimal("3.3333"), "EUR", corrected)
    assert entry.books_amount == Decimal("3.6666")
    assert enter(project, dev, currency="EUR", day=datetime.date(2026, 1, 30)).books_amount == Decimal("10.5")
    (_, total), *rest = queries.by_month(project)
    assert total == Decimal("24.1666")
    assert all(amount == 0 for _, amount in rest)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("EURO", "Did you mean EUR (Euro)?"),
        ("Yen", "Did you mean"),
        ("usb", "Did you mean"),
        ("dollars", "Dollar)?"),
        ("XAU", "no currency of ISO 4217"),
        ("", "Use a code of three letters"),
        ("☃☃☃", "Use a code of three letters"),
    ],
)
def test_an_unknown_currency_gets_a_sentence(project, dev, text, said):
    with pytest.raises(Invalid) as caught:
        enter(project, dev, currency=text)
    assert said in caught.value.sentence


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"amount": "-1"}, "takes that only as a reversal"),
        ({"amount": "1.00001"}, "more than four decimals"),
        ({"day": datetime.date(2100, 1, 1)}, "lies in the future"),
        ({"kind": "beer"}, "“beer” is no kind of cost"),
    ],
)
def test_what_the_ledger_does_not_take(project, dev, fields, said):
    with pytest.raises(Invalid, match=said):
        enter(project, dev, **fields)
    assert not CostEntry.objects.exists()


def test_a_run_of_another_project_is_refused(project, ada, dev):
    other = projects.create_project(slug="other", name="Other", by=ada)
    foreign = experiments.start_run(
        experiments.create_experiment(other, name="theirs", by=ada), name="x", by=ada
    )
    with pytest.raises(Invalid, match="The run belongs to another project"):
        enter(project, dev, run=foreign)
    entry = enter(project, dev)
    with pytest.raises(Invalid, match="The run belongs to another project"):
        services.attribute_cost(entry, run=foreign, by=dev)


def test_a_reference_is_entered_once_and_holds(project, dev):
    first = enter(project, dev, reference="job-1")
    assert enter(project, dev, reference="job-1") == first
    with pytest.raises(Refused, match="holds another entry as “job-1”"):
        enter(project, dev, amount="11", reference="job-1")
    assert Event.objects.filter(kind="costs.cost_recorded").count() == 1


@pytest.mark.method("M10.3")
def test_a_reversal_takes_an_entry_and_its_predictions_back(project, version, run, dev, adam):
    enter(project, dev, kind="inference_compute", amount="4", units=1000, version=version)
    rate(adam)
    wrong = enter(
        project, dev, kind="inference_compute", amount="5", currency="EUR", units=9000, version=version
    )
    reversal = services.reverse_cost(wrong, reason="Counted twice.", by=dev)
    assert (reversal.amount, reversal.books_amount, reversal.spent_on) == (-5, Decimal("-5.5"), DAY)
    assert queries.version_figures(version.pk) == (Decimal(4), Decimal(4))
    for entry, said in ((wrong, "reversed already"), (reversal, "is a reversal itself")):
        with pytest.raises(Refused, match=said):
            services.reverse_cost(entry, reason="Again.", by=dev)
    with pytest.raises(Invalid, match="Say why"):
        services.reverse_cost(enter(project, dev), reason=" ", by=dev)


@pytest.mark.method("M10.3")
def test_an_amount_that_is_attributed_to_a_run_stays_its_version_s(project, run, version, dev):
    made = services.attribute_cost(enter(project, dev, version=version), run=run, by=dev)
    assert (made.version, made.run) == (version, run)


@pytest.mark.method("M10.3")
def test_an_amount_is_attributed_to_its_run_and_counts_for_its_experiment(
    project, run, version, dev, monkeypatch
):
    monkeypatch.setattr(queries, "today", lambda: DAY)
    entry = enter(project, dev, reference="job-1")
    enter(project, dev, amount="2", day=datetime.date(2025, 12, 30), version=version)
    month = DAY.replace(day=1)
    assert figures_of(project, month=month, day=DAY).unassigned == 10
    services.attribute_cost(entry, run=run, by=dev)
    found = figures_of(project, month=month, day=DAY)
    assert (found.unassigned, [one.amount for one in found.runs]) == (0, [10])
    assert [(one.id, one.amount) for one in found.experiments] == [(run.experiment_id, 10)]
    assert [(one.title, one.amount) for one in found.versions] == [("Approval v1", 2)]
    assert [(one.label, one.before, one.now) for one in found.movers] == [
        ("Training", 0, 10),
        ("Training, Approval v1", 2, 0),
    ]
    # The sender's name still stands for the entry as it was sent.
    assert enter(project, dev, reference="job-1") == entry


def test_the_database_itself_holds_the_ledger(project, dev, adam):
    entry, known = enter(project, dev), rate(adam)
    with (
        pytest.raises(ProgrammingError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE costs_costentry SET description = 'x' WHERE id = %s", [entry.pk])
    with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
        Rate.objects.update(value=2)
    for wrong in ({"amount": -1}, {"rate_value": 2}, {"rate": known, "currency": "EUR", "rate_value": 2}):
        row = CostEntry(project=project, kind="training", spent_on=DAY, recorded_by=dev)
        for name, value in {"amount": 1, "currency": "USD", **wrong}.items():
            setattr(row, name, value)
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save(force_insert=True)


def test_rates_are_entered_by_administrators_alone(adam, dev):
    with pytest.raises(Forbidden, match="an administrator of the site enters them"):
        rate(dev)
    for fields, said in (
        ({"value": "0"}, "above 0"),
        ({"per": "EUR"}, "to itself"),
        ({"per": "UDS"}, "mean"),
    ):
        with pytest.raises(Invalid, match=said):
            rate(adam, **fields)


def test_a_file_of_rates_is_entered_whole_and_once(adam):
    header = "currency,per,value,valid_from,source\n"
    good = header + "EUR,USD,1.1,2026-01-01,ECB\nGBP,USD,1.3,2026-01-01,ECB\n"
    assert len(services.import_rates(stream=io.BytesIO(good.encode()), by=adam)) == 2
    assert services.import_rates(stream=io.BytesIO(good.encode()), by=adam) == []
    bad = header + "EUR,USD,1.1,2026-02-01,ECB\nEUR,EUR,x,1.1.2026,\n"
    with pytest.raises(Invalid) as caught:
        services.import_rates(stream=io.BytesIO(bad.encode()), by=adam)
    assert {one["column"] for one in caught.value.problems} == {"per", "value", "valid_from", "source"}
    assert Rate.objects.count() == 2


def test_the_pages_of_an_entry_and_of_rates(client, project, version, run, dev, adam, cleo):
    entry = enter(project, dev, run=run)
    page = reverse("costs:entry", args=[entry.pk])
    client.force_login(cleo)
    assert client.get(page).status_code == 404
    client.force_login(dev)
    assert "No currency" not in client.get(page).content.decode()
    assert client.post(page, {"form": "attribute"}).status_code == 422
    moved = client.post(page, {"form": "attribute", "attribute-version": str(version.pk)}, follow=True)
    assert "Approval v1" in moved.content.decode()
    assert (
        "reversed already" in client.post(page, {"form": "reverse", "reverse-reason": "x"}).content.decode()
    )
    assert "This entry is reversed" in client.get(page).content.decode()
    rates = reverse("costs:rates")
    assert "an administrator of the site enters them" in client.get(rates).content.decode()
    client.force_login(adam)
    form = {"currency": "EURO", "per": "USD", "value": "1.1", "valid_from": "2026-01-01", "source": "ECB"}
    sent = {"form": "rate", **{f"rate-{name}": value for name, value in form.items()}}
    assert "Did you mean EUR" in client.post(rates, sent).content.decode()
    shown = client.post(rates, sent | {"rate-currency": "EUR"}, follow=True).content.decode()
    assert "1 EUR = 1.1 USD" in shown
    client.get(rates)  # The frame counts what waits once.
    with CaptureQueriesContext(connection) as one:
        client.get(rates)
    rate(adam, "1.2")
    rate(person("amy", "administrator"), "1.3")
    client.get(rates)  # The frame counts what waits once.
    with CaptureQueriesContext(connection) as three:
        client.get(rates)
    assert len(three) == len(one)


def test_a_page_keeps_its_sums_until_an_entry(project, dev):
    def shown():
        with remembering():
            return queries.sums_of(project)

    before = shown()
    assert shown() is before
    enter(project, dev, description="One more")
    assert shown() == queries.sums_of(project) != before


def test_an_export_runs_no_formula(client, project, dev):
    enter(project, dev, description="=HYPERLINK(1)")
    client.force_login(dev)
    answer = client.get(reverse("costs:export", args=[project.slug]))
    assert answer["Content-Disposition"] == 'attachment; filename="costs-mortgages.csv"'
    header, row = answer.content.decode().splitlines()
    assert header.startswith("id,spent_on,kind,amount,currency,books_amount,books_currency,rate")
    assert "'=HYPERLINK(1)" in row
    assert "10.0000,USD,10.0000,USD,1.0000000000" in row


@pytest.mark.method("M10.3")
def test_a_pipeline_enters_reverses_and_reads_the_summary(project, version, run, ci):
    pipeline = client_with(ci.secret)
    address = f"/api/v1/projects/{project.pk}/costs"
    body = {
        "kind": "training",
        "amount": "10",
        "currency": "USD",
        "spent_on": "2026-01-31",
        "run": str(run.pk),
    }
    made = pipeline.post(address, body | {"reference": "job-1"}, content_type="application/json")
    assert (made.status_code, made.json()["books_amount"], made.json()["rate"]) == (
        201,
        "10.0000",
        "1.0000000000",
    )
    one = f"/api/v1/costs/{made.json()['id']}"
    named = pipeline.post(f"{one}/attribute", {"version": str(version.pk)}, content_type="application/json")
    assert (named.status_code, named.json()["version"]) == (201, str(version.pk))
    again = pipeline.post(f"{one}/reverse", {"reason": "x"}, content_type="application/json")
    assert again.status_code == 409
    assert pipeline.get(one).json()["reference"] == "job-1"
    summary = pipeline.get(f"{address}/summary").json()
    assert summary["versions"][0]["amount"] == "10.0000"
    assert (summary["currency"], summary["by_month"][0]) == ("USD", {"month": "2026-01", "amount": "10.0000"})
    answer = pipeline.post(address, body | {"currency": "EUR"}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (422, "rate_missing")


@pytest.mark.parametrize("written", ["1_0", "１０", "ten"])
def test_a_number_is_taken_only_as_people_write_it(client, project, dev, ci, written):
    client.force_login(dev)
    sent = {"form": "cost", "cost-kind": "training", "cost-amount": written, "cost-currency": "USD"}
    page = client.post(reverse("costs:project", args=[project.slug]), sent | {"cost-spent_on": str(DAY)})
    assert page.status_code == 422
    assert "Enter a number." in page.content.decode()
    body = {"kind": "training", "amount": written, "currency": "USD", "spent_on": str(DAY)}
    address = f"/api/v1/projects/{project.pk}/costs"
    answer = client_with(ci.secret).post(address, body, content_type="application/json")
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/amount"]
    assert not CostEntry.objects.exists()
