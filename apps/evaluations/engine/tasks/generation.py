"""The report on generated answers and on retrieval: what was said, on what it rests, how long it took, what it cost."""

from typing import Any

import numpy as np

from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.config import Config, Progress
from apps.evaluations.engine.figures import Figure, proportion, rounded, undefined, verdict_of
from apps.evaluations.engine.metrics import text
from apps.evaluations.engine.metrics.regression import quantile_figure
from apps.evaluations.engine.reading.answers import AnswerTable, Lists
from apps.evaluations.engine.reading.answers import read_answers as read
from apps.evaluations.engine.rowslices import RowLoss, row_slices, worst_of
from apps.evaluations.engine.statistics.sums import drawn_mean, sum_draws
from apps.evaluations.engine.table import Floats
from apps.evaluations.engine.tasks.answer_rows import (
    COMPLEX,
    INTERACTIVE,
    abstained_rows,
    asked_rows,
    citation_rows,
    comparable,
    context_overlap,
    judged_rows,
    list_figures,
    retrieval_rows,
    text_rows,
)

__all__ = ["comparable", "read", "report"]
DEFINITIONS = {
    "rating": "Mean of the ratings that people gave, on their scale.",
    "exact_match": "Share of answers equal to a reference without case, punctuation and articles (SQuAD).",
    "token_f1": "Mean F1 of the words of answer and best reference, normalised as for exact match (SQuAD).",
    "rouge_1": "Mean F1 of common words, best reference (Lin 2004), without stemming.",
    "rouge_2": "Mean F1 of common pairs of words, best reference.",
    "rouge_l": "Mean F1 of the longest common subsequence of words, best reference.",
    "bleu": "Corpus BLEU by sacrebleu, 0 to 100.",
    "chrf": "Corpus chrF2 by sacrebleu, 0 to 100.",
    "correct": "Share of answers judged right. Interval: Wilson.",
    "citation_validity": "Share of all citations that name a passage that was retrieved. Interval: Wilson.",
    "cited_answers": "Share of answers (that do not abstain) with at least one valid citation. Interval: Wilson.",
    "citation_precision": "Share of all citations that name a relevant passage. Interval: Wilson.",
    "abstention_recall": "Share of unanswerable questions where the answer admits not knowing. Interval: Wilson.",
    "false_abstention": "Share of answerable questions where the answer admits not knowing all the same. Interval: Wilson.",
    "abstention_rate": "Share of answers that admit not knowing, or are empty. Interval: Wilson.",
    "context_overlap": "Mean share of the answer's words that stand in its passages: words, not meaning.",
    "latency_mean": "Mean seconds per question.",
    "latency_p50": "Half of the answers came sooner, in seconds. Interval: order statistics.",
    "latency_p95": "95 of 100 answers came sooner, in seconds. Interval: order statistics.",
    "latency_p99": "99 of 100 answers came sooner, in seconds. Interval: order statistics.",
    "within_3s": "Share of answers within 3 seconds. Interval: Wilson.",
    "within_30s": "Share of answers within 30 seconds. Interval: Wilson.",
    "cost_per_query": "Mean cost of a question, in the currency of the column.",
}


def report(table: AnswerTable, columns: ColumnMap, config: Config, progress: Progress) -> dict[str, Any]:
    """Return the body of the report."""
    progress(0.1, "answers")
    rows, figures = _answers(table, config)
    progress(0.5, "retrieval")
    retrieval, reranking = _retrieval(table, columns.k, config)
    figures |= retrieval | _citations(table) | _abstentions(table) | _operations(table, config)
    for name in ("rating", "correct"):
        if name in rows:
            figures[name] = _mean(rows[name], table, config)
    figures |= _passes(table, columns.k, config)
    loss_name, loss = _loss(rows, retrieval, table)
    progress(0.8, "slices")
    found = row_slices(table.rows, RowLoss(loss_name, loss), columns.groups)
    head = _headline(figures)
    return {
        "n": table.n,
        "rows": table.n,
        "metrics": {name: figure.to_json() for name, figure in figures.items()},
        "headline": head,
        "reranking": reranking,
        "cost_total": rounded(float(np.nansum(table.numbers["cost"]))) if "cost" in table.numbers else None,
        "baselines": _baselines(table),
        "worst": [
            table.rows.described(row)
            | {
                "label": _first(table.references, row),
                "prediction": _cut(table.answers[row]) if table.answers else None,
                "score": None,
                "loss": rounded(float(loss[row])),
            }
            for row in worst_of(table.rows, loss)
        ],
        "definitions": {name: _definition(name, columns.k) for name in figures},
        **found,
    }


