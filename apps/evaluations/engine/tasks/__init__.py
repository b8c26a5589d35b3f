"""The tasks: what each reads from a file, and the report it makes of it. One module per task, loaded when asked for."""

from importlib import import_module
from typing import Any, Protocol, cast

from apps.evaluations.engine.columns import TASKS, ColumnMap
from apps.evaluations.engine.comparison.measures import Comparable
from apps.evaluations.engine.config import Config, Progress
from apps.evaluations.engine.reading.files import Source
from apps.evaluations.engine.reading.typed import Findings
from apps.evaluations.engine.table import Limits


class TaskModule(Protocol):
    """What each module of a task offers."""

    def read(self, source: Source, columns: ColumnMap, limits: Limits, found: Findings) -> Any:
        """Return the task's table, or nothing where ``found`` has problems."""

    def report(self, table: Any, columns: ColumnMap, config: Config, progress: Progress) -> dict[str, Any]:
        """Return the body of the report."""

    def comparable(self, table: Any, columns: ColumnMap) -> Comparable:
        """Return what of the table is compared with a champion's."""


def task_module(name: str) -> TaskModule:
    """Return the module of a task; raises KeyError for an unknown one. Workers import only what a job asks for."""
    return cast(TaskModule, import_module(f"{__name__}.{TASKS[name].name}"))
