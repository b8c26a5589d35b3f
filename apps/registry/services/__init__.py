"""What is done with models, versions, their files and their checks."""

from apps.registry.services.checking import report_check, report_file
from apps.registry.services.contents import change_commit, pin_artifact, scan
from apps.registry.services.naming import (
    ModelNameTaken,
    create_named,
    delete_model,
    delete_version,
    demand_alias,
    describe_model,
    describe_version,
    model_named,
    remove_alias,
    rename_model,
    set_alias,
    tag_at_once,
    tag_model,
    tag_version,
)
from apps.registry.services.registering import (
    Origin,
    create_model,
    move_stage,
    register_version,
    reinstate_model,
    retire_model,
)
from apps.registry.services.rescanning import scan_again
from apps.registry.services.runs import (
    delete_experiment,
    delete_logged_model,
    delete_run,
    put_file,
    remove_files,
)

__all__ = [
    "ModelNameTaken",
    "Origin",
    "change_commit",
    "create_model",
    "create_named",
    "delete_experiment",
    "delete_logged_model",
    "delete_model",
    "delete_run",
    "delete_version",
    "demand_alias",
    "describe_model",
    "describe_version",
    "model_named",
    "move_stage",
    "pin_artifact",
    "put_file",
    "register_version",
    "reinstate_model",
    "remove_alias",
    "remove_files",
    "rename_model",
    "report_check",
    "report_file",
    "retire_model",
    "scan",
    "scan_again",
    "set_alias",
    "tag_at_once",
    "tag_model",
    "tag_version",
]
