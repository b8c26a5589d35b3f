"""Read a text: what MLflow writes beside a model, and what a YAML reader would run.

The description of a model (``MLmodel``): mlflow.org, "MLflow Models", "Storage Format". Tags of PyYAML that build
Python objects: pyyaml.org, "YAML tags and Python types".
"""

import re
from typing import Any, BinaryIO

import yaml

from apps.registry.scanning.findings import Danger, Finding, Scan, scan_of
from apps.registry.scanning.names import KERAS, judged
from apps.registry.scanning.pickles import MOST_FINDINGS, unreadable

#: Descriptions, of layers too, lists of requirements and licences are small; what is longer is no such text.
MOST_TEXT = 10_000_000
#: A description with a signature of ten thousand columns has a tenth of this.
_MOST_DESCRIPTION = 2_000_000
#: What no text has: control characters but tab, line feed, form feed and carriage return.
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_PYTHON = "tag:yaml.org,2002:python/"
#: Of those tags: the ones that build a value from its own text.
_VALUES = {
    "none",
    "bool",
    "str",
    "unicode",
    "bytes",
    "int",
    "long",
    "float",
    "complex",
    "list",
    "tuple",
    "dict",
}
#: Keys of a flavor with a path of code that MLflow makes importable, or runs, before it loads the model.
_CODE = ("code", "code_paths", "model_code_path")


class NotText(ValueError):
    """The bytes are no UTF-8 text, or too many to be read as one."""


def text(file: BinaryIO, size: int) -> Scan:
    """Read a text; raises NotText. The caller knows that it is no pickle."""
    if size > MOST_TEXT:
        raise NotText
    content = file.read(size)
    if _CONTROL.search(content):
        raise NotText
    try:
        content.decode()
    except UnicodeDecodeError:
        raise NotText from None
    findings = _tags(content)
    try:
        document = yaml.safe_load(content) if size <= _MOST_DESCRIPTION else None
    except (yaml.YAMLError, ValueError, RecursionError):
        document = None
    if isinstance(document, dict) and "flavors" in document:
        return _model(document, findings)
    word = content.strip()
    header = {"module": word.decode()} if len(word) <= 200 and re.fullmatch(rb"[\w.]+", word) else {}
    return scan_of("text", findings, header)


def _tags(content: bytes) -> list[Finding]:
    """Name the tags by which a reader that is not safe would build objects or call functions."""
    if b"!" not in content:
        return []
    found: dict[str, None] = {}
    torn: list[Finding] = []
    try:
        for event in yaml.parse(content, Loader=yaml.CSafeLoader):
            tag = getattr(event, "tag", None) or ""
            if tag.startswith(_PYTHON) and tag.removeprefix(_PYTHON) not in _VALUES:
                found[tag.removeprefix(_PYTHON)] = None
    except (yaml.YAMLError, ValueError) as error:
        # Other readers can be more patient; one that reads document after document has built those before the fault.
        if b"python/" in content or b"%TAG" in content:
            torn.append(unreadable(f"as YAML: {error}".splitlines()[0]))
    return torn + [
        Finding(
            Danger.DANGEROUS,
            name,
            f"A YAML reader that is not the safe one runs {name} when it reads this. Do not load it.",
        )
        for name in list(found)[:MOST_FINDINGS]
    ]


def _model(document: dict[str, Any], findings: list[Finding]) -> Scan:
    """Read MLflow's description of a model: what its flavors import and run beside the files that they load."""
    flavors = document["flavors"]
    if not isinstance(flavors, dict) or not all(isinstance(one, dict) for one in flavors.values()):
        return scan_of("mlmodel", [*findings, unreadable("its flavors are no mapping of mappings")])
    for name, flavor in flavors.items():
        findings += _flavor(str(name), flavor)
    header = {
        "flavors": sorted(map(str, flavors))[:20],
        "mlflow": str(document.get("mlflow_version", ""))[:40],
    }
    return scan_of("mlmodel", findings[:MOST_FINDINGS], header)


def _flavor(name: str, flavor: dict[Any, Any]) -> list[Finding]:
    found = []
    module = flavor.get("loader_module")
    if module is not None and not re.fullmatch(r"mlflow(\.\w+)+", str(module)):
        sentence = f"Loading it imports the module {module} and runs it. Look at what that does."
        found.append(Finding(Danger.SUSPICIOUS, str(module)[:200], sentence))
    for key in _CODE:
        if flavor.get(key):
            sentence = f"Its flavor {name} loads code from {flavor[key]}. Look at what that does."
            found.append(Finding(Danger.SUSPICIOUS, f"{name}.{key}", sentence))
    if flavor.get("keras_module") not in {None, *KERAS}:
        sentence = f"Its flavor {name} imports the module {flavor['keras_module']}. Look at what that does."
        found.append(Finding(Danger.SUSPICIOUS, f"{name}.keras_module", sentence))
    return found + [one for one in map(_trusted, _listed(flavor)) if one.danger != Danger.SAFE]


def _listed(flavor: dict[Any, Any]) -> list[str]:
    """Return the types that MLflow builds, or lets skops build, because the description says so, whoever wrote it."""
    listed = flavor.get("skops_trusted_types") or []
    trusted = listed if isinstance(listed, list) else [listed]
    return [str(one) for one in (*trusted, flavor.get("model_class")) if one is not None]


def _trusted(dotted: str) -> Finding:
    module, _, name = dotted.rpartition(".")
    return judged(module, name)
