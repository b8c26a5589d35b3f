"""Figures of each answered question: what the report takes means of, and what is compared with a champion's."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.comparison.measures import Comparable, Mean, Measured, Sums, columns_by_group
from apps.evaluations.engine.metrics import gains, text
from apps.evaluations.engine.reading.answers import AnswerTable, Lists
from apps.evaluations.engine.statistics.sums import OfSums
from apps.evaluations.engine.table import Bools, Floats, Ints

#: Answers within these seconds are fast enough to talk with, and for complex questions (method M6.4).
INTERACTIVE, COMPLEX = 3.0, 30.0
TEXT_FIGURES = ("exact_match", "token_f1", "rouge_1", "rouge_2", "rouge_l")


def asked_rows(table: AnswerTable) -> list[int]:
    """Return the rows that have a reference and can be answered."""
    if table.references is None or table.answers is None:
        return []
    answerable = table.numbers.get("answerable", np.ones(table.n))
    return [row for row in range(table.n) if table.references[row] and answerable[row] != 0]


def text_rows(table: AnswerTable) -> dict[str, Floats]:
    """Return how far each answer agrees with its references (n,), NaN where nothing was asked; empty without texts."""
    if table.references is None or table.answers is None:
        return {}
    found = {name: np.full(table.n, np.nan) for name in TEXT_FIGURES}
    for row in asked_rows(table):
        answer, references = table.answers[row], table.references[row]
        found["exact_match"][row] = text.exact_match(answer, references)
        found["token_f1"][row] = text.token_f1(answer, references)
        for name, value in text.rouge_row(answer, references).items():
            found[name][row] = value
    return found


def judged_rows(table: AnswerTable) -> dict[str, Floats]:
    """Return what people said of each answer (n,): its rating, and whether it is right."""
    roles = (("rating", "rating"), ("correct", "label"))
    return {name: table.numbers[role] for name, role in roles if role in table.numbers}


def context_overlap(answers: list[str], contexts: Lists) -> Floats:
    """Return the share of each answer's words that stand in its passages (n,); NaN without words or passages."""
    found = np.full(len(answers), np.nan)
    for row, (answer, passages) in enumerate(zip(answers, contexts, strict=True)):
        words = text.normalised(answer)
        if words and passages:
            known = set(text.normalised(" ".join(passages)))
            found[row] = sum(word in known for word in words) / len(words)
    return found


def list_figures(relevant: Lists, retrieved: Lists, k: int) -> dict[str, Floats]:
    """Return recall, precision, NDCG and reciprocal rank at k by question (n,); NaN without a relevant passage."""
    query, relevance, score = [], [], []
    for row, (wanted, shown) in enumerate(zip(relevant, retrieved, strict=True)):
        meant = set(wanted)
        seen = list(dict.fromkeys(shown))
        for place, name in enumerate(seen):
            query.append(row)
            relevance.append(float(name in meant))
            score.append(-float(place))
        for _ in meant - set(seen):
            query.append(row)
            relevance.append(1.0)
            score.append(np.nan)
    found = {
        name: np.full(len(relevant), np.nan) for name in (f"recall@{k}", f"precision@{k}", f"ndcg@{k}", "mrr")
    }
    if not query:
        return found
    codes = np.array(query)
    lists = gains.ranked_lists(codes, np.array(relevance), np.array(score))
    good = lists.relevant > 0
    size = lists.queries
    found[f"recall@{k}"][:size] = gains.recall_at(lists, k)
    found[f"precision@{k}"][:size] = np.where(good, gains.precision_at(lists, k), np.nan)
    found[f"ndcg@{k}"][:size] = gains.ndcg(lists, k)
    found["mrr"][:size] = gains.reciprocal_rank(lists)
    return found


