"""Each task against another library's implementation of the same definitions, through files as people send them."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from jsonschema import Draft202012Validator
from sklearn import metrics as sk

from apps.evaluations import engine
from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.config import Config
from apps.evaluations.engine.reading.tables import read_table
from apps.evaluations.engine.report import evaluate

FEW = Config(seed=7, resamples=200)
SCHEMA = Path(engine.__file__).with_name("report.schema.json")
VALIDATOR = Draft202012Validator(json.loads(SCHEMA.read_text()))


@pytest.fixture
def evaluated(tmp_path):
    """Write columns to a Parquet file and evaluate it."""

    def run(columns: dict, **roles) -> dict:
        path = tmp_path / "table.parquet"
        pq.write_table(pa.table(columns), path)
        return of_file(path, **roles)

    return run


def of_file(path: Path, **roles) -> dict:
    roles = {name: tuple(value) if isinstance(value, list) else value for name, value in roles.items()}
    columns = ColumnMap(**roles)
    columns.demand_complete()
    table, warnings = read_table(path, columns)
    report = evaluate(table, columns, warnings, FEW)
    VALIDATOR.validate(json.loads(json.dumps(report, allow_nan=False)))
    return report


def values(report: dict) -> dict[str, float | None]:
    for name, figure in report["metrics"].items():
        if figure["value"] is None:
            assert figure["reason"], name
        elif figure["low"] is not None:
            assert figure["low"] <= figure["value"] <= figure["high"], name
    return {name: figure["value"] for name, figure in report["metrics"].items()}


def classes(n: int = 400, seed: int = 1):
    rng = np.random.default_rng(seed)
    true = rng.choice(3, n, p=[0.6, 0.3, 0.1])
    raw = rng.random((n, 3)) + 0.8 * np.eye(3)[true]
    return true, raw / raw.sum(1, keepdims=True)


def test_many_classes(evaluated):
    true, scores = classes()
    names = np.array(["ape", "bee", "cow"])
    columns = {"y": names[true], **{name: scores[:, index] for index, name in enumerate(names)}}
    report = evaluated(columns, task="multiclass", label="y", scores=list(names))
    found, said = values(report), scores.argmax(1)
    expected = {
        "macro_f1": sk.f1_score(true, said, average="macro"),
        "weighted_f1": sk.f1_score(true, said, average="weighted"),
        "accuracy": sk.accuracy_score(true, said),
        "balanced_accuracy": sk.balanced_accuracy_score(true, said),
        "macro_precision": sk.precision_score(true, said, average="macro"),
        "mcc": sk.matthews_corrcoef(true, said),
        "kappa": sk.cohen_kappa_score(true, said),
        "hand_till": sk.roc_auc_score(true, scores, multi_class="ovo", average="macro"),
        "macro_auc": sk.roc_auc_score(true, scores, multi_class="ovr", average="macro"),
        "log_loss": sk.log_loss(true, scores),
        "brier": ((scores - np.eye(3)[true]) ** 2).sum(1).mean(),
        "top_2_accuracy": sk.top_k_accuracy_score(true, scores, k=2),
    }
    assert found == pytest.approx(expected)
    assert [row["recall"]["value"] for row in report["classes"]] == pytest.approx(
        sk.recall_score(true, said, average=None)
    )


def test_hand_and_till_s_interval_covers(evaluated):
    """With two classes M is the AUC, and its interval DeLong's."""
    true, scores = classes()
    two = true < 2
    p = scores[two, 1] / scores[two, :2].sum(1)
    columns = {"y": np.where(true[two] == 1, "b", "a"), "a": 1 - p, "b": p, "n": (true[two] == 1).astype(int)}
    many = evaluated(columns, task="multiclass", label="y", scores=["a", "b"])["metrics"]["hand_till"]
    binary = evaluated(columns, label="n", score="b")["metrics"]["roc_auc"]
    assert many["value"] == pytest.approx(binary["value"])
    assert (many["low"], many["high"]) == pytest.approx((binary["low"], binary["high"]))