def _mean(values: Floats, table: AnswerTable, config: Config, *, stream: int = 0) -> Figure:
    """Return the mean of a figure per row, of the rows that have it."""
    return drawn_mean(
        values,
        config.resamples,
        np.random.default_rng([config.seed, stream]),
        weights=table.rows.weights,
        members=table.rows.entities,
        how="rows" if table.rows.entities is None else "entities",
    )


def _answers(table: AnswerTable, config: Config) -> tuple[dict[str, Floats], dict[str, Figure]]:
    """Return figures by row (n,), NaN where they do not apply, and the figures of the answers."""
    rows, measured = judged_rows(table), text_rows(table)
    figures = {name: _mean(values, table, config) for name, values in measured.items()}
    if measured:
        figures |= _corpus(table, asked_rows(table), config)
        if table.answers is not None and "contexts" in table.lists:
            overlap = context_overlap(table.answers, table.lists["contexts"])
            figures["context_overlap"] = _mean(overlap, table, config)
    return rows | measured, figures


def _corpus(table: AnswerTable, asked: list[int], config: Config) -> dict[str, Figure]:
    assert table.answers is not None
    assert table.references is not None
    if not asked:
        return {name: undefined("No row has a reference.", n=table.n) for name in ("bleu", "chrf")}
    scores = text.corpus_scores(
        [table.answers[row] for row in asked], [table.references[row] for row in asked]
    )
    found = {}
    for place, score in enumerate(scores):
        rng = np.random.default_rng([config.seed, 30 + place])
        members = None if table.rows.entities is None else table.rows.entities[asked]
        draws = sum_draws(score.rows, config.resamples, rng, members=members, how=f"rows ({score.signature})")
        found[score.name] = draws.figure(score.function)
    return found


def _retrieval(table: AnswerTable, k: int, config: Config) -> tuple[dict[str, Figure], list[dict[str, Any]]]:
    """Return the figures of the retrieved lists and, where they were reranked, how these changed."""
    before, after = retrieval_rows(table, k)
    figures = {name: _mean(values, table, config, stream=1) for name, values in before.items()}
    changes = []
    for name, values in after.items():
        figures[f"reranked_{name}"] = _mean(values, table, config, stream=1)
        gain = _mean(values - before[name], table, config, stream=1)
        changes.append({"metric": name, "difference": gain.to_json(), "verdict": verdict_of(gain)})
    return figures, changes


def _citations(table: AnswerTable) -> dict[str, Figure]:
    return {
        name: proportion(
            int(hits.sum()),
            int(of.sum()),
            what="answers that do not abstain" if name == "cited_answers" else "citations",
        )
        for name, (hits, of) in citation_rows(table).items()
    }


def _abstentions(table: AnswerTable) -> dict[str, Figure]:
    if table.answers is None:
        return {}
    abstained = abstained_rows(table)
    found = {"abstention_rate": proportion(int(abstained.sum()), table.n, what="answers")}
    answerable = table.numbers.get("answerable")
    if answerable is not None:
        hopeless, fine = answerable == 0, answerable == 1
        found["abstention_recall"] = proportion(
            int((abstained & hopeless).sum()), int(hopeless.sum()), what="unanswerable questions"
        )
        found["false_abstention"] = proportion(
            int((abstained & fine).sum()), int(fine.sum()), what="answerable questions"
        )
    return found


def _operations(table: AnswerTable, config: Config) -> dict[str, Figure]:
    """Return latency and cost."""
    found: dict[str, Figure] = {}
    if "latency" in table.numbers:
        seconds = table.numbers["latency"][~np.isnan(table.numbers["latency"])]
        found["latency_mean"] = _mean(table.numbers["latency"], table, config)
        for share in (50, 95, 99):
            found[f"latency_p{share}"] = quantile_figure(seconds, share / 100)
        for limit in (INTERACTIVE, COMPLEX):
            found[f"within_{limit:g}s"] = proportion(
                int((seconds <= limit).sum()), len(seconds), what="timed answers"
            )
    if "cost" in table.numbers:
        found["cost_per_query"] = _mean(table.numbers["cost"], table, config)
    return found


