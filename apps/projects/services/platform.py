"""What is done to a project's platform inventory (M8.3)."""

from urllib.parse import urlsplit

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import governed
from apps.core.db import service
from apps.core.errors import Invalid
from apps.policies.queries import pack_of
from apps.projects.enums import ComponentState
from apps.projects.locking import locked
from apps.projects.models import PlatformEntry, Project
from apps.projects.permissions import Right, can


@service
def note_component(
    project: Project,
    *,
    component: str,
    state: str,
    by: User,
    tool: str = "",
    owner: User | None = None,
    link: str = "",
    reason: str = "",
    expect: int | None = None,
) -> PlatformEntry:
    """Say how a part of the platform stands; the same part again is changed.

    Raises Conflict when ``expect`` is not the version of the part any more; 0 is that of one nobody wrote of.
    """
    can(by, Right.CONTRIBUTE, project).enforce()
    platform = pack_of(project.policy_revision).method.platform
    if platform.component(component) is None:
        known = ", ".join(one.key for one in platform.components) or "none"
        raise Invalid(
            f"The policy has no component “{component[:60]}”. There are {known}.", code="unknown_component"
        )
    fields = {"state": state, "tool": tool.strip(), "link": link.strip(), "reason": reason.strip()}
    _demand_whole(fields, owner)
    _demand_member(project, owner)
    locked(project)
    entry = (
        PlatformEntry.objects.select_for_update(of=("self",))
        .filter(project=project, component=component)
        .first()
    )
    governed.demand_version(entry, expect)
    if entry is None:
        entry = PlatformEntry.objects.create(project=project, component=component, owner=owner, **fields)
    else:
        governed.change(entry, owner=owner, **fields)
    audit.record(
        "projects.platform_noted",
        entry,
        by=by,
        project_id=project.pk,
        state=state.replace("_", " "),
        tool=entry.tool,
        owner=str(owner) if owner else "",
    )
    return entry


def _demand_whole(fields: dict[str, str], owner: User | None) -> None:
    state = fields["state"]
    if state not in ComponentState.values:
        raise Invalid(
            f"“{state[:40]}” is no state. States are {', '.join(ComponentState.values)}.",
            code="unknown_state",
            field="state",
        )
    if fields["link"] and urlsplit(fields["link"]).scheme not in {"http", "https"}:
        raise Invalid("The link must begin with http:// or https://.", code="bad_link", field="link")
    if state == ComponentState.IN_PLACE and not fields["tool"]:
        raise Invalid("Name the tool that is in place.", code="tool_missing", field="tool")
    if state == ComponentState.IN_PLACE and owner is None:
        raise Invalid("Name the member who owns it.", code="owner_missing", field="owner")
    if state == ComponentState.NOT_NEEDED and not fields["reason"]:
        raise Invalid("Say why the project does not need it.", code="reason_missing", field="reason")


def _demand_member(project: Project, owner: User | None) -> None:
    if owner is not None and not project.memberships.filter(user=owner).exists():
        raise Invalid(
            f"{owner} is no member of the project. Choose a member.", code="not_a_member", field="owner"
        )