def test_very_many_classes_are_drawn_by_groups(evaluated):
    rng = np.random.default_rng(12)
    true = rng.integers(0, 300, 40_000)
    said = np.where(rng.random(40_000) < 0.6, true, rng.integers(0, 300, 40_000))
    report = evaluated({"y": true, "p": said}, task="multiclass", label="y", prediction="p")
    found = report["metrics"]["macro_f1"]
    assert found["value"] == pytest.approx(sk.f1_score(true, said, average="macro"))
    assert "groups of rows" in found["method"]
    assert 0.003 < found["high"] - found["low"] < 0.03


def test_a_predicted_class_that_no_row_has_is_told(evaluated):
    report = evaluated(
        {"y": ["a", "b"] * 50, "p": ["a", "z"] * 50}, task="multiclass", label="y", prediction="p"
    )
    assert any(warning["code"] == "class_unseen" for warning in report["warnings"])
    assert values(report)["macro_f1"] == pytest.approx(1 / 3)


def test_several_labels(evaluated):
    rng = np.random.default_rng(2)
    truth = (rng.random((300, 4)) < [0.5, 0.3, 0.2, 0.1]).astype(int)
    scores = np.clip(0.5 * truth + rng.random((300, 4)) * 0.6, 0, 1)
    said = (scores >= 0.5).astype(int)
    columns = {f"y{i}": truth[:, i] for i in range(4)} | {f"s{i}": scores[:, i] for i in range(4)}
    report = evaluated(
        columns, task="multilabel", labels=[f"y{i}" for i in range(4)], scores=[f"s{i}" for i in range(4)]
    )
    expected = {
        "macro_f1": sk.f1_score(truth, said, average="macro"),
        "micro_f1": sk.f1_score(truth, said, average="micro"),
        "samples_f1": sk.f1_score(truth, said, average="samples", zero_division=1),
        "jaccard": sk.jaccard_score(truth, said, average="samples", zero_division=1),
        "subset_accuracy": sk.accuracy_score(truth, said),
        "hamming_loss": sk.hamming_loss(truth, said),
        "macro_auc": sk.roc_auc_score(truth, scores, average="macro"),
        "lrap": sk.label_ranking_average_precision_score(truth, scores),
    }
    assert values(report) == pytest.approx(expected)


def test_numbers(evaluated):
    rng = np.random.default_rng(3)
    y = rng.normal(1e6, 3, 500)
    p = y + rng.normal(0.2, 1, 500)
    report = evaluated(
        {"y": y, "p": p, "g": rng.choice(["a", "b"], 500)},
        task="regression",
        label="y",
        prediction="p",
        slices=["g"],
    )
    found = values(report)
    assert found["mae"] == pytest.approx(sk.mean_absolute_error(y, p))
    assert found["rmse"] == pytest.approx(sk.root_mean_squared_error(y, p))
    assert found["r2"] == pytest.approx(sk.r2_score(y, p), abs=1e-9)
    assert found["mape"] == pytest.approx(sk.mean_absolute_percentage_error(y, p))
    assert found["median_absolute_error"] == pytest.approx(sk.median_absolute_error(y, p))
    assert {row["value"] for row in report["slices"]} == {"a", "b"}
    assert report["beyond_baselines"][0]["verdict"] == "better"


def test_a_constant_target_has_no_r2_and_a_zero_no_percentage(evaluated):
    found = evaluated({"y": [0.0] * 50, "p": [0.1] * 50}, task="regression", label="y", prediction="p")[
        "metrics"
    ]
    assert found["r2"]["value"] is None
    assert "same in every row" in found["r2"]["reason"]
    assert found["mape"]["value"] is None
    assert "is 0 in some rows" in found["mape"]["reason"]


