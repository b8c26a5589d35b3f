"""The report page and what hangs on it: verdict, threshold, order of slices, CSV, side by side, champion, other tasks."""

import csv
import io

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from django.urls import reverse

from apps.accounts.proofs import Proof
from apps.evaluations import presenting, services
from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.evidence import facts
from apps.gates import services as gates
from apps.jobs import running
from apps.registry.services import register_version
from tests.cast import COLUMNS, PASSWORD, evaluate, predictions_csv
from tests.gates.test_promoting import PRODUCTION, to_staging

FIELDS = {
    "label": COLUMNS.label,
    "score": COLUMNS.score,
    "row_id": COLUMNS.row_id,
    "protected": COLUMNS.protected,
    "slices": COLUMNS.slices,
}


@pytest.fixture
def evaluation(version, dev):
    return evaluate(version, by=dev)


@pytest.fixture
def page(client, ben, evaluation):
    """Fetch the report page as a reviewer."""
    client.force_login(ben)

    def get(query: str = "") -> str:
        answer = client.get(reverse("evaluations:evaluation", args=[evaluation.pk]) + query)
        assert answer.status_code == 200
        return answer.content.decode()

    return get


@pytest.fixture
def produced(ready, model, run, dev, ben, rita):
    """Return a version that meets one in production."""
    staged = to_staging(ready, by=dev, reviewer=ben)
    promotion = gates.request_promotion(staged, to_stage="production", by=dev)
    for user in (ben, rita):
        gates.approve(
            promotion,
            by=user,
            proof=Proof(password=PASSWORD),
            digest=promotion.evidence_digest,
            meaning=PRODUCTION,
        )
    return register_version(model, by=dev, run=run)


def upload(version, dev, columns: dict, **roles):
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    file.seek(0)
    kept = services.upload_predictions(
        version, stream=file, columns=ColumnMap(**roles), dataset="holdout", by=dev, name="p.parquet"
    )
    found = services.request_evaluation(kept, by=dev)
    running.run(found.job_id, worker="test")
    found.refresh_from_db()
    assert found.state == "complete", found.error
    return found


def test_the_verdict_comes_first(page, evaluation):
    content = page()
    title = presenting.picture(evaluation.report).verdict.title
    assert content.index(title) < content.index("Metrics with 95 % intervals")


def test_bias_speaks_against_a_model(version, dev):
    found = presenting.picture(evaluate(version, by=dev, biased=True).report).verdict
    assert found.tone == "bad"
    assert any("impact ratio" in one.sentence and one.tone == "bad" for one in found.findings)


def test_a_threshold_is_chosen_without_a_script(page, evaluation):
    rows = {row["threshold"]: row for row in evaluation.report["thresholds"]["rows"]}
    content = page("?threshold=0.8")
    assert f"{rows[0.8]['tp']:,}" in content
    assert "At 0.8: precision" in content
    assert "A threshold lies between 0 and 1." in page("?threshold=7")
    assert "At " not in page("?threshold=soon").split("Confusion matrix")[0]


def test_slices_are_sorted_by_the_column_that_was_asked_for(page, evaluation):
    for key in ("recall", "n", "slice"):
        table = presenting.picture(evaluation.report, sort=key).slices
        assert table.sort == key
        assert f'aria-sort="{"descending" if key == "n" else "ascending"}"' in page(f"?sort={key}")
    recalls = [
        row.cells[[name for name, _ in table.columns].index("recall") - 3][0]["value"]
        for row in presenting.picture(evaluation.report, sort="recall").slices.rows
    ]
    assert recalls == sorted(recalls)
    assert presenting.picture(evaluation.report, sort="nonsense").slices.sort == "accuracy"


@pytest.mark.parametrize(
    "name", ["metrics", "calibration", "roc", "pr", "confusion", "slices", "worst", "impact-race"]
)
def test_each_chart_s_data_is_a_csv(client, ben, evaluation, name):
    client.force_login(ben)
    answer = client.get(reverse("evaluations:data", args=[evaluation.pk, name]))
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode())))
    assert len(rows) > 1
    assert {len(row) for row in rows} == {len(rows[0])}


def test_a_csv_has_the_report_s_own_digits(client, ben, evaluation):
    client.force_login(ben)
    content = client.get(reverse("evaluations:data", args=[evaluation.pk, "metrics"])).content.decode()
    found = {row["metric"]: row for row in csv.DictReader(io.StringIO(content))}
    assert float(found["roc_auc"]["value"]) == evaluation.report["metrics"]["roc_auc"]["value"]


