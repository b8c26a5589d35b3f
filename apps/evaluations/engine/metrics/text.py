"""Answers against references: BLEU, chrF and TER by sacrebleu, ROUGE, exact match and token F1, and pass@k."""

import re
import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import snowballstemmer
from rapidfuzz.distance import LCSseq
from sacrebleu.metrics import BLEU, CHRF, TER
from scipy import special

from apps.evaluations.engine.statistics.sums import OfSums
from apps.evaluations.engine.table import Floats

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_WORDS = re.compile(r"[a-z0-9]+")
#: Words of an answer that admits not knowing. An empty answer admits it too.
ABSTENTIONS = re.compile(
    r"\b(i (do not|don'?t) know|(can ?not|can'?t|unable to) (answer|say|determine)|not enough (information|context)"
    r"|no (relevant |sufficient )?information|(is|are) not (mentioned|provided|stated|specified|available) in the)\b",
    re.IGNORECASE,
)


def normalised(text: str) -> list[str]:
    """Return the words of a text without case, punctuation and articles (the SQuAD script, Rajpurkar et al. 2016)."""
    return _ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split()


def exact_match(answer: str, references: Sequence[str]) -> float:
    """Return 1 where the answer is one of the references after normalising, else 0."""
    words = normalised(answer)
    return float(any(words == normalised(reference) for reference in references))


def token_f1(answer: str, references: Sequence[str]) -> float:
    """Return the best F1 of the answer's words and those of a reference, after normalising."""
    return max(
        (_token_f1(normalised(answer), normalised(reference)) for reference in references), default=0.0
    )


def _token_f1(words: list[str], others: list[str]) -> float:
    if not words or not others:
        return float(words == others)
    common = sum((Counter(words) & Counter(others)).values())
    return 2 * common / (len(words) + len(others))


@dataclass(frozen=True)
class Overlap:
    """Precision, recall and F1 of common units."""

    precision: float
    recall: float
    f1: float


def _overlap(common: int, said: int, meant: int) -> Overlap:
    if not said or not meant:
        return Overlap(0.0, 0.0, 0.0)
    precision, recall = common / said, common / meant
    both = precision + recall
    return Overlap(precision, recall, 2 * precision * recall / both if both else 0.0)


def rouge_words(text: str, *, stem: bool = False) -> list[str]:
    """Return the words that ROUGE compares: lower case letters and digits; stemmed by Porter's rules over three letters."""
    words = _WORDS.findall(text.lower())
    if not stem:
        return words
    stemmer = snowballstemmer.stemmer("porter")
    return [stemmer.stemWord(word) if len(word) > 3 else word for word in words]


def rouge_n(answer: Sequence[str], reference: Sequence[str], n: int) -> Overlap:
    """Return ROUGE-N of two lists of words (Lin 2004)."""
    own, other = (
        Counter(tuple(words[start : start + n]) for start in range(len(words) - n + 1))
        for words in (answer, reference)
    )
    return _overlap(sum((own & other).values()), sum(own.values()), sum(other.values()))


def rouge_l(answer: Sequence[str], reference: Sequence[str]) -> Overlap:
    """Return ROUGE-L of two lists of words: their longest common subsequence (Lin 2004)."""
    return _overlap(LCSseq.similarity(answer, reference), len(answer), len(reference))


def rouge_row(answer: str, references: Sequence[str], *, stem: bool = False) -> dict[str, float]:
    """Return the F1 of ROUGE-1, ROUGE-2 and ROUGE-L against the best reference each."""
    words = rouge_words(answer, stem=stem)
    found = {"rouge_1": 0.0, "rouge_2": 0.0, "rouge_l": 0.0}
    for reference in references:
        other = rouge_words(reference, stem=stem)
        for name, one in (
            ("rouge_1", rouge_n(words, other, 1)),
            ("rouge_2", rouge_n(words, other, 2)),
            ("rouge_l", rouge_l(words, other)),
        ):
            found[name] = max(found[name], one.f1)
    return found


@dataclass(frozen=True)
class CorpusScore:
    """A score of a whole corpus as a function of sums over its rows (rows, sums): so rows can be drawn."""

    name: str
    rows: Floats
    function: OfSums
    signature: str


#: TER is left out of reports: its search for shifts takes minutes on a thousand long answers.
CORPUS_METRICS = {"bleu": BLEU, "chrf": CHRF, "ter": TER}


def corpus_scores(
    answers: Sequence[str], references: Sequence[Sequence[str]], *, names: Sequence[str] = ("bleu", "chrf")
) -> list[CorpusScore]:
    """Return BLEU, chrF or TER; ``references``: one or more per answer. Raises ValueError without a row."""
    if not answers:
        raise ValueError("A corpus score needs at least one answer.")
    most = max(len(own) for own in references)
    # sacrebleu wants one stream per place; an answer with fewer references has none there.
    streams = [[own[place] if place < len(own) else None for own in references] for place in range(most)]
    return [_corpus_score(name, CORPUS_METRICS[name](), answers, streams) for name in names]


def _corpus_score(
    name: str, metric: Any, answers: Sequence[str], streams: Sequence[Sequence[str | None]]
) -> CorpusScore:
    # The two steps of the library's own corpus_score, taken apart so that rows can be drawn between them.
    rows = np.array(metric._extract_corpus_statistics(list(answers), streams), dtype=np.float64)

    def function(sums: Floats) -> Floats:
        if sums.ndim == 1:
            return np.float64(metric._compute_score_from_stats(sums.tolist()).score)  # type: ignore[return-value]
        return np.array([metric._compute_score_from_stats(row).score for row in sums.tolist()])

    return CorpusScore(name, rows, function, metric.get_signature().format())


def abstains(answer: str) -> bool:
    """Return whether an answer admits not knowing."""
    return not answer.strip() or ABSTENTIONS.search(answer) is not None


def pass_at_k(samples: Floats, right: Floats, k: int) -> Floats:
    """Return the chance that one of k samples is right, without bias (Chen et al. 2021, eq. 1); arrays by problem.

    NaN for problems with fewer than k samples.
    """
    samples, right = np.asarray(samples, np.float64), np.asarray(right, np.float64)
    wrong = samples - right
    logs = special.gammaln(wrong + 1) - special.gammaln(np.maximum(wrong - k, 0) + 1)
    logs -= special.gammaln(samples + 1) - special.gammaln(np.maximum(samples - k, 0) + 1)
    found = np.where(wrong < k, 1.0, 1 - np.exp(logs))
    return np.where(samples < k, np.nan, found)
