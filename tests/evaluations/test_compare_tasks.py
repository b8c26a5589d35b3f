"""Every task against a champion, through files: figures beside other libraries', pairs, signs, and bad champions."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sk
from statsmodels.stats.contingency_tables import mcnemar

from apps.evaluations.engine import worker
from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.compare import Champion, compare
from apps.evaluations.engine.config import Config
from apps.evaluations.engine.table import Rows
from apps.evaluations.engine.tasks.regression import NumberTable
from tests.evaluations.tables import grouping_of
from tests.evaluations.test_tasks import VALIDATOR

N = 600
CONFIG = {"seed": 7, "resamples": 500}


@pytest.fixture
def compared(tmp_path):
    """Evaluate a table beside a champion's, as a worker does; the champion's columns are the same unless told."""

    def run(own: dict, theirs: dict, *, champion: dict | None = None, **roles) -> dict:
        for name, columns in (("own", own), ("theirs", theirs)):
            pq.write_table(pa.table(columns), tmp_path / f"{name}.parquet")
        answer = worker.evaluate(
            {
                "path": str(tmp_path / "own.parquet"),
                "columns": roles,
                "config": CONFIG,
                "champion": {
                    "path": str(tmp_path / "theirs.parquet"),
                    "columns": champion or roles,
                    "of": {"version": "v1"},
                },
            }
        )
        report = answer["report"]
        VALIDATOR.validate(json.loads(json.dumps(report, allow_nan=False)))
        return report

    return run


def of(report: dict) -> dict[str, dict]:
    """Return what was compared by metric; each figure of the challenger is the report's own where all rows are common."""
    comparison = report["comparison"]
    assert comparison["champion"] == {"version": "v1"}
    found = {one["metric"]: one for one in comparison["metrics"]}
    for name, one in found.items():
        gap = one["difference"]
        if gap["value"] is None:
            assert gap["reason"], name
            continue
        assert gap["value"] == pytest.approx(one["challenger"] - one["champion"]), name
        assert gap["low"] <= gap["value"] <= gap["high"], name
        if comparison["rows"] == report["rows"] and name in report["metrics"]:
            assert one["challenger"] == pytest.approx(report["metrics"][name]["value"]), name
    return found


def test_numbers(compared):
    rng = np.random.default_rng(1)
    y = rng.normal(50, 5, N)
    p, q = y + rng.normal(0, 1, N), y + rng.normal(0, 1.6, N)
    group = rng.choice(["a", "b"], N)
    order = rng.permutation(N)
    roles = {"task": "regression", "label": "y", "prediction": "p", "row_id": "id", "slices": ["g"]}
    report = compared(
        {"id": np.arange(N), "y": y, "p": p, "g": group},
        {"id": np.arange(N)[order], "y": y[order].astype("f4"), "p": q[order], "g": group},
        **roles,
    )
    found = of(report)
    for name, function in (
        ("mae", sk.mean_absolute_error),
        ("rmse", sk.root_mean_squared_error),
        ("r2", sk.r2_score),
        ("mape", sk.mean_absolute_percentage_error),
    ):
        expected = (function(y, p), function(y, q))
        assert (found[name]["challenger"], found[name]["champion"]) == pytest.approx(expected, rel=1e-4)
        drawn = stats.bootstrap(
            (y, p, q),
            lambda a, b, c, f=function: f(a, b) - f(a, c),
            paired=True,
            vectorized=False,
            n_resamples=800,
            method="percentile",
            rng=np.random.default_rng(2),
        ).confidence_interval
        width = drawn.high - drawn.low
        assert found[name]["difference"]["low"] == pytest.approx(drawn.low, abs=0.12 * width)
        assert found[name]["difference"]["high"] == pytest.approx(drawn.high, abs=0.12 * width)
        assert found[name]["verdict"] == "better", name
    assert "best at 0" in found["bias"]["difference"]["reason"]
    for row in report["comparison"]["slices"]:
        rows = group == row["value"]
        gaps = np.abs(p - y)[rows] - np.abs(q - y)[rows]
        assert row["difference"]["value"] == pytest.approx(gaps.mean(), rel=1e-4)
        assert row["p"] == pytest.approx(2 * stats.norm.sf(abs(gaps.mean() / stats.sem(gaps))), rel=1e-2)
        assert row["verdict"] == "better"


