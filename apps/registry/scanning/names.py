"""What a model file may import when it is loaded, and what its path says of it."""

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from apps.registry.scanning.findings import Danger, Finding

_CLASS = r"_?[A-Z]\w*"
_UNPICKLE = r"__pyx_unpickle\w*|__\w+_ctor"
_UFUNC = "log|log1p|log2|log10|exp|expm1|sqrt|cbrt|square|absolute|sign|sin|cos|tan|tanh|floor|ceil|rint"
#: Parts of scikit-learn that define what models consist of. Those that read files, call others or test are none of them.
_SKLEARN = (
    "base|calibration|cluster|compose|covariance|cross_decomposition|decomposition|discriminant_analysis|dummy|ensemble"
    "|feature_extraction|feature_selection|gaussian_process|impute|isotonic|kernel_approximation|kernel_ridge|linear_model"
    "|manifold|metrics|mixture|model_selection|multiclass|multioutput|naive_bayes|neighbors|neural_network|pipeline"
    "|preprocessing|random_projection|semi_supervised|svm|tree|_loss|utils\\._bunch|utils\\.metaestimators"
)
#: Module -> what models of that library import from it: classes, types of numbers, and the functions by which their own
#: pickles build arrays, tensors and tables. Calls of these build objects and run nothing else. A module also holds what
#: it imported itself (numpy.distutils has Popen), so that modules are named, not libraries. Not among them:
#: torch.storage._load_from_bytes, which unpickles what it is given, and what opens files (numpy.lib.npyio, pandas.io).
_KNOWN = [
    (re.compile(rf"(?:{module})\Z"), re.compile(rf"(?:{name})\Z"))
    for module, name in (
        # Protocols 0 to 2 call Python's own modules as Python 2 did.
        (r"builtins|__builtin__", "object|set|frozenset|slice|bytearray|bytes|complex|list|dict|tuple|range"),
        (r"copyreg|copy_reg", "_reconstructor"),
        (r"_codecs", "encode"),
        (r"collections", "OrderedDict|defaultdict|Counter|deque"),
        (r"datetime", "datetime|timedelta|date|time|timezone"),
        (r"decimal", "Decimal"),
        (r"joblib\.numpy_pickle", "NumpyArrayWrapper"),
        (r"numpy", rf"ndarray|dtype|matrix|number|(u?int|float|complex)\d+|bool_?|str_|{_UFUNC}"),
        (r"numpy\._?core\.(_?multiarray|numeric)", "_reconstruct|scalar|_frombuffer"),
        (
            r"numpy\.random(\.\w+)*",
            rf"RandomState|Generator|BitGenerator|SeedSequence|MT19937|PCG64\w*|Philox|SFC64|{_UNPICKLE}",
        ),
        (r"numpy\.dtypes", r"\w+DType"),
        (r"numpy\.ma\.core", "_mareconstruct|MaskedArray"),
        (r"scipy\.sparse(\._\w+)?", "(cs[rc]|coo|dia|lil|dok|bsr)_(matrix|array)"),
        (r"scipy\.stats\._(distn_infrastructure|continuous_distns|discrete_distns)", r"\w+_gen|rv_\w+"),
        (r"scipy\.interpolate\._\w+", "BSpline|PPoly|CubicSpline|interp1d"),
        (r"scipy\.spatial\._(ckdtree|kdtree)", "cKDTree|KDTree"),
        (
            rf"sklearn\.({_SKLEARN})(\.(?!tests?\b|_?plot\b)\w+)*",
            rf"{_CLASS}|newObj|{_UNPICKLE}|\w+_(score|error|loss)",
        ),
        (r"sklearn\.feature_selection\._univariate_selection", "f_classif|f_regression|chi2"),
        (
            r"pandas\._libs\.(arrays|internals|tslibs(\.\w+)?)",
            rf"_unpickle_block|_timestamp_unpickle|Timestamp|Timedelta|{_UNPICKLE}",
        ),
        (r"pandas\.core\.indexes\.\w+", r"_new_\w+|\w*Index"),
        (r"pandas\.core\.internals\.(blocks|managers)", "new_block|BlockManager|SingleBlockManager"),
        (
            r"pandas(\.core\.(frame|series)|\.arrays)?",
            r"DataFrame|Series|\w*Index|\w+Dtype|\w+Array|Categorical",
        ),
        (r"pandas\.core\.(arrays(\.\w+)*|dtypes\.dtypes)", r"\w+Array|\w+Dtype|Categorical"),
        (r"xgboost(\.core|\.sklearn)?", r"XGB\w+|Booster"),
        (r"lightgbm(\.basic|\.sklearn)?", r"LGBM\w+|Booster"),
        (r"catboost(\.core)?", r"CatBoost\w*"),
        (r"torch", r"\w+Storage|Size|device|(u?int|b?float|complex)\d+|bool"),
        (r"torch\._utils", r"_rebuild_\w+"),
        (r"torch\.storage", r"\w+Storage"),
        (r"torch\.nn\.(modules\.\w+|parameter)", r"[A-Z]\w*"),
        (r"transformers\.models(\.\w+)*\.configuration_\w+", r"\w+Config"),
        (r"transformers\.(training_args|trainer_utils)", r"TrainingArguments|\w+Strategy|\w+Type"),
    )
]
#: What Python imports or loads as code when it finds it beside a model.
_CODE = (".py", ".pyc", ".pyd", ".so", ".dll", ".dylib")
#: What Keras is imported as.
KERAS = ("keras", "tensorflow.keras", "tf_keras")
#: Files of which MLflow imports what they name, and what they may name.
_MODULES = {"pickle_module_info.txt": ("mlflow.pytorch.pickle_module",), "keras_module.txt": KERAS}


def judged(module: str, name: str, *, dangerous: bool = False) -> Finding:
    """Return what the import of ``module.name`` by a model file is; ``dangerous`` is what a list of such names says."""
    what = f"{module}.{name}"[:300]
    if dangerous:
        sentence = f"Loading it calls {what}, which can run commands or change the system. Do not load it."
        return Finding(Danger.DANGEROUS, what, sentence)
    if any(modules.match(module) and names.match(name) for modules, names in _KNOWN):
        return Finding(Danger.SAFE, what, "")
    sentence = f"Loading it imports {what}, which no known model library needs. Look at what it does."
    return Finding(Danger.SUSPICIOUS, what, sentence)


def code_in(names: Iterable[str]) -> list[str]:
    """Return the names of those files that are code."""
    return [name for name in names if name.lower().endswith(_CODE)]


def by_name(path: str, format_: str, header: Mapping[str, Any]) -> list[Finding]:
    """Return what the path of a file says of it: what reads it by its name, however harmless its bytes are by themselves."""
    name = PurePosixPath(path).name
    if code_in([name]):
        sentence = "It is code, which runs when the model imports it. Look at what it does."
        return [Finding(Danger.SUSPICIOUS, "code", sentence)]
    if name == "MLmodel" and format_ != "mlmodel":
        sentence = "It is called MLmodel, and nothing that can be read here says which flavors the model has. Write it as YAML."
        return [Finding(Danger.UNREADABLE, "MLmodel", sentence)]
    if name in _MODULES and header.get("module") not in _MODULES[name]:
        sentence = "MLflow imports the module that it names, which is none of those that MLflow writes. Look at what that does."
        return [Finding(Danger.SUSPICIOUS, name, sentence)]
    return []
