"""Names and figures of a report as people write them."""

from typing import Any

from apps.core.charts.drawing import interval

SPECIAL = {
    "roc_auc": "ROC-AUC",
    "pr_auc": "PR-AUC",
    "pr_auc_trapezoid": "PR-AUC (trapezoid)",
    "f1": "F1",
    "macro_f1": "Macro F1",
    "micro_f1": "Micro F1",
    "weighted_f1": "Weighted F1",
    "samples_f1": "F1 by row",
    "macro_auc": "Macro AUC",
    "hand_till": "Hand-Till M",
    "mcc": "MCC",
    "ks": "KS",
    "ece": "ECE",
    "fpr": "FPR",
    "fnr": "FNR",
    "npv": "NPV",
    "lr_positive": "LR+",
    "lr_negative": "LR-",
    "mae": "MAE",
    "rmse": "RMSE",
    "r2": "R²",
    "rsq": "Squared correlation",
    "ccc": "Concordance",
    "mape": "MAPE",
    "smape": "sMAPE",
    "mase": "MASE",
    "map": "MAP",
    "mrr": "MRR",
    "ndcg": "NDCG",
    "lrap": "LRAP",
    "bleu": "BLEU",
    "chrf": "chrF",
    "rouge_1": "ROUGE-1",
    "rouge_2": "ROUGE-2",
    "rouge_l": "ROUGE-L",
    "token_f1": "Token F1",
}


def label_of(name: str) -> str:
    """Return the name of a metric or a column as people write it."""
    base, at, k = name.partition("@")
    if base in SPECIAL:
        return SPECIAL[base] + at + k
    words = base.replace("_", " ")
    if words.startswith("reranked "):
        return f"{label_of(base.removeprefix('reranked_'))}{at}{k} after reranking"
    return (words[:1].upper() + words[1:] if words == words.lower() else words) + at + k


def figure_words(figure: dict[str, Any]) -> str:
    """Return "0.871 [0.861, 0.881]", or that it does not apply."""
    return interval(figure.get("value"), figure.get("low"), figure.get("high"))
