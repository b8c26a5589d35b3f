"""How a report is computed."""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

Progress = Callable[[float, str], None]


class ConfigInvalid(ValueError):
    """The configuration is out of range or unknown; the sentence says what it may be."""


@dataclass(frozen=True)
class Config:
    """The seed of all resampling, how many resamples, and what a false positive and a false negative cost.

    ``margin`` is how much worse than the champion still counts as not inferior, on the scale of the metric.
    """

    seed: int = 20819
    resamples: int = 1000
    false_positive_cost: float = 1.0
    false_negative_cost: float = 1.0
    margin: float = 0.01

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return asdict(self) | {"confidence": 0.95}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Config":
        """Read a configuration; raises ConfigInvalid."""
        known = [field.name for field in fields(cls)]
        unknown = sorted(set(data) - set(known))
        if unknown:
            raise ConfigInvalid(f"The configuration knows {', '.join(known)}, not {', '.join(unknown)}.")
        config = cls(**data)
        if not _whole(config.resamples) or not 100 <= config.resamples <= 20_000:
            raise ConfigInvalid("resamples is a whole number from 100 to 20,000.")
        if not _whole(config.seed) or not 0 <= config.seed < 2**63:
            raise ConfigInvalid("seed is a whole number, 0 or more.")
        for name in ("false_positive_cost", "false_negative_cost", "margin"):
            value = getattr(config, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
                raise ConfigInvalid(f"{name} is a number, 0 or more.")
        return config


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
