"""Register and change features."""

from typing import Any

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import governed
from apps.core.db import service
from apps.core.errors import Invalid
from apps.data.models import Feature
from apps.data.queries import method_of
from apps.projects.locking import locked
from apps.projects.models import DataSource, Project
from apps.projects.permissions import Right, can

#: What a person may say of a feature, besides its name, source and owner.
TEXTS = (
    *("description", "data_type", "source_table", "known_issues"),
    *("offline_storage", "offline_compute", "offline_refresh", "online_storage", "online_refresh"),
)
FIELDS = frozenset({*TEXTS, "source", "owner", "online_latency_ms", "retired"})


@service
def register_feature(project: Project, *, name: str, by: User, **fields: Any) -> Feature:
    """Register a feature (M2.3); its name has the form that the policy says. Raises Invalid."""
    can(by, Right.CONTRIBUTE, project).enforce()
    wanted = name.strip()
    _demand_name(project, wanted)
    checked = _checked(project, {"owner": by.person, "data_type": "", **fields})
    locked(project)
    if Feature.objects.filter(project=project, name=wanted).exists():
        raise Invalid(
            f"There is a feature {wanted} already. Change it, or choose another name.",
            code="name_taken",
            field="name",
        )
    feature = Feature.objects.create(project=project, name=wanted, **checked)
    audit.record("data.feature_registered", feature, by=by, project_id=project.pk)
    return feature


@service
def change_feature(feature: Feature, *, by: User, expect: int | None = None, **fields: Any) -> Feature:
    """Change what is said of a feature; its name stays, as runs name it. Raises Invalid, Conflict."""
    can(by, Right.CONTRIBUTE, feature.project).enforce()
    governed.demand_version(feature, expect)
    checked = _checked(feature.project, fields)
    changed = {key: value for key, value in checked.items() if getattr(feature, key) != value}
    if not changed:
        return feature
    governed.change(feature, **changed)
    audit.record(
        "data.feature_changed",
        feature,
        by=by,
        project_id=feature.project_id,
        fields=", ".join(sorted(changed)),
    )
    return feature


def _demand_name(project: Project, name: str) -> None:
    part = method_of(project).features
    fault = part.name_fault(name) if part else ""
    if not name or len(name) > 120:
        fault = fault or "A feature needs a name of at most 120 characters."
    if fault:
        raise Invalid(fault, code="bad_name", field="name")


def _checked(project: Project, fields: dict[str, Any]) -> dict[str, Any]:
    """Return fields that may be written."""
    unknown = sorted(set(fields) - FIELDS)
    if unknown:
        raise Invalid(f"A feature has no {', '.join(unknown)}.", code="unknown_field")
    found: dict[str, Any] = {
        key: value.strip() if isinstance(value, str) else value for key, value in fields.items()
    }
    part = method_of(project).features
    if part and "data_type" in found and found["data_type"] not in part.data_types:
        raise Invalid(
            f"“{found['data_type'][:60]}” is no data type. Choose one of {', '.join(part.data_types)}.",
            code="unknown_data_type",
            field="data_type",
        )
    source, owner, latency = found.get("source"), found.get("owner"), found.get("online_latency_ms")
    if isinstance(source, DataSource) and source.project_id != project.pk:
        raise Invalid("The data source belongs to another project.", code="foreign_source", field="source")
    if owner is not None and not project.memberships.filter(user=owner).exists():
        raise Invalid(f"{owner} is no member of the project.", code="foreign_owner", field="owner")
    if latency is not None and not 0 < latency < float("inf"):
        raise Invalid(
            f"A latency of {latency} ms cannot be; it is more than nothing.",
            code="bad_latency",
            field="online_latency_ms",
        )
    return found


def latency_warning(feature: Feature) -> str:
    """Return what to say of an online latency target over the policy's, or nothing."""
    part, target = method_of(feature.project).features, feature.online_latency_ms
    if part is None or target is None or target <= part.online_latency_ms:
        return ""
    return (
        f"The online target of {target:g} ms is over {part.online_latency_ms:g} ms (99th percentile), which the "
        "policy advises. Keep it in a faster store, or compute it ahead."
    )
