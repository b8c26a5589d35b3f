"""Which tests are marked with what, read from their text; nothing is run or imported."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path


def marked_tests(folder: Path, mark: str) -> dict[str, list[str]]:
    """Return each argument of ``@pytest.mark.<mark>(…)`` -> the tests that carry it, as ``tests/file.py::name``.

    A mark in a file's ``pytestmark`` counts for every test of the file that has none of its own.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(folder.rglob("test_*.py")):
        body = ast.parse(path.read_text()).body
        whole = [key for node in body if _is_pytestmark(node) for key in _keys(node, mark)]
        for node in body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                own = [key for one in node.decorator_list for key in _keys(one, mark)]
                for key in own or whole:
                    found[key].append(f"{path.relative_to(folder.parent)}::{node.name}")
    return found


def _is_pytestmark(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(
        isinstance(one, ast.Name) and one.id == "pytestmark" for one in node.targets
    )


def _keys(node: ast.AST, mark: str) -> Iterator[str]:
    for one in ast.walk(node):
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr == mark:
            yield from (str(given.value) for given in one.args if isinstance(given, ast.Constant))


def link_to(test: str) -> str:
    """Return a link from a page of docs/ to the file of a test, named by what the test says."""
    file, _, name = test.partition("::")
    return f"[{name.removeprefix('test_').replace('_', ' ')}](../{file})"