@pytest.mark.promise("27")
def test_a_spreadsheet_runs_nothing_of_a_csv(version, dev, client, ben):
    rng = np.random.default_rng(1)
    group = np.where(rng.random(300) < 0.5, "=cmd|'/c calc'!A1", "plain")
    found = upload(
        version,
        dev,
        {"y": rng.integers(0, 2, 300), "s": rng.random(300), "g": group},
        label="y",
        score="s",
        slices=("g",),
    )
    client.force_login(ben)
    content = client.get(reverse("evaluations:data", args=[found.pk, "slices"])).content.decode()
    assert "'=cmd" in content
    assert ",=cmd" not in content


@pytest.mark.parametrize("name", ["impact-nobody", "nonsense", "roc-x"])
def test_there_is_no_csv_of_what_is_not_there(client, ben, evaluation, name):
    client.force_login(ben)
    assert client.get(reverse("evaluations:data", args=[evaluation.pk, name])).status_code == 404


def test_two_reports_stand_side_by_side(client, ben, cleo, version, dev, evaluation):
    other = evaluate(version, by=dev, biased=True, seed=2)
    path = reverse("evaluations:beside", args=[evaluation.pk])
    client.force_login(ben)
    content = client.get(f"{path}?with={other.pk}").content.decode()
    assert "ROC-AUC" in content
    assert content.count("<svg") >= 8
    assert (
        f'value="{other.pk}"'
        in client.get(reverse("evaluations:evaluation", args=[evaluation.pk])).content.decode()
    )
    for bad in ("", "?with=soon", f"?with={version.pk}"):
        assert client.get(path + bad).status_code == 404
    client.force_login(cleo)
    assert client.get(f"{path}?with={other.pk}").status_code == 404
    assert client.get(reverse("evaluations:data", args=[evaluation.pk, "metrics"])).status_code == 404


def test_a_challenger_is_compared_with_the_version_in_production(produced, ready, dev, ben, client):
    challenger = produced
    found = evaluate(challenger, by=dev)
    comparison = found.report["comparison"]
    assert comparison["paired"]
    assert comparison["champion"]["version"] == str(ready)
    evidence = facts(challenger, {})["evaluation"]["comparison"]
    assert evidence["exists"]
    assert evidence["roc_auc"] == {
        **dict.fromkeys(("difference", "low", "high"), 0.0),
        "verdict": "no difference shown",
        "non_inferior": "yes",
    }
    client.force_login(ben)
    content = client.get(reverse("evaluations:evaluation", args=[found.pk])).content.decode()
    assert "Against the version in production" in content
    assert "Not inferior to the version in production" in content
    # The version in production is not compared with itself.
    assert evaluate(ready, by=dev, seed=4).report["comparison"] is None


def test_a_table_in_parts_is_compared_with_the_version_in_production(produced, dev, settings):
    table = pacsv.read_csv(io.BytesIO(predictions_csv(biased=True)))
    file = io.BytesIO()
    pq.write_table(table, file, row_group_size=150)
    settings.EVALUATION_PART_ROWS = 1_000
    single = upload(produced, dev, table.to_pydict(), **FIELDS)
    settings.EVALUATION_PART_ROWS = 150
    file.seek(0)
    kept = services.upload_predictions(
        produced, stream=file, columns=ColumnMap(**FIELDS), dataset="holdout", by=dev, name="p.parquet"
    )
    found = services.request_evaluation(kept, by=dev)
    running.run(found.job_id, worker="test")
    found.refresh_from_db()
    assert found.report["parts"] == 4
    assert found.report["comparison"] == single.report["comparison"]
    assert found.report["comparison"]["paired"]
    evidence = facts(produced, {})["evaluation"]["comparison"]
    assert evidence["unit"] == "rows"
    assert evidence["slices_worse"] == sum(
        one["verdict"] == "worse" for one in found.report["comparison"]["slices"]
    )