def test_a_margin_of_a_figure_with_a_unit_is_a_share_of_the_champion_s(compared):
    rng = np.random.default_rng(2)
    y = rng.normal(0, 1e6, N)
    noise = rng.normal(0, 1e5, N)
    roles = {"task": "regression", "label": "y", "prediction": "p", "row_id": "id"}
    found = of(
        compared(
            {"id": np.arange(N), "y": y, "p": y + 1.002 * noise},
            {"id": np.arange(N), "y": y, "p": y + noise},
            **roles,
        )
    )
    assert found["mae"]["verdict"] == "worse"
    assert found["mae"]["non_inferior"] == "yes"


def test_many_classes(compared):
    rng = np.random.default_rng(3)
    true = rng.choice(3, N, p=[0.6, 0.3, 0.1])
    names = np.array(["ape", "bee", "cow"])

    def scores(gain: float) -> np.ndarray:
        raw = rng.random((N, 3)) + gain * np.eye(3)[true]
        return raw / raw.sum(1, keepdims=True)

    own, theirs = scores(0.9), scores(0.5)
    tables = [
        {"id": np.arange(N), "y": names[true], **dict(zip(names, one.T, strict=True))}
        for one in (own, theirs)
    ]
    roles = {"task": "multiclass", "label": "y", "scores": list(names), "row_id": "id"}
    found = of(compared(*tables, **roles))
    for name, function in (
        ("accuracy", lambda s: sk.accuracy_score(true, s.argmax(1))),
        ("macro_f1", lambda s: sk.f1_score(true, s.argmax(1), average="macro")),
        ("balanced_accuracy", lambda s: sk.balanced_accuracy_score(true, s.argmax(1))),
        ("mcc", lambda s: sk.matthews_corrcoef(true, s.argmax(1))),
        ("log_loss", lambda s: sk.log_loss(true, s)),
        ("brier", lambda s: ((s - np.eye(3)[true]) ** 2).sum(1).mean()),
        ("hand_till", lambda s: sk.roc_auc_score(true, s, multi_class="ovo")),
        ("macro_auc", lambda s: sk.roc_auc_score(true, s, multi_class="ovr")),
    ):
        expected = (function(own), function(theirs))
        assert (found[name]["challenger"], found[name]["champion"]) == pytest.approx(expected), name
        assert found[name]["verdict"] == "better", name
    right = own.argmax(1) == true, theirs.argmax(1) == true
    cells = [[(right[0] & right[1]).sum(), (right[0] & ~right[1]).sum()],
             [(~right[0] & right[1]).sum(), (~right[0] & ~right[1]).sum()]]  # fmt: skip
    assert found["accuracy"]["p"] == pytest.approx(mcnemar(cells, exact=False, correction=False).pvalue)


def test_two_classes_have_the_areas_of_a_binary_table(compared):
    """The mean of areas over one pair of classes is the AUC, and so is its paired difference by DeLong."""
    rng = np.random.default_rng(4)
    y = rng.integers(0, 2, N)
    one, other = (np.clip(0.3 * y + rng.random(N) * 0.7, 0, 1) for _ in range(2))
    tables = [{"id": np.arange(N), "y": y, "n": 1 - s, "p": s} for s in (one, other)]
    many = of(
        compared(*tables, task="multiclass", label="y", scores=["n", "p"], classes=["0", "1"], row_id="id")
    )
    two = of(compared(*tables, task="binary", label="y", score="p", row_id="id"))
    for end in ("value", "low", "high"):
        assert many["hand_till"]["difference"][end] == pytest.approx(two["roc_auc"]["difference"][end])


def test_several_labels(compared):
    rng = np.random.default_rng(5)
    truth = (rng.random((N, 3)) < [0.5, 0.3, 0.2]).astype(int)
    noise = [np.clip(0.5 * truth + rng.random((N, 3)) * gain, 0, 1) for gain in (0.6, 0.9)]
    tables = [
        {"id": np.arange(N)}
        | {f"y{i}": truth[:, i] for i in range(3)}
        | {f"s{i}": one[:, i] for i in range(3)}
        for one in noise
    ]
    roles = {"task": "multilabel", "row_id": "id", "labels": ["y0", "y1", "y2"], "scores": ["s0", "s1", "s2"]}
    found = of(compared(*tables, **roles))
    said = [(one >= 0.5).astype(int) for one in noise]
    for name, function in (
        ("macro_f1", lambda s: sk.f1_score(truth, s, average="macro")),
        ("micro_f1", lambda s: sk.f1_score(truth, s, average="micro")),
        ("hamming_loss", lambda s: sk.hamming_loss(truth, s)),
        ("subset_accuracy", lambda s: sk.accuracy_score(truth, s)),
    ):
        expected = tuple(function(one) for one in said)
        assert (found[name]["challenger"], found[name]["champion"]) == pytest.approx(expected), name
        assert found[name]["verdict"] == "better", name
    # The same labels in another order of columns are the same labels; other labels are not.
    turned = roles | {"labels": ["y2", "y1", "y0"], "scores": ["s2", "s1", "s0"]}
    same = of(compared(*tables, **roles, champion=turned))["macro_f1"]["difference"]
    for end in ("value", "low", "high"):
        assert same[end] == pytest.approx(found["macro_f1"]["difference"][end])
    report = compared(*tables, **roles, champion=roles | {"labels": ["y0", "y1"], "scores": ["s0", "s1"]})
    assert report["comparison"] is None
    assert "not compared" in next(
        one["sentence"] for one in report["warnings"] if one["code"] == "champion_not_compared"
    )


