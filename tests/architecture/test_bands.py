"""What import-linter cannot see: keys between tables, signals, saves, who writes rows."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
BANDS = settings.MLGOV_APPS
HEIGHT = {name: height for height, name in enumerate(BANDS)}
#: Siblings stand on one height: they may not point at each other either way.
SIBLINGS = [
    {"evaluations", "costs", "monitoring"},
    {"checklists", "rubrics", "modelcards"},
    {"portal", "api", "mlflow"},
]
WRITES = {"save", "create", "bulk_create", "get_or_create", "update_or_create", "delete", "bulk_update"}


def sources(pattern: str) -> Iterator[Path]:
    for path in sorted(ROOT.glob(pattern)):
        if "migrations" not in path.parts and "__pycache__" not in path.parts:
            yield path


def calls(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield node


def test_foreign_keys_point_downwards():
    for model in apps.get_models():
        if model._meta.app_label not in HEIGHT:
            continue
        for field in model._meta.get_fields():
            if not (field.many_to_one or field.one_to_one or field.many_to_many) or field.auto_created:
                continue
            here, there = model._meta.app_label, field.related_model._meta.app_label
            if here == there or there not in HEIGHT:
                continue
            assert HEIGHT[there] < HEIGHT[here], f"{model.__name__}.{field.name} points up, to {there}"
            assert not any({here, there} <= pair for pair in SIBLINGS), (
                f"{model.__name__}.{field.name} points sideways"
            )


def test_the_settings_name_the_bands_in_the_linter_s_order():
    text = (ROOT / "pyproject.toml").read_text()
    layers = text.split('containers = ["apps"]')[1].split("exhaustive")[0]
    listed = [
        name.strip() for line in layers.splitlines() if '"' in line for name in line.strip(' ",').split("|")
    ]
    assert sorted(listed) == sorted(BANDS)
    heights = [
        {name.strip() for name in line.strip(' ",').split("|")} for line in layers.splitlines() if '"' in line
    ]
    order = [HEIGHT[min(group, key=HEIGHT.__getitem__)] for group in heights]
    assert order == sorted(order, reverse=True)


def test_nothing_is_wired_by_signals():
    for path in sources("apps/**/*.py"):
        text = path.read_text()
        assert "@receiver" not in text, path
        assert "post_save" not in text, path
        assert "pre_save" not in text, path


def test_models_do_not_override_save():
    for path in [*sources("apps/*/models.py"), *sources("apps/*/models/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                assert node.name not in {"save", "delete", "clean", "full_clean"}, f"{path}: {node.name}"


@pytest.mark.parametrize(
    "pattern",
    ["apps/*/forms.py", "apps/api/**/*.py", "apps/*/views.py", "apps/*/views/*.py", "apps/*/queries.py"],
)
def test_rows_are_not_written_here(pattern):
    #: The table of answers kept for idempotency is the surface's own.
    own = {ROOT / "apps/api/idempotency.py"}
    for path in sources(pattern):
        if path in own or "management" in path.parts:
            continue
        for call in calls(path):
            function = call.func
            if isinstance(function, ast.Attribute) and function.attr in WRITES:
                owner = ast.unparse(function.value)
                assert "objects" not in owner, f"{path}:{call.lineno} writes through {owner}.{function.attr}"


def test_only_one_module_sends_tasks():
    allowed = {ROOT / "apps/jobs/sending.py"}
    for path in sources("apps/**/*.py"):
        for call in calls(path):
            if isinstance(call.func, ast.Attribute) and call.func.attr in {
                "delay",
                "apply_async",
                "send_task",
            }:
                assert path in allowed, f"{path}:{call.lineno}"


#: The client for pipelines is one file by promise: people download it, and read it before they run it.
LONGER = {"apps/api/cli/client.py": 640}


def test_files_stay_short():
    for path in [*sources("apps/**/*.py"), *sources("mlgov/*.py"), *sources("demo/*.py")]:
        lines = len(path.read_text().splitlines())
        name = str(path.relative_to(ROOT))
        assert lines <= LONGER.get(name, 400), f"{name} has {lines} lines"
    assert len((ROOT / "mlgov/settings.py").read_text().splitlines()) <= 300


def test_views_stay_thin():
    for path in [*sources("apps/*/views.py"), *sources("apps/*/views/*.py")]:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef):
                length = node.end_lineno - node.lineno + 1
                assert length <= 30, f"{path.relative_to(ROOT)}: {node.name} has {length} lines"


@pytest.mark.promise("25")
def test_nothing_uploaded_can_be_executed():
    banned = {"pickle", "joblib", "dill", "cloudpickle", "torch", "marshal", "shelve"}
    for path in [*sources("apps/**/*.py"), *sources("mlgov/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            names = (
                [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            )
            module = getattr(node, "module", None) or ""
            assert not banned & {name.split(".")[0] for name in [*names, module]}, path


def test_markup_is_marked_safe_in_few_places():
    allowed = {
        "apps/core/charts",
        "apps/core/templatetags",
        "apps/modelcards/markdown.py",
        "apps/core/markdown.py",
    }
    for path in sources("apps/**/*.py"):
        if "mark_safe" in path.read_text():
            name = str(path.relative_to(ROOT))
            assert any(name.startswith(place) for place in allowed), name
