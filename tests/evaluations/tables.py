"""What tests need to write a table by hand."""

from typing import Any

import numpy as np

from apps.evaluations.engine.table import Grouping, narrow


def grouping_of(values: Any) -> Grouping:
    """Return the grouping of a sequence of texts."""
    kinds, codes = np.unique(np.asarray(values, dtype=str), return_inverse=True)
    return Grouping(tuple(str(kind) for kind in kinds), narrow(codes, len(kinds)))