def lists(seed: int, gain: float) -> dict:
    rng = np.random.default_rng(6)
    relevance = rng.integers(0, 3, 80 * 12)
    score = gain * relevance + np.random.default_rng(seed).random(80 * 12)
    return {
        "q": np.repeat([f"q{number}" for number in range(80)], 12),
        "d": np.tile([f"d{number}" for number in range(12)], 80),
        "y": relevance,
        "s": score,
        "g": np.repeat(np.where(np.arange(80) % 2, "odd", "even"), 12),
    }


def test_ranked_lists(compared):
    own, theirs = lists(1, 0.6), lists(2, 0.2)
    roles = {
        "task": "ranking",
        "query": "q",
        "document": "d",
        "label": "y",
        "score": "s",
        "slices": ["g"],
        "k": 5,
    }
    report = compared(own, theirs, **roles, champion=roles | {"k": 9})
    found = of(report)
    assert report["comparison"]["unit"] == "queries"
    assert report["comparison"]["rows"] == 80

    def per_query(table: dict) -> np.ndarray:
        shape = (80, 12)
        return np.array(
            [
                sk.ndcg_score([y], [s], k=5)
                for y, s in zip(table["y"].reshape(shape), table["s"].reshape(shape), strict=True)
            ]
        )

    first, second = per_query(own), per_query(theirs)
    one = found["ndcg@5"]
    assert (one["challenger"], one["champion"]) == pytest.approx((first.mean(), second.mean()))
    assert one["verdict"] == "better"
    assert "queries drawn" in one["difference"]["method"]
    half = 1.96 * stats.sem(first - second)
    assert one["difference"]["low"] == pytest.approx(one["difference"]["value"] - half, abs=0.2 * half)
    assert {row["value"] for row in report["comparison"]["slices"]} == {"odd", "even"}
    assert report["comparison"]["slices"][0]["metric"] == report["headline"]["metric"]


def test_queries_whose_relevant_documents_differ_are_left_out(compared):
    own, theirs = lists(1, 0.6), lists(2, 0.2)
    theirs["y"] = theirs["y"].copy()
    theirs["y"][:12] = 2 - theirs["y"][:12]
    roles = {"task": "ranking", "query": "q", "document": "d", "label": "y", "score": "s"}
    comparison = compared(own, theirs, **roles)["comparison"]
    assert comparison["rows"] == 79
    assert "1 common queries have another label" in comparison["warnings"][0]


def test_recommendations(compared):
    own, theirs = (
        {**lists(seed, gain), "y": (lists(1, 1)["y"] == 2).astype(int)} for seed, gain in ((1, 0.6), (2, 0))
    )
    roles = {"task": "recommendation", "user": "q", "item": "d", "label": "y", "score": "s", "k": 3}
    report = compared(own, theirs, **roles)
    found = of(report)
    assert report["comparison"]["unit"] == "users"
    assert found["ndcg@3"]["verdict"] == "better"
    assert found["hit_rate@3"]["test"].startswith("McNemar")
    assert found["coverage@3"]["difference"]["reason"]


def test_anomalies(compared):
    rng = np.random.default_rng(7)
    y = (rng.random(N) < 0.08).astype(int)
    own, theirs = 3.0 * y + rng.normal(size=N), 0.8 * y + rng.normal(size=N)
    tables = [{"id": np.arange(N), "y": y, "s": one} for one in (own, theirs)]
    found = of(compared(*tables, task="anomaly", label="y", score="s", row_id="id", k=20))
    for name, function in (("roc_auc", sk.roc_auc_score), ("pr_auc", sk.average_precision_score)):
        expected = (function(y, own), function(y, theirs))
        assert (found[name]["challenger"], found[name]["champion"]) == pytest.approx(expected)
        assert found[name]["verdict"] == "better"
    hits = [y[np.argsort(-one)[:20]].sum() for one in (own, theirs)]
    assert found["precision@20"]["challenger"] == pytest.approx(hits[0] / 20)
    assert found["recall@20"]["champion"] == pytest.approx(hits[1] / y.sum())