def ranked(seed: int = 4, queries: int = 25, grades: int = 3):
    rng = np.random.default_rng(seed)
    return [
        (f"q{q:02}", f"d{d:03}", int(rng.integers(0, grades)), float(np.round(rng.random(), 1)))
        for q in range(queries)
        for d in rng.permutation(40)[: rng.integers(3, 30)]
    ]


def test_lists_agree_with_trec_eval(evaluated):
    import pytrec_eval

    rows = ranked()
    judged: dict = {}
    run: dict = {}
    for query, document, relevance, score in rows:
        judged.setdefault(query, {})[document] = relevance
        run.setdefault(query, {})[document] = score
    measures = {"ndcg", "ndcg_cut_10", "map", "recip_rank", "P_10", "recall_10", "Rprec", "success_10"}
    theirs = pytrec_eval.RelevanceEvaluator(judged, measures).evaluate(run)
    good = [query for query, own in judged.items() if max(own.values()) > 0]
    mean = {name: float(np.mean([theirs[query][name] for query in good])) for name in measures}
    columns = dict(zip(("q", "d", "y", "s"), map(list, zip(*rows, strict=True)), strict=True))
    report = evaluated(columns, task="ranking", query="q", document="d", label="y", score="s")
    found = values(report)
    names = {
        "ndcg": "ndcg",
        "ndcg@10": "ndcg_cut_10",
        "map": "map",
        "mrr": "recip_rank",
        "precision@10": "P_10",
        "recall@10": "recall_10",
        "hit@10": "success_10",
        "r_precision": "Rprec",
    }
    for own, other in names.items():
        assert found[own] == pytest.approx(mean[other]), own


def test_lists_without_documents_share_tied_places(evaluated):
    rows = ranked(seed=5)
    columns = {"q": [r[0] for r in rows], "y": [r[2] for r in rows], "s": [r[3] for r in rows]}
    found = values(evaluated(columns, task="ranking", query="q", label="y", score="s"))
    theirs = []
    for query in sorted({row[0] for row in rows}):
        own = [row for row in rows if row[0] == query]
        if any(row[2] for row in own):
            theirs.append(sk.ndcg_score([[row[2] for row in own]], [[row[3] for row in own]], k=10))
    assert found["ndcg@10"] == pytest.approx(np.mean(theirs))


def test_a_query_without_a_relevant_row_is_left_out_and_told(evaluated):
    columns = {"q": ["a", "a", "b", "b"], "y": [1, 0, 0, 0], "s": [0.9, 0.1, 0.5, 0.4]}
    report = evaluated(columns, task="ranking", query="q", label="y", score="s")
    assert report["queries_without_relevant"] == 1
    assert values(report)["mrr"] == 1
    # One query that is right proves little: its interval is not a point.
    assert report["metrics"]["mrr"]["low"] < 0.5
    assert "1 queries without a relevant row are left out" in report["definitions"]["ndcg@10"]


def test_recommendations(evaluated):
    rows = ranked(seed=6, grades=2)
    columns = dict(zip(("u", "i", "y", "s"), map(list, zip(*rows, strict=True)), strict=True))
    report = evaluated(columns, task="recommendation", user="u", item="i", label="y", score="s", k=5)
    found = values(report)
    assert set(found) == {
        *("hit_rate@5", "recall@5", "precision@5", "ndcg@5", "map@5", "mrr", "coverage@5", "gini@5"),
    }
    shown: set = set()
    for user in {row[0] for row in rows}:
        own = sorted((row for row in rows if row[0] == user), key=lambda row: (row[3], row[1]), reverse=True)
        shown |= {row[1] for row in own[:5]}
    assert found["coverage@5"] == pytest.approx(len(shown) / len({row[1] for row in rows}))
    assert "popularity" in report["baselines"]


