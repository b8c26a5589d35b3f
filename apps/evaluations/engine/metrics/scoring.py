"""Proper scores of probabilities: Brier's score and the logarithmic loss."""

import numpy as np

from apps.evaluations.engine.table import Floats

CLIP = 1e-15


def row_losses(score: Floats) -> dict[str, tuple[Floats, Floats]]:
    """Return the loss of a positive and of a negative row with each score (cells,), by the name of the loss."""
    clipped = np.clip(score, CLIP, 1 - CLIP)
    return {
        "brier": ((1 - score) ** 2, score**2),
        "log_loss": (-np.log(clipped), -np.log1p(-clipped)),
    }