def retrieval_rows(table: AnswerTable, k: int) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Return the figures of the retrieved lists and of the reranked ones by question (n,), whichever were given."""
    relevant, retrieved = table.lists.get("relevant"), table.lists.get("retrieved")
    if relevant is None or retrieved is None:
        return {}, {}
    reranked = table.lists.get("reranked")
    after = {} if reranked is None else list_figures(relevant, reranked, k)
    return list_figures(relevant, retrieved, k), after


def citation_rows(table: AnswerTable) -> dict[str, tuple[Floats, Floats]]:
    """Return hits and what they are a share of, by row (n,), of each figure of the citations."""
    cited = table.lists.get("citations")
    if cited is None:
        return {}
    shown = table.lists.get("reranked") or table.lists.get("retrieved")
    contexts, relevant = table.lists.get("contexts"), table.lists.get("relevant")
    total = _counts(cited)
    found = {}
    if shown is not None or contexts is not None:
        valid = _counts(
            [one for one in row if _is_there(one, shown, contexts, index)] for index, row in enumerate(cited)
        )
        said = ~abstained_rows(table)
        found["citation_validity"] = (valid, total)
        found["cited_answers"] = ((valid > 0) & said).astype(np.float64), said.astype(np.float64)
    if relevant is not None:
        right = _counts(
            [one for one in row if one in set(relevant[index])] for index, row in enumerate(cited)
        )
        found["citation_precision"] = (right, total)
    return found


def _counts(rows: Iterable[Sequence[str]]) -> Floats:
    return np.array([len(row) for row in rows], dtype=np.float64)


def _is_there(citation: str, shown: Lists | None, contexts: Lists | None, row: int) -> bool:
    """Return whether a citation names a passage by its id, or by its number from 1 where passages have no ids."""
    if shown is not None:
        return citation in shown[row]
    passages = contexts[row] if contexts is not None else []
    return citation in passages or (citation.isdecimal() and 1 <= int(citation) <= len(passages))


def abstained_rows(table: AnswerTable) -> Bools:
    """Return which answers admit not knowing (n,); none where there are no answers."""
    if table.answers is None:
        return np.zeros(table.n, dtype=bool)
    return np.array([text.abstains(answer) for answer in table.answers], dtype=bool)


def _row_means(table: AnswerTable, k: int) -> dict[str, Mean]:
    """Return every figure that is a mean over rows and is better in one direction."""
    before, after = retrieval_rows(table, k)
    values = judged_rows(table) | text_rows(table) | before
    values |= {f"reranked_{name}": one for name, one in after.items()}
    if table.answers is not None and "contexts" in table.lists:
        values["context_overlap"] = context_overlap(table.answers, table.lists["contexts"])
    for name, role in (("latency_mean", "latency"), ("cost_per_query", "cost")):
        if role in table.numbers:
            values[name] = table.numbers[role]
    seconds = table.numbers.get("latency")
    if seconds is not None:
        for limit in (INTERACTIVE, COMPLEX):
            values[f"within_{limit:g}s"] = np.where(np.isnan(seconds), np.nan, seconds <= limit)
    found = {name: Mean.known(one) for name, one in values.items()}
    answerable = table.numbers.get("answerable")
    if table.answers is not None and answerable is not None:
        abstained = abstained_rows(table).astype(np.uint8)
        found["abstention_recall"] = Mean(abstained, answerable == 0)
        found["false_abstention"] = Mean(abstained, answerable == 1)
    return found


def _row_sums(table: AnswerTable) -> dict[str, tuple[Floats, dict[str, OfSums]]]:
    """Return the columns (n, k), and the functions of their sums, of figures of the whole corpus."""
    found: dict[str, tuple[Floats, dict[str, OfSums]]] = {}
    for name, (hits, of) in citation_rows(table).items():
        found[name] = np.stack([of, hits], axis=1), {name: lambda sums: sums[..., 1] / sums[..., 0]}
    asked = asked_rows(table)
    if asked and table.answers is not None and table.references is not None:
        scores = text.corpus_scores(
            [table.answers[row] for row in asked], [table.references[row] for row in asked]
        )
        for score in scores:
            columns = np.zeros((table.n, score.rows.shape[1]))
            columns[asked] = score.rows
            found[score.name] = columns, {score.name: score.function}
    return found


def comparable(table: AnswerTable, columns: ColumnMap) -> Comparable:
    """Return what of the table is compared: answers, retrieval, citations, latency and cost, question by question."""
    means, sums = _row_means(table, columns.k), _row_sums(table)
    first = next((name for name in ("correct", "token_f1", "rating") if name in means), f"recall@{columns.k}")

    def measure(units: Ints, weights: Floats | None) -> Measured:
        own = {name: one.take(units) for name, one in means.items()}
        return Measured(
            own,
            {
                name: Sums(columns_by_group(rows[units], weights), functions)
                for name, (rows, functions) in sums.items()
            },
            sliced=(first, own[first]) if first in own else None,
        )

    left_out = (
        {
            f"latency_p{share}": "Quantiles have no paired interval here: look at both."
            for share in (50, 95, 99)
        }
        if "latency" in table.numbers
        else {}
    )
    return Comparable("rows", table.rows.ids, _asked(table), table.rows, measure, left_out=left_out)


def _asked(table: AnswerTable) -> Any:
    """Return what was asked in each row as text (n,): its references, relevant passages, and whether it has an answer."""
    references, relevant = table.references, table.lists.get("relevant")
    answerable = table.numbers.get("answerable")
    return np.array(
        [
            json.dumps(
                [
                    references[row] if references else None,
                    sorted(set(relevant[row])) if relevant else None,
                    None if answerable is None else str(answerable[row]),
                ]
            )
            for row in range(table.n)
        ],
        dtype=object,
    )