def test_anomalies(evaluated):
    rng = np.random.default_rng(8)
    score = rng.normal(size=2000)
    y = (score + rng.normal(size=2000) > 3).astype(int)
    report = evaluated({"y": y, "s": score}, task="anomaly", label="y", score="s", k=50)
    found = values(report)
    top = np.argsort(-score)[:50]
    assert found["precision@50"] == pytest.approx(y[top].mean())
    assert found["recall@50"] == pytest.approx(y[top].sum() / y.sum())
    assert found["roc_auc"] == pytest.approx(sk.roc_auc_score(y, score))
    assert report["headline"]["metric"] == "precision@50"


def test_forecasts_without_history_have_no_mase(evaluated):
    rng = np.random.default_rng(9)
    y = np.cumsum(rng.normal(size=60)) + 50
    columns = {"t": np.arange(60), "y": y, "p": y + rng.normal(size=60)}
    report = evaluated(columns, task="forecasting", time="t", label="y", prediction="p")
    assert report["metrics"]["mase"]["value"] is None
    assert "no history" in report["metrics"]["mase"]["reason"]
    assert report["headline"]["metric"] == "mae"
    assert values(report)["mape"] == pytest.approx(sk.mean_absolute_percentage_error(y, columns["p"]))


def test_several_series_are_scaled_each_by_its_own_history(evaluated):
    columns = {
        "s": ["a"] * 6 + ["b"] * 6,
        "t": [1, 2, 3, 4, 5, 6] * 2,
        "y": [1.0, 2, 3, 4, 5, 6, 10, 30, 50, 70, 90, 110],
        "p": [None] * 4 + [5.5, 6.0] + [None] * 4 + [80.0, 110.0],
    }
    report = evaluated(columns, task="forecasting", time="t", series="s", label="y", prediction="p")
    # Scales 1 and 20: errors 0.5, 0, 10 / 20, 0.
    assert values(report)["mase"] == pytest.approx(0.25)
    assert report["baselines"]["drift"]["mae"] == pytest.approx(0)
    assert report["baselines"]["naive"]["mase"] == pytest.approx(1.5)


def test_clusters(evaluated):
    rng = np.random.default_rng(10)
    true = rng.integers(0, 3, 300)
    features = rng.normal(size=(300, 2)) + 4 * np.eye(3)[true][:, :2]
    cluster = np.where(rng.random(300) < 0.1, rng.integers(0, 3, 300), true)
    columns = {"c": cluster, "y": true, "a": features[:, 0], "b": features[:, 1]}
    found = values(evaluated(columns, task="clustering", prediction="c", label="y", features=["a", "b"]))
    expected = {
        "adjusted_rand": sk.adjusted_rand_score(true, cluster),
        "adjusted_mutual_information": sk.adjusted_mutual_info_score(true, cluster),
        "normalised_mutual_information": sk.normalized_mutual_info_score(true, cluster),
        "homogeneity": sk.homogeneity_score(true, cluster),
        "completeness": sk.completeness_score(true, cluster),
        "v_measure": sk.v_measure_score(true, cluster),
        "fowlkes_mallows": sk.fowlkes_mallows_score(true, cluster),
        "silhouette": sk.silhouette_score(features, cluster),
        "calinski_harabasz": sk.calinski_harabasz_score(features, cluster),
        "davies_bouldin": sk.davies_bouldin_score(features, cluster),
    }
    purity = found.pop("purity")
    assert found == pytest.approx(expected)
    assert 0 < purity <= 1


def answers() -> dict:
    return {
        "q": [f"q{i}" for i in range(40)],
        "answer": ["The cat sat on the mat.", "I don't know.", "Paris is big.", "42"] * 10,
        "reference": ["A cat sat on a mat", "Rome", "Paris", "forty two"] * 10,
        "relevant": [["a", "b"], ["c"], ["d"], ["e"]] * 10,
        "retrieved": [["a", "x", "b"], ["x", "y"], ["x", "d"], ["e"]] * 10,
        "reranked": [["a", "b", "x"], ["y", "x"], ["d", "x"], ["e"]] * 10,
        "cited": [["a"], [], ["z"], ["e"]] * 10,
        "answerable": [1, 0, 1, 1] * 10,
        "seconds": [0.5, 1.0, 4.0, 2.0] * 10,
        "cost": [0.01, 0.02, 0.03, 0.04] * 10,
        "rating": [5, 1, 4, 3] * 10,
    }


