"""What the readers of the tasks refuse."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from apps.evaluations.engine.table import TableInvalid
from tests.evaluations.test_tasks import of_file


@pytest.mark.parametrize(
    ("roles", "columns", "code"),
    [
        (
            {"task": "regression", "label": "y", "prediction": "p"},
            {"y": [1.0, 2], "p": [1.0, None]},
            "prediction_missing",
        ),
        ({"task": "regression", "label": "y", "prediction": "p"}, {"y": ["a", "b"], "p": [1.0, 2]}, "type"),
        (
            {"task": "ranking", "query": "q", "label": "y", "score": "s"},
            {"q": [1, 1], "y": [-1, 0], "s": [0.1, 0.2]},
            "relevance_negative",
        ),
        (
            {"task": "multiclass", "label": "y", "scores": ("a", "b")},
            {"y": ["a", "b"], "a": [0.9, 0.9], "b": [0.9, 0.1]},
            "scores_not_a_distribution",
        ),
        (
            {"task": "multiclass", "label": "y", "scores": ("a", "b")},
            {"y": ["a", "c"], "a": [0.9, 0.9], "b": [0.1, 0.1]},
            "label_not_in_set",
        ),
        (
            {"task": "multilabel", "labels": ("y",), "scores": ("s",)},
            {"y": [0, 2], "s": [0.5, 0.5]},
            "label_not_in_set",
        ),
        (
            {"task": "forecasting", "time": "t", "label": "y", "prediction": "p"},
            {"t": [1, 1], "y": [1.0, 2], "p": [1.0, 2]},
            "duplicate_time",
        ),
        (
            {"task": "forecasting", "time": "t", "label": "y", "prediction": "p"},
            {"t": ["1", "²"], "y": [1.0, 2], "p": [1.0, 2]},
            "time_unreadable",
        ),
        (
            {"task": "forecasting", "time": "t", "label": "y", "prediction": "p"},
            {"t": ["1", "--5"], "y": [1.0, 2], "p": [1.0, 2]},
            "time_unreadable",
        ),
        (
            {"task": "recommendation", "user": "u", "item": "i", "label": "y", "score": "s"},
            {"u": [1, 1], "i": [2, 2], "y": [1, 0], "s": [0.1, 0.2]},
            "duplicate_document",
        ),
        (
            {"task": "clustering", "prediction": "c", "label": "y"},
            {"c": ["a", None], "y": [1, 2]},
            "cluster_missing",
        ),
        (
            {"task": "generation", "answer": "a", "reference": "r", "latency": "l"},
            {"a": ["x"], "r": ["x"], "l": [-1.0]},
            "negative",
        ),
    ],
)
def test_each_task_refuses_what_it_cannot_use(tmp_path, roles, columns, code):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table(columns), path)
    with pytest.raises(TableInvalid) as caught:
        of_file(path, **roles)
    assert code in {problem.code for problem in caught.value.problems}
    for problem in caught.value.problems:
        assert problem.sentence.endswith((".", "?"))
