"""What is done to projects, their members, briefs, framing, platform and data; one module per group of verbs."""

from apps.projects.services.briefs import change_brief
from apps.projects.services.framing import (
    add_kill_criterion,
    answer_approach,
    retire_kill_criterion,
    set_tier,
)
from apps.projects.services.platform import note_component
from apps.projects.services.projects import (
    add_member,
    assess_data_source,
    change_project,
    change_role,
    create_project,
    demand_slug,
    join_by_group,
    leave_by_group,
    record_dataset,
    remove_member,
)

__all__ = [
    "add_kill_criterion",
    "add_member",
    "answer_approach",
    "assess_data_source",
    "change_brief",
    "change_project",
    "change_role",
    "create_project",
    "demand_slug",
    "join_by_group",
    "leave_by_group",
    "note_component",
    "record_dataset",
    "remove_member",
    "retire_kill_criterion",
    "set_tier",
]
