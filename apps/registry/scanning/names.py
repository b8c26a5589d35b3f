"""What a model file may import when it is loaded, and what is code by its name."""

import re
from collections.abc import Iterable

from apps.registry.scanning.findings import Danger, Finding

#: What model libraries need when they load their own estimators; calls of these build objects and run nothing else.
KNOWN_LIBRARIES = (
    "sklearn.", "numpy.", "scipy.", "xgboost.", "lightgbm.", "catboost.", "pandas.", "collections.", "torch.nn.",
    "torch._utils.", "torch.storage.", "torch.serialization.", "transformers.",
)  # fmt: skip
_BUILTINS = {"object", "set", "frozenset", "slice", "bytearray", "complex"}
KNOWN_NAMES = {
    # Protocols 0 to 2 call Python's own modules as Python 2 did.
    *((module, name) for module in ("builtins", "__builtin__") for name in _BUILTINS),
    ("copyreg", "_reconstructor"), ("copy_reg", "_reconstructor"), ("_codecs", "encode"),
    ("datetime", "datetime"), ("datetime", "timedelta"), ("decimal", "Decimal"),
    ("torch", "FloatStorage"), ("torch", "LongStorage"), ("torch", "HalfStorage"),
    ("torch", "BFloat16Storage"), ("torch", "IntStorage"), ("torch", "BoolStorage"),
    ("joblib.numpy_pickle", "NumpyArrayWrapper"),
}  # fmt: skip
#: Of those libraries: classes, types of numbers, and the functions by which their own pickles build arrays, tensors and
#: tables. torch.storage._load_from_bytes is none of them: it unpickles what it is given.
_BUILDS = re.compile(
    r"_?[A-Z]\w*$|(u?int|float|complex)\d+$|bool_?$|str_$|newObj$|_reconstruct$|_rebuild_\w+$|__pyx_unpickle\w*$"
    r"|_frombuffer$|scalar$|dtype$|ndarray$|_new_Index$|new_block$|_unpickle_block$|__\w+_ctor$"
    r"|cs[rc]_(matrix|array)$|coo_(matrix|array)$"
)
#: What Python imports or loads as code when it finds it beside a model.
_CODE = (".py", ".pyc", ".pyd", ".so", ".dll", ".dylib")


def judged(module: str, name: str, *, dangerous: bool = False) -> Finding:
    """Return what the import of ``module.name`` by a model file is; ``dangerous`` is what a list of such names says."""
    what = f"{module}.{name}"
    if dangerous:
        sentence = f"Loading it calls {what}, which can run commands or change the system. Do not load it."
        return Finding(Danger.DANGEROUS, what, sentence)
    if (module, name) in KNOWN_NAMES or (f"{module}.".startswith(KNOWN_LIBRARIES) and _BUILDS.match(name)):
        return Finding(Danger.SAFE, what, "")
    sentence = f"Loading it imports {what}, which no known model library needs. Look at what it does."
    return Finding(Danger.SUSPICIOUS, what, sentence)


def code_in(names: Iterable[str]) -> list[str]:
    """Return the names of those files that are code."""
    return [name for name in names if name.lower().endswith(_CODE)]


def by_name(path: str) -> list[Finding]:
    """Return what the path of a file says of it: code is no model, however harmless its bytes are as one."""
    if not code_in([path]):
        return []
    return [
        Finding(
            Danger.SUSPICIOUS,
            "code",
            "It is code, which runs when the model imports it. Look at what it does.",
        )
    ]