def forecasts(spread: float, seed: int) -> dict:
    rng = np.random.default_rng(8)
    times = np.tile(np.arange(60), 3)
    y = 10 + np.sin(times) + rng.normal(0, 0.5, 180)
    p = np.where(times < 30, np.nan, y + np.random.default_rng(seed).normal(0, spread, 180))
    return {"t": times, "series": np.repeat(["a", "b", "c"], 60), "y": y, "p": p}


def test_forecasts(compared):
    own, theirs = forecasts(0.3, 1), forecasts(0.8, 2)
    roles = {"task": "forecasting", "time": "t", "series": "series", "label": "y", "prediction": "p"}
    report = compared(own, theirs, **roles)
    found = of(report)
    ahead = ~np.isnan(own["p"])
    for place, table in (("challenger", own), ("champion", theirs)):
        errors = np.abs(table["p"] - table["y"])[ahead]
        assert found["mae"][place] == pytest.approx(errors.mean())
        scale = np.repeat(
            [np.abs(np.diff(own["y"][own["series"] == name][:30])).mean() for name in "abc"], 30
        )
        assert found["mase"][place] == pytest.approx((errors / scale).mean())
    assert report["comparison"]["unit"] == "steps"
    assert report["comparison"]["rows"] == 90
    assert found["mase"]["verdict"] == "better"
    assert "blocks of" in found["mae"]["difference"]["method"]
    # With another history MASE is another figure.
    longer = {name: values.copy() for name, values in theirs.items()}
    longer["y"][:5] += 9
    changed = of(compared(own, longer, **roles))
    assert "histories" in changed["mase"]["difference"]["reason"]
    assert changed["mae"]["champion"] == pytest.approx(found["mae"]["champion"])


def test_clusters(compared):
    rng = np.random.default_rng(9)
    label = rng.integers(0, 3, N)
    points = rng.normal(size=(N, 2)) + 3 * np.stack([np.cos(label * 2.1), np.sin(label * 2.1)], axis=1)
    own, theirs = (np.where(rng.random(N) < share, rng.integers(0, 3, N), label) for share in (0.1, 0.4))
    tables = [
        {"id": np.arange(N), "y": label, "c": one, "a": points[:, 0], "b": points[:, 1]}
        for one in (own, theirs)
    ]
    roles = {"task": "clustering", "prediction": "c", "label": "y", "features": ["a", "b"], "row_id": "id"}
    found = of(compared(*tables, **roles))
    for name, function in (
        ("adjusted_rand", sk.adjusted_rand_score),
        ("normalised_mutual_information", sk.normalized_mutual_info_score),
        ("homogeneity", sk.homogeneity_score),
        ("completeness", sk.completeness_score),
        ("v_measure", sk.v_measure_score),
        ("fowlkes_mallows", sk.fowlkes_mallows_score),
    ):
        expected = (function(label, own), function(label, theirs))
        assert (found[name]["challenger"], found[name]["champion"]) == pytest.approx(expected), name
        assert found[name]["verdict"] == "better", name
    assert found["silhouette"]["champion"] == pytest.approx(sk.silhouette_score(points, theirs))
    for name in ("adjusted_mutual_information", "davies_bouldin"):
        assert found[name]["difference"]["reason"]
    # Without labels, and of other columns, nothing is left but reasons.
    roles.pop("label")
    only = of(compared(*tables, **roles, champion=roles | {"features": ["a"]}))
    assert "columns" in only["silhouette"]["difference"]["reason"]
    assert all(one["difference"]["value"] is None for one in only.values())


def test_answers(compared):
    rng = np.random.default_rng(10)
    words = np.array(["ash", "birch", "cedar", "elm", "fir", "hazel", "larch", "maple", "oak", "pine"])
    references = [" ".join(rng.choice(words, 6)) for _ in range(200)]

    def answers(share: float) -> list[str]:
        return [
            " ".join(np.where(rng.random(6) < share, rng.choice(words, 6), text.split()))
            for text in references
        ]

    tables = [
        {
            "id": np.arange(200),
            "a": answers(share),
            "r": references,
            "right": (rng.random(200) < 1 - share).astype(int),
            "seconds": rng.gamma(2, 1 + share, 200),
            "wanted": [["p1"]] * 200,
            "got": [["p1", "p2"] if rng.random() > share else ["p3", "p1"] for _ in range(200)],
            "cited": [["p1"] if rng.random() > share else ["p9"] for _ in range(200)],
        }
        for share in (0.15, 0.5)
    ]
    roles = {
        "task": "generation", "answer": "a", "reference": "r", "label": "right", "latency": "seconds",
        "relevant": "wanted", "retrieved": "got", "citations": "cited", "row_id": "id",
    }  # fmt: skip
    report = compared(*tables, **roles)
    found = of(report)
    for name in (
        "correct",
        "token_f1",
        "rouge_l",
        "bleu",
        "chrf",
        "mrr",
        "citation_validity",
        "latency_mean",
    ):
        assert found[name]["verdict"] == "better", name
    assert found["correct"]["champion"] == pytest.approx(np.mean(tables[1]["right"]))
    assert found["latency_p95"]["difference"]["reason"]
    other = {**tables[1], "r": ["another question"] * 10 + references[10:]}
    comparison = compared(tables[0], other, **roles)["comparison"]
    assert comparison["rows"] == 190


