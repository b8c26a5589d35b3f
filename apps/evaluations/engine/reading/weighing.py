"""What the weights of a whole table sum to: every part of it is scaled by the same factor."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from apps.evaluations.engine.table import Floats


@dataclass(frozen=True)
class Weighing:
    """Sum and square sum of the weights of so many rows; ``whole`` where every weight is a whole number of repeats."""

    rows: int
    total: float
    squares: float
    whole: bool

    @classmethod
    def of(cls, weights: Floats) -> "Weighing":
        """Return what weights (n,) sum to."""
        return cls(
            len(weights),
            float(weights.sum()),
            float(np.square(weights).sum()),
            not bool(np.any(weights % 1)),
        )

    @classmethod
    def of_parts(cls, parts: Sequence["Weighing"]) -> "Weighing":
        """Return what the weights of all parts sum to."""
        return cls(
            sum(part.rows for part in parts),
            sum(part.total for part in parts),
            sum(part.squares for part in parts),
            all(part.whole for part in parts),
        )

    @property
    def effective(self) -> float:
        """The effective number of rows (Kish, Survey Sampling, 1965)."""
        return self.total * self.total / self.squares

    @property
    def factor(self) -> float:
        """What each weight is multiplied by, so that all sum to the effective number of rows."""
        return self.total / self.squares

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON, which the constructor takes back."""
        return asdict(self)