RAG = {
    **{
        role: role
        for role in (
            "answer",
            "reference",
            "relevant",
            "retrieved",
            "reranked",
            "answerable",
            "cost",
            "rating",
        )
    },
    "task": "generation",
    "citations": "cited",
    "latency": "seconds",
    "k": 2,
}


def test_answers_and_retrieval(evaluated):
    report = evaluated(answers(), **RAG)
    found = values(report)
    assert found["exact_match"] == pytest.approx(1 / 3)
    assert found["token_f1"] == pytest.approx((1 + 1 / 2 + 0) / 3)
    assert found["recall@2"] == pytest.approx((0.5 + 0 + 1 + 1) / 4)
    assert found["reranked_recall@2"] == pytest.approx((1 + 0 + 1 + 1) / 4)
    assert found["mrr"] == pytest.approx((1 + 0 + 0.5 + 1) / 4)
    assert found["citation_validity"] == pytest.approx(2 / 3)
    assert found["abstention_recall"] == 1
    assert found["false_abstention"] == 0
    assert found["within_3s"] == 0.75
    assert found["latency_p50"] == pytest.approx(1.5)
    assert found["cost_per_query"] == pytest.approx(0.025)
    assert report["cost_total"] == pytest.approx(1.0)
    assert report["headline"]["metric"] == "rating"
    assert {one["metric"]: one["verdict"] for one in report["reranking"]}["recall@2"] == "better"


def test_texts_agree_with_rouge_score_and_sacrebleu(evaluated):
    import sacrebleu
    from rouge_score import rouge_scorer

    said = ["the cat sat on the mat", "dogs bark at night", "a quick brown fox", "nothing in common here"] * 5
    meant = [
        "a cat was on the mat",
        "the dogs bark all night",
        "the quick brown fox jumps",
        "words other than those",
    ] * 5
    found = values(evaluated({"a": said, "r": meant}, task="generation", answer="a", reference="r"))
    assert found["bleu"] == pytest.approx(sacrebleu.corpus_bleu(said, [meant]).score)
    assert found["chrf"] == pytest.approx(sacrebleu.corpus_chrf(said, [meant]).score)
    scorer = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"])
    scores = [scorer.score(reference, answer) for answer, reference in zip(said, meant, strict=True)]
    for own, other in (("rouge_1", "rouge1"), ("rouge_2", "rouge2"), ("rouge_l", "rougeL")):
        assert found[own] == pytest.approx(np.mean([score[other].fmeasure for score in scores])), own


def test_pass_at_k_by_counting(evaluated):
    """Chen et al. 2021, eq. 1, against all subsets."""
    right = [1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0]
    columns = {"q": [0] * 4 + [1] * 4 + [2] * 4, "ok": right}
    found = values(evaluated(columns, task="generation", query="q", label="ok", k=2))
    expected = np.mean([1 - math.comb(4 - c, 2) / math.comb(4, 2) for c in (1, 2, 0)])
    assert found["pass@2"] == pytest.approx(expected)
    assert found["pass@1"] == pytest.approx(3 / 12)


def test_lists_in_text_columns_are_read(tmp_path):
    path = tmp_path / "rag.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["relevant", "retrieved"])
        writer.writerow(['["a, b", "c"]', '["c", "a, b"]'])
        writer.writerow(["x|y", "y"])
    report = of_file(path, task="generation", relevant="relevant", retrieved="retrieved")
    assert values(report)["recall@10"] == pytest.approx(0.75)
