"""Published tables, to the printed digit. Sources: golden/cases.json names one for each."""

import json
import subprocess
import sys

import numpy as np
import pytest

from apps.evaluations.engine import ranking
from apps.evaluations.engine.calibration import bin_sums, calibration_errors
from apps.evaluations.engine.metrics import forecasting, gains, regression, text
from apps.evaluations.engine.metrics.scoring import row_losses
from apps.evaluations.engine.scoretable import score_table
from tests.evaluations import golden
from tests.evaluations.golden import ROOT, hold


@pytest.fixture(autouse=True)
def _there():
    golden.demand()


def report(name: str, *options: str) -> dict:
    """Evaluate a file as a person would: at the command line."""
    command = [sys.executable, "-m", "apps.evaluations.engine", str(golden.path(name)), "--json", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def bits(values) -> np.ndarray:
    return np.asarray(values, dtype=np.uint8)


def test_propublica_s_table_of_compas():
    """Larson, Mattu, Kirchner and Angwin 2016, "How We Analyzed the COMPAS Recidivism Algorithm": group all."""
    found = report(
        "compas_two_years", "--label", "y_true", "--prediction", "y_pred", "--score-kind", "decision"
    )
    metrics = {name: figure["value"] for name, figure in found["metrics"].items()}
    hold(
        "compas-table-all",
        found["confusion"]
        | {
            "fpr": 100 * metrics["fpr"],
            "fnr": 100 * metrics["fnr"],
            "spec": metrics["specificity"],
            "sens": metrics["recall"],
            "prev": metrics["prevalence"],
            "ppv": metrics["precision"],
            "npv": metrics["npv"],
            "lrp": metrics["lr_positive"],
            "lrn": metrics["lr_negative"],
        },
    )


def test_propublica_s_filter_of_compas():
    table = golden.rows("compas_two_years")
    kept = [
        row
        for row in range(len(table["id"]))
        if (days := table["days_b_screening_arrest"][row]) is not None
        and abs(days) <= 30
        and table["is_recid"][row] != -1
        and table["c_charge_degree"][row] != "O"
        and table["score_text"][row] not in (None, "N/A")
    ]
    again = sum(table["two_year_recid"][row] for row in kept)
    texts = [table["score_text"][row] for row in kept]
    hold(
        "compas-filter",
        {"n": len(kept), "recid": again, "pct": 100 * again / len(kept)}
        | {short: texts.count(name) for short, name in (("low", "Low"), ("med", "Medium"), ("high", "High"))},
    )


def test_the_fairlearn_user_guide(tmp_path):
    y = [0, 1, 1, 1, 1, 0, 1, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1]
    d = [0, 0, 1, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 0]
    groups = "bbabbcccaacabccbcc"
    # The guide judges groups of four; the engine asks for thirty, so each row counts thirty times.
    lines = ["y,d,g,w", *(f"{a},{b},{c},30" for a, b, c in zip(y, d, groups, strict=True))]
    (tmp_path / "guide.csv").write_text("\n".join(lines))
    command = [
        *(sys.executable, "-m", "apps.evaluations.engine", str(tmp_path / "guide.csv"), "--json"),
        *("--label", "y", "--prediction", "d", "--sensitive", "g", "--weight", "w"),
    ]
    found = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    fairness = found["fairness"]["g"]
    by_group = {group["value"]: group for group in fairness["groups"]}
    to_overall = [group["to_overall"] for group in by_group.values()]
    hold(
        "fairlearn-user-guide",
        {
            "dp_diff": fairness["demographic_parity_difference"]["value"],
            "dp_ratio": fairness["disparate_impact"]["value"],
            "eo_diff": fairness["equalised_odds_difference"]["value"],
            "eo_ratio": fairness["equalised_odds_ratio"]["value"],
            "tpr_diff_to_overall": max(abs(one["tpr"]["difference"]) for one in to_overall),
            "sel_diff_to_overall": max(abs(one["selection_rate"]["difference"]) for one in to_overall),
            "sel_ratio_to_overall": min(
                min(one["selection_rate"]["ratio"], 1 / one["selection_rate"]["ratio"]) for one in to_overall
            ),
            "a_sel": by_group["a"]["selection_rate"]["value"],
            "b_sel": by_group["b"]["selection_rate"]["value"],
            "c_fpr": by_group["c"]["fpr"]["value"],
            "overall_sel": found["metrics"]["selection_rate"]["value"],
        },
    )


def test_the_four_fifths_example(tmp_path):
    """EEOC 2023, question 4; 29 CFR 1607.4(D)."""
    rows = ["w,1"] * 48 + ["w,0"] * 32 + ["b,1"] * 12 + ["b,0"] * 28
    (tmp_path / "hired.csv").write_text("race,hired\n" + "\n".join(rows))
    command = [
        *(sys.executable, "-m", "apps.evaluations.engine", str(tmp_path / "hired.csv"), "--json"),
        *("--label", "hired", "--prediction", "hired", "--sensitive", "race"),
    ]
    found = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    fairness = found["fairness"]["race"]
    rates = {group["value"]: group["selection_rate"]["value"] for group in fairness["groups"]}
    impact = fairness["disparate_impact"]["value"]
    hold("eeoc-four-fifths", {"white": rates["w"], "black": rates["b"], "ratio": impact})
    assert fairness["four_fifths"]["verdict"] == "fail"


def test_ricci_s_pass_rates():
    """Ricci v. DeStefano, 557 U.S. 557 (2009): groups of eight are told, and not judged."""
    found = report(
        "ricci",
        "--label",
        "y_pass",
        "--prediction",
        "y_pass",
        "--sensitive",
        "Race",
        "--sensitive",
        "Position",
    )
    crossing = found["intersections"]["Race × Position"]
    rates = {group["value"]: 100 * group["selection_rate"]["value"] for group in crossing["groups"]}
    names = {"white": "W", "black": "B", "hisp": "H"}
    hold(
        "ricci",
        {f"lt_{name}": rates[f"{short} · Lieutenant"] for name, short in names.items()}
        | {f"cap_{name}": rates[f"{short} · Captain"] for name, short in names.items()},
    )
    eight = next(group for group in crossing["groups"] if group["value"] == "B · Captain")
    assert not eight["judged"]
    assert eight["impact_ratio"]["value"] is None
    assert "group_too_small" in eight["impact_ratio"]["reason"]


def test_delong_on_the_haemorrhages_of_proc():
    """Robin et al. 2011, BMC Bioinformatics 12:77; pROC's own tests."""
    table = golden.rows("asah")
    y = bits(table["y_true"])
    names = ("wfns", "ndka", "s100b")
    models = [ranking.placements(np.asarray(table[name], float), y) for name in names]
    values, covariance = ranking.delong_covariance(models)
    ndka = ranking.auc_figure(score_table(np.asarray(table["ndka"], float), y))
    hold(
        "proc-asah-delong",
        {f"auc_{name}": value for name, value in zip(names, values, strict=True)}
        | {f"var_{name}": covariance[index, index] for index, name in enumerate(names)}
        | {
            "ndka_lo": ndka.low,
            "ndka_hi": ndka.high,
            "cov_wfns_ndka": covariance[0, 1],
            "cov_ndka_s100b": covariance[1, 2],
            "cov_s100b_wfns": covariance[2, 0],
        },
    )


def test_hanley_and_mcneil_s_ct_ratings():
    """Radiology 143:29 (1982), Table II."""
    score = np.repeat(np.tile(np.arange(1.0, 6), 2), [33, 6, 6, 11, 2, 3, 2, 2, 11, 33])
    value = ranking.auc(score_table(score, bits(np.repeat([0, 1], [58, 51]))))
    hold("hanley-mcneil-1982", {"auc": value, "se": ranking.hanley_mcneil_variance(value, 51, 58) ** 0.5})


def test_yardstick_s_two_classes():
    options = ("--label", "truth", "--score", "Class1", "--prediction", "predicted", "--positive", "Class1")
    found = {
        name: figure["value"] for name, figure in report("two_class_example", *options)["metrics"].items()
    }
    names = ("roc_auc", "accuracy", "kappa", "brier", "log_loss")
    hold("yardstick-two-class", {name: found[name] for name in names} | {"pr_auc": found["pr_auc_trapezoid"]})


def test_yardstick_s_solubilities():
    found = report(
        "solubility_test", "--task", "regression", "--label", "solubility", "--prediction", "prediction"
    )
    hold(
        "yardstick-regression",
        {name: found["metrics"][name]["value"] for name in ("rmse", "rsq", "mae", "ccc")},
    )


def one_list(relevance, score, *, k=None, tie_order=None) -> float:
    lists = gains.ranked_lists(
        np.zeros(len(score), np.int64),
        np.asarray(relevance, float),
        np.asarray(score, float),
        tie_order=tie_order,
    )
    return float(gains.ndcg(lists, k)[0])


def test_the_docstrings_of_scikit_learn():
    """Values printed in the docstrings of scikit-learn 1.9.1; the inputs are theirs."""
    from sklearn.datasets import load_breast_cancer
    from sklearn.linear_model import LogisticRegression

    cancer = load_breast_cancer()
    model = LogisticRegression(solver="newton-cholesky", random_state=0).fit(cancer.data, cancer.target)
    breast = score_table(model.predict_proba(cancer.data)[:, 1], bits(cancer.target))
    four = score_table(np.array([0.1, 0.4, 0.35, 0.8]), bits([0, 0, 1, 1]))
    brier = score_table(np.array([0.1, 0.9, 0.8, 0.3]), bits([0, 1, 1, 0]))
    losses = {name: (pos, neg) for name, (pos, neg) in row_losses(brier.values).items()}
    mean = {
        name: float((brier.pos * pos + brier.neg * neg).sum() / brier.total)
        for name, (pos, neg) in losses.items()
    }
    log_loss = float(-np.log([0.9, 0.9, 0.8, 0.65]).mean())
    cohen = np.array(["negative", "positive", "negative", "neutral", "positive"])
    other = np.array(["negative", "positive", "negative", "neutral", "negative"])
    y, p = np.array([3, -0.5, 2, 7]), np.array([2.5, 0.0, 2, 8])
    values = regression.values_of(y, p)
    # calibration_curve over three bins.
    curve = score_table(
        np.array([0.1, 0.2, 0.3, 0.4, 0.65, 0.7, 0.8, 0.9, 1.0]), bits([0, 0, 0, 0, 1, 1, 1, 1, 1])
    )
    bins = bin_sums(curve, bins=3)
    lists = gains.ranked_lists(
        np.zeros(5, np.int64), np.array([10.0, 0, 0, 1, 5]), np.array([0.1, 0.2, 0.3, 4, 70])
    )
    found = {
        "roc_auc_breast_cancer": ranking.auc(breast),
        "roc_auc": ranking.auc(four),
        "average_precision": ranking.rank_figures(four)["pr_auc"],
        "brier": mean["brier"],
        "log_loss": log_loss,
        "kappa": multiclass_kappa(cohen, other),
        "mcc": binary_metric("mcc", [1, 1, 1, 0], [1, 0, 1, 1]),
        "balanced_accuracy": binary_metric("balanced_accuracy", [0, 1, 0, 0, 1, 0], [0, 1, 0, 0, 0, 1]),
        "dcg": float(gains.discounted_gain(lists)[0]),
        "ndcg": one_list([10, 0, 0, 1, 5], [0.1, 0.2, 0.3, 4, 70]),
        "ndcg2": one_list([10, 0, 0, 1, 5], [0.05, 1.1, 1.0, 0.5, 0.0]),
        "ndcg_k4": one_list([10, 0, 0, 1, 5], [0.05, 1.1, 1.0, 0.5, 0.0], k=4),
        "ndcg_ties": one_list([10, 0, 0, 1, 5], [1, 0, 0, 0, 1], k=1),
        "ndcg_ignore_ties": one_list([10, 0, 0, 1, 5], [1, 0, 0, 0, 1], k=1, tie_order=np.arange(5)),
        "mae": values["mae"],
        "rmse": values["rmse"],
        "r2": values["r2"],
        "pinball": regression.pinball(np.array([1.0, 2, 3]), np.array([0.0, 2, 3]), 0.1),
        "mape": values["mape"],
        "d2": regression.d2_absolute(y, p),
        **{f"cal_{index}": bins.hits[index] / bins.n[index] for index in range(3)},
        **{f"calp_{index}": bins.scores[index] / bins.n[index] for index in range(3)},
    }
    hold("sklearn-docs", found)


def binary_metric(name, y, decision) -> float:
    from apps.evaluations.engine.metrics.confusion import CONFUSION_METRICS, cells_of

    cells = cells_of(bits(y), bits(decision))
    return float(CONFUSION_METRICS[name][0](cells.tp, cells.fp, cells.fn, cells.tn))


def multiclass_kappa(first, second) -> float:
    from apps.evaluations.engine.metrics import multiclass

    kinds, codes = np.unique(np.r_[first, second], return_inverse=True)
    matrix = multiclass.matrix_of(codes[: len(first)], codes[len(first) :], len(kinds))
    return float(multiclass.kappa(matrix.counts(matrix.weight)))


def test_the_worked_example_of_discounted_gains():
    relevance, score = [3, 2, 3, 0, 1, 2, 3, 2], [6, 5, 4, 3, 2, 1, np.nan, np.nan]
    lists = gains.ranked_lists(np.zeros(8, np.int64), np.array(relevance, float), np.array(score, float))
    hold(
        "wikipedia-dcg",
        {
            "dcg": gains.discounted_gain(lists, 6)[0],
            "idcg": gains.ideal_gain(lists, 6)[0],
            "ndcg": gains.ndcg(lists, 6)[0],
        },
    )


def test_the_calibration_errors_of_torchmetrics():
    table = score_table(np.array([0.25, 0.25, 0.55, 0.75, 0.75]), bits([0, 0, 1, 1, 1]))
    found = calibration_errors(bin_sums(table, bins=2))
    hold("ece-torchmetrics", {"l1": found["ece"], "l2": found["ece_rms"], "max": found["mce"]})


def test_the_beer_of_forecasting_principles_and_practice(tmp_path):
    """Hyndman and Athanasopoulos, section 3.4: train 1992-2007, ten quarters from 2008."""
    table = golden.rows("fpp2_ausbeer")
    kept = [(t, v) for t, v in zip(table["time"], table["value"], strict=True) if 1992 <= t < 2010.5]
    history = np.array([v for t, v in kept if t < 2008], float)
    last = forecasting.naive(history, 10)
    steps = iter(last)
    lines = [f"{round(t * 4)},{v},{'' if t < 2008 else next(steps)}" for t, v in kept]
    (tmp_path / "beer.csv").write_text("quarter,beer,forecast\n" + "\n".join(lines))
    command = [
        *(sys.executable, "-m", "apps.evaluations.engine", str(tmp_path / "beer.csv"), "--json"),
        *(
            "--task",
            "forecasting",
            "--time",
            "quarter",
            "--label",
            "beer",
            "--prediction",
            "forecast",
            "--period",
            "4",
        ),
    ]
    found = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    names = {"drift": "drift", "mean": "mean", "naive": "naive", "snaive": "seasonal_naive"}
    held = {}
    for short, name in names.items():
        for metric in ("rmse", "mae", "mape", "mase"):
            held[f"{short}_{metric}"] = found["baselines"][name][metric] * (100 if metric == "mape" else 1)
    hold("fpp-beer-accuracy", held)
    # The forecast that was sent is the naive one: the same figures, with intervals.
    for metric in ("rmse", "mae", "mase"):
        assert found["metrics"][metric]["value"] == pytest.approx(found["baselines"]["naive"][metric])


def corpus(name, answers, references) -> float:
    score = text.corpus_scores(answers, references, names=[name])[0]
    return float(score.function(score.rows.sum(0)))


def test_the_readme_of_sacrebleu():
    said = ["The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."]
    first = ["The dog bit the man.", "It was not unexpected.", "The man bit him first."]
    second = ["The dog had bit the man.", "No one was surprised.", "The man had bitten the dog."]
    both = [[a, b] for a, b in zip(first, second, strict=True)]
    fewer = [[second[0]], *both[1:]]
    hold(
        "sacrebleu-readme",
        {
            "bleu": corpus("bleu", said, both),
            "chrf2": corpus("chrf", said, both),
            "bleu_var_refs": corpus("bleu", said, fewer),
            "ter_shift": corpus("ter", ["d e f g h a b c"], [["a b c d e f g h"]]),
            "ter_none": corpus("ter", ["dddd eeee ffff"], [["aaaa bbbb cccc"]]),
            "ter_equal": corpus("ter", ["aaaa bbbb cccc dddd"], [["aaaa bbbb cccc dddd"]]),
        },
    )


def test_the_readme_of_rouge_score():
    words = text.rouge_words("The quick brown dog jumps on the log.", stem=True)
    other = text.rouge_words("The quick brown fox jumps over the lazy dog", stem=True)
    one, longest = text.rouge_n(words, other, 1), text.rouge_l(words, other)
    hold(
        "rouge-score-readme",
        {"r1_p": one.precision, "r1_r": one.recall, "r1_f": one.f1}
        | {"rl_p": longest.precision, "rl_r": longest.recall, "rl_f": longest.f1},
    )