@pytest.mark.parametrize("task", ["regression", "ranking"])
def test_other_tasks_meet_the_version_in_production(produced, ready, dev, client, ben, task):
    rng = np.random.default_rng(5)
    own, theirs, roles = _of_task(task, rng)
    upload(ready, dev, theirs, **roles)
    found = upload(produced, dev, own, **roles)
    comparison = found.report["comparison"]
    assert comparison["paired"]
    assert comparison["champion"]["version"] == str(ready)
    headline = found.report["headline"]["metric"]
    evidence = facts(produced, {"champion": {"exists": True}})
    assert evidence["evaluation"]["comparison"][headline]["verdict"] == "better"
    assert evidence["champion"]["evaluation"]["metrics"][headline]["value"] is not None
    client.force_login(ben)
    content = client.get(reverse("evaluations:evaluation", args=[found.pk])).content.decode()
    unit = "rows" if task == "regression" else "queries"
    assert f"{comparison['rows']} {unit} that both predicted" in content
    assert f"on the same {unit}" in content
    assert "Comparison by slice" in content
    # The forest, on the page and on the card alike, has a mark of the version in production.
    assert "version in production" in str(presenting.metrics_chart(found.report).svg)
    assert client.get(reverse("modelcards:card", args=[produced.pk])).status_code == 200


def _of_task(task: str, rng: np.random.Generator) -> tuple[dict, dict, dict]:
    """Return the columns of a better model, those of a worse one, and which column is what."""
    group = rng.choice(["a", "b"], 300)
    if task == "regression":
        y = rng.normal(size=300)
        base = {"id": np.arange(300), "y": y, "g": group}
        roles = {"task": task, "label": "y", "prediction": "p", "row_id": "id", "slices": ("g",)}
        return base | {"p": y + rng.normal(0, 0.5, 300)}, base | {"p": y + rng.normal(0, 1, 300)}, roles
    y = rng.integers(0, 3, 900)
    base = {"q": np.repeat(np.arange(90), 10), "y": y, "g": np.repeat(group[:90], 10)}
    roles = {"task": task, "query": "q", "label": "y", "score": "s", "slices": ("g",)}
    return base | {"s": y + rng.random(900)}, base | {"s": 0.2 * y + rng.random(900)}, roles


def test_other_tasks_have_a_page_and_facts_too(version, dev, client, ben):
    rng = np.random.default_rng(2)
    y = rng.normal(size=300)
    tables = [
        ({"y": y, "p": y + rng.normal(size=300), "g": rng.choice(["a", "b"], 300)},
         {"task": "regression", "label": "y", "prediction": "p", "slices": ("g",)}, "MAE"),
        ({"y": rng.choice(["a", "b", "c"], 300), "p": rng.choice(["a", "b", "c"], 300)},
         {"task": "multiclass", "label": "y", "prediction": "p"}, "Macro F1"),
        ({"q": np.repeat(np.arange(60), 5), "y": rng.integers(0, 3, 300), "s": rng.random(300)},
         {"task": "ranking", "query": "q", "label": "y", "score": "s"}, "NDCG@10"),
        ({"a": ["yes it is"] * 150, "r": ["yes it is", "no"] * 75},
         {"task": "generation", "answer": "a", "reference": "r"}, "Token F1"),
    ]  # fmt: skip
    client.force_login(ben)
    for columns, roles, words in tables:
        found = upload(version, dev, columns, **roles)
        content = client.get(reverse("evaluations:evaluation", args=[found.pk])).content.decode()
        assert words in content
        assert facts(version, {})["evaluation"]["headline"]["value"] is not None
        for name in ("portal:version", "modelcards:card"):
            assert client.get(reverse(name, args=[version.pk])).status_code == 200


def test_a_report_of_the_first_engine_is_still_shown(evaluation):
    """Signed evidence refers to reports as they were: the page adds what they lack, and changes nothing."""
    new = {
        "beyond_baselines",
        "pair_slices",
        "discovered",
        "intersections",
        "comparison",
        "thresholds",
        "approximations",
        "rows",
    }
    old = {name: part for name, part in evaluation.report.items() if name not in new}
    for figures in old["fairness"].values():
        figures["four_fifths"] = {"passes": True, "p_value": 0.4, "test": "Fisher exact"}
    shown = presenting.picture(old, threshold=0.7)
    assert shown.at_threshold is None
    assert "confusion" in shown.charts
    assert "rows" not in old


def test_a_list_in_random_order_is_not_called_good(version, dev):
    """Without a comparison row by row, the headline's interval is held against the baseline's value."""
    rng = np.random.default_rng(3)
    columns = {"q": np.repeat(np.arange(80), 12), "y": rng.integers(0, 3, 960), "s": rng.random(960)}
    roles = {"task": "ranking", "query": "q", "label": "y", "score": "s"}
    found = presenting.picture(upload(version, dev, columns, **roles).report).verdict
    assert found.tone == "warn"
    assert "Not shown to beat the best baseline" in found.findings[0].sentence
    columns["s"] = columns["y"] + rng.random(960)
    assert presenting.picture(upload(version, dev, columns, **roles).report).verdict.tone == "good"