def _passes(table: AnswerTable, k: int, config: Config) -> dict[str, Figure]:
    """Return pass@1 and pass@k where several samples of each problem were judged right or wrong."""
    if "label" not in table.numbers or table.query is None:
        return {}
    judged = ~np.isnan(table.numbers["label"])
    owner = np.unique(table.query[judged], return_inverse=True)[1]
    samples = np.bincount(owner).astype(np.float64)
    right = np.bincount(owner, weights=table.numbers["label"][judged]).astype(np.float64)
    if not len(samples) or samples.max() < 2:
        return {}
    found = {}
    for size in dict.fromkeys((1, min(k, int(samples.min())), int(samples.min()))):
        values = text.pass_at_k(samples, right, size)
        rng = np.random.default_rng([config.seed, 40])
        found[f"pass@{size}"] = drawn_mean(values, config.resamples, rng, how="problems")
    return found


def _loss(rows: dict[str, Floats], retrieval: dict[str, Figure], table: AnswerTable) -> tuple[str, Floats]:
    """Return the loss of each row that slices and the worst rows go by."""
    for name in ("correct", "token_f1"):
        if name in rows:
            return f"1 - {name}", np.where(np.isnan(rows[name]), 0.0, 1 - rows[name])
    if "rating" in rows:
        top = float(np.nanmax(rows["rating"])) if np.isfinite(rows["rating"]).any() else 0.0
        return "best rating - rating", np.where(np.isnan(rows["rating"]), 0.0, top - rows["rating"])
    recall = list_figures(table.lists["relevant"], table.lists["retrieved"], 10)["recall@10"]
    return "1 - recall@10", np.where(np.isnan(recall), 0.0, 1 - recall)


def _headline(figures: dict[str, Figure]) -> dict[str, Any]:
    order = ("rating", "correct", "token_f1", *(name for name in figures if name.startswith("ndcg@")))
    name = next(one for one in order if one in figures)
    why = {
        "rating": "People rated the answers; what they say comes first.",
        "correct": "The answers were judged right or wrong.",
        "token_f1": "Without human ratings, the words in common with the reference come first.",
    }.get(name, "Only retrieval was evaluated; NDCG weighs the first places more.")
    watch = (
        "Few ratings of few people: look at the interval, and at how raters agree."
        if name == "rating"
        else "BLEU, ROUGE and words in common do not see whether an answer is true: have a sample rated by people."
    )
    return {"metric": name, **figures[name].to_json(), "why": why, "watch_out": watch}


def _baselines(table: AnswerTable) -> dict[str, dict[str, float | None]]:
    """Return what giving the first passage, or the most frequent reference, as the answer would score."""
    if table.references is None:
        return {}
    asked = [row for row in range(table.n) if table.references[row]]
    if not asked:
        return {}
    found = {}
    firsts = [table.references[row][0] for row in asked]
    common = max(sorted(set(firsts)), key=firsts.count)
    found["most_frequent_reference"] = {
        "exact_match": rounded(
            float(np.mean([text.exact_match(common, table.references[row]) for row in asked]))
        ),
        "token_f1": rounded(float(np.mean([text.token_f1(common, table.references[row]) for row in asked]))),
    }
    contexts = table.lists.get("contexts")
    if contexts is not None:
        found["first_passage"] = {
            "token_f1": rounded(
                float(
                    np.mean(
                        [text.token_f1((contexts[row] or [""])[0], table.references[row]) for row in asked]
                    )
                )
            )
        }
    return found


def _definition(name: str, k: int) -> str:
    if name in DEFINITIONS:
        return DEFINITIONS[name]
    plain = name.removeprefix("reranked_")
    after = " After reranking." if plain != name else ""
    if plain.startswith("pass@"):
        return "Chance that one of so many samples is right, without bias (Chen et al. 2021)."
    return {
        f"recall@{k}": f"Share of the relevant passages among the first {k}.",
        f"precision@{k}": f"Relevant passages among {k} places.",
        f"ndcg@{k}": f"DCG@{k} over that of the best order, relevant or not.",
        "mrr": "Mean of 1 over the rank of the first relevant passage.",
    }[plain] + after


def _first(references: Lists | None, row: int) -> str | None:
    return _cut(references[row][0]) if references and references[row] else None


def _cut(answer: str) -> str:
    return answer if len(answer) <= 300 else answer[:299] + "…"
