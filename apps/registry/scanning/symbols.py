"""What stands for values while a pickle is followed."""

from dataclasses import dataclass, field
from typing import Any

#: The class whose instances joblib replaces by an array that stands behind them in the file.
WRAPPER = ("joblib.numpy_pickle", "NumpyArrayWrapper")


class Value:
    """A value of which nothing is known."""


UNKNOWN = Value()
#: A key of a dict into which something was put under a key that is not known.
UNSURE = ""
MARK = Value()


@dataclass(frozen=True)
class Name(Value):
    """What an import gives."""

    module: str
    name: str


@dataclass(eq=False)
class Made(Value):
    """What a call of ``callee`` gives, or its bare instance, and what was set on it."""

    callee: Any
    arguments: Any
    bare: bool = False
    state: Any = None


@dataclass
class Reading:
    """What an unpickler would import; whether it comes ``whole`` to the end of the file; what is ``odd`` on its way."""

    names: dict[tuple[str, str], None] = field(default_factory=dict)
    whole: bool = False
    odd: bool = False