BASE = {"id": np.arange(200), "y": np.tile([0, 1], 100), "s": np.linspace(0, 1, 200)}


def test_a_champion_of_another_task_is_a_warning(compared):
    roles = {"task": "binary", "label": "y", "score": "s", "row_id": "id"}
    other = {"task": "regression", "label": "y", "prediction": "s"}
    report = compared(BASE, BASE, **roles, champion=other)
    assert report["comparison"] is None
    assert "champion_differs" in {one["code"] for one in report["warnings"]}


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_a_champion_that_cannot_be_read_is_a_warning(compared, task):
    roles = {"task": task, "label": "y", "row_id": "id", "score" if task == "binary" else "prediction": "s"}
    for broken in ({"id": np.arange(200), "y": BASE["y"]}, BASE | {"id": np.zeros(200, int)}):
        report = compared(BASE, broken, **roles)
        assert report["comparison"] is None
        sentence = next(one["sentence"] for one in report["warnings"] if one["code"] == "champion_unreadable")
        assert "no comparison" in sentence


@pytest.mark.parametrize(
    ("own", "theirs", "roles"),
    [
        (BASE, BASE | {"id": np.arange(200) + 500}, {"task": "regression", "label": "y", "prediction": "s", "row_id": "id"}),
        (BASE, BASE, {"task": "anomaly", "label": "y", "score": "s"}),
        (
            lists(1, 0.5),
            lists(2, 0.1) | {"q": np.repeat([f"x{number}" for number in range(80)], 12)},
            {"task": "ranking", "query": "q", "label": "y", "score": "s"},
        ),
        (
            forecasts(0.3, 1),
            forecasts(0.3, 2) | {"series": np.repeat(["d", "e", "f"], 60)},
            {"task": "forecasting", "time": "t", "series": "series", "label": "y", "prediction": "p"},
        ),
    ],
)  # fmt: skip
def test_samples_without_common_units_are_compared_as_such(compared, own, theirs, roles):
    report = compared(own, theirs, **roles)
    comparison = report["comparison"]
    assert not comparison["paired"]
    assert comparison["slices"] == []
    assert len(comparison["warnings"]) == 1
    known = [one for one in comparison["metrics"] if one["difference"]["value"] is not None]
    assert known
    assert {one["p"] for one in known} == {None}


def numbers(seed: int, n: int, order: np.ndarray | None = None) -> tuple[NumberTable, NumberTable]:
    rng = np.random.default_rng(seed)
    y, rows = rng.normal(size=n), Rows(n, {"g": grouping_of(rng.choice(["a", "b"], n))}, ids=np.arange(n))
    pair = [NumberTable(y, y + rng.normal(size=n), rows) for _ in range(2)]
    if order is not None:
        pair[1] = NumberTable(pair[1].y[order], pair[1].p[order], rows.take(order))
    return pair[0], pair[1]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 80))
def test_order_and_sides_do_not_show(seed, n):
    """The champion's rows in another order give the same figures; sides that change places turn every sign."""
    columns = ColumnMap(task="regression", label="y", prediction="p", row_id="id")
    config = Config(seed=1, resamples=100)
    first, second = numbers(seed, n)
    there = compare(first, Champion(second, columns), columns, config)
    mixed = numbers(seed, n, np.random.default_rng(seed).permutation(n))[1]
    assert compare(first, Champion(mixed, columns), columns, config)["metrics"] == there["metrics"]
    back = compare(second, Champion(first, columns), columns, config)
    for one, other in zip(there["metrics"], back["metrics"], strict=True):
        if one["difference"]["value"] is not None:
            assert one["difference"]["value"] == pytest.approx(-other["difference"]["value"], abs=1e-12)
            assert one["difference"]["low"] == pytest.approx(-other["difference"]["high"], abs=1e-9)
