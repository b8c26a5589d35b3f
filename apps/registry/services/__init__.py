"""What is done with models, versions, their files and their checks."""

from apps.registry.services.checking import report_check, report_file
from apps.registry.services.contents import change_commit, pin_artifact, scan
from apps.registry.services.registering import (
    create_model,
    move_stage,
    register_version,
    reinstate_model,
    retire_model,
)
from apps.registry.services.runs import delete_experiment, delete_run, put_file, remove_files

__all__ = [
    "change_commit",
    "create_model",
    "delete_experiment",
    "delete_run",
    "move_stage",
    "pin_artifact",
    "put_file",
    "register_version",
    "reinstate_model",
    "remove_files",
    "report_check",
    "report_file",
    "retire_model",
    "scan",
]
