"""Read assessments, profiles, features and checks for leakage."""

import datetime
from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404

from apps.accounts.models import User
from apps.data.models import Assessment, Feature, LeakageReport, Profile
from apps.jobs.models import Job
from apps.policies.method.data import Data
from apps.policies.queries import pack_of, without_texts
from apps.projects.models import DataSource, Project
from apps.projects.queries import project_ids_for


def method_of(project: Project) -> Data:
    """Return what the project's policy says of data."""
    return pack_of(project.policy_revision).method.data


def source_for(user: User, pk: UUID) -> DataSource:
    """Load a data source; raises Http404 for a stranger."""
    found = (
        DataSource.objects.filter(project__in=project_ids_for(user), pk=pk)
        .select_related("project__policy_revision__pack")
        .defer(*without_texts("project__policy_revision"))
        .first()
    )
    if found is None:
        raise Http404
    return found


def assessments_of(source: DataSource) -> QuerySet[Assessment]:
    """Return the assessments of a source, newest first."""
    return source.assessments.select_related("assessed_by", "profile").order_by("-id")


def profiles_of(source: DataSource) -> QuerySet[Profile]:
    """Return the profiles of a source, newest first."""
    return source.profiles.select_related("source", "requested_by").order_by("-id")


def profile_for(user: User, pk: UUID) -> Profile:
    """Load a profile; raises Http404 for a stranger."""
    found = Profile.objects.filter(source__project__in=project_ids_for(user), pk=pk).first()
    if found is None:
        raise Http404
    return found


def open_job(project: Project, kind: str, **args: str) -> Job | None:
    """Return the newest job of a kind that is not done: it runs, waits, or failed and may be tried again."""
    wanted = {f"args__{name}": value for name, value in args.items()}
    newest = (
        Job.objects.filter(project_id=project.pk, kind=kind, **wanted).defer("result").order_by("-id").first()
    )
    return newest if newest is not None and newest.state != "succeeded" else None


@dataclass(frozen=True)
class Weakest:
    """The data source with the lowest sum, and since when it has been under the minimum (UTC), if it is."""

    source: DataSource
    under_since: datetime.datetime | None


def weakest_of(project: Project) -> Weakest | None:
    """Return the weakest source of a project; at most two queries."""
    sources = sorted(project.data_sources.all(), key=lambda one: (one.score, one.name))
    if not sources:
        return None
    part, weakest = method_of(project).sources, sources[0]
    if part is None or weakest.score >= part.minimum:
        return Weakest(weakest, None)
    since: datetime.datetime = weakest.updated_at
    for one in weakest.assessments.order_by("-id"):
        if one.score >= part.minimum:
            break
        since = one.created_at
    return Weakest(weakest, since)


def clock_facts(project: Project, at: datetime.datetime) -> dict[str, Any]:
    """Return what kill criteria may read of the clock at ``at``: days that the data has been under its minimum (M1.2).

    0 where it is not under it; None (missing) where no data source is assessed.
    """
    weakest = weakest_of(project)
    if weakest is None:
        return {"clock": {"days_data_under_minimum": None}}
    since = weakest.under_since
    days = max((at - since).total_seconds(), 0.0) / 86_400 if since else 0.0
    return {"clock": {"days_data_under_minimum": days}}


def features_of(project: Project, *, words: str = "", show: str = "") -> QuerySet[Feature]:
    """Return the features of a project by name; ``words`` are looked for, ``show`` is "retired", "all" or in use."""
    found = Feature.objects.filter(project=project).select_related("owner", "owner__owner", "source")
    for word in words.split():
        found = found.filter(
            Q(name__icontains=word) | Q(description__icontains=word) | Q(source_table__icontains=word)
        )
    if show != "all":
        found = found.filter(retired=show == "retired")
    return found.order_by("name")


def feature_for(user: User, pk: UUID) -> Feature:
    """Load a feature; raises Http404 for a stranger."""
    found = (
        Feature.objects.filter(project__in=project_ids_for(user), pk=pk)
        .select_related("project__policy_revision__pack", "owner", "owner__owner", "source")
        .defer(*without_texts("project__policy_revision"))
        .first()
    )
    if found is None:
        raise Http404
    return found


def duplicates_of(project: Project) -> list[tuple[str, list[str]]]:
    """Return features in use that look like one another: why, and their names. One query."""
    alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
    rows = Feature.objects.filter(project=project, retired=False).order_by("name")
    for name, table, description in rows.values_list("name", "source_table", "description"):
        alike[("the same parts in the name", *sorted(name.split("_")))].append(name)
        if description.strip():
            key = ("the same source table and description", table.casefold(), _plain(description))
            alike[key].append(name)
    return [(key[0], names) for key, names in alike.items() if len(names) > 1]


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def leakage_reports_of(project: Project) -> QuerySet[LeakageReport]:
    """Return the checks for leakage, newest first."""
    return project.leakage_reports.select_related("requested_by").order_by("-id")


def leakage_figures(report: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of a report as facts; None where a check was not asked for."""
    telling = (report.get("telling_features") or {}).get("features") or []
    strongest = telling[0] if telling else None
    asked = report.get("telling_features") is not None
    return {
        "shared_keys": _of(report, "shared_keys", "test_rows"),
        "duplicates": _of(report, "repeated_rows", "test_rows"),
        "time_overlap": _of(report, "times", "test_rows_before_train_ends"),
        "single_feature": strongest["feature"] if strongest else None,
        "single_feature_strength": float(strongest["strength"]) if strongest else None,
        "single_feature_suspected": bool(strongest and strongest["suspected"]) if asked else None,
    }


def _of(report: dict[str, Any], check: str, figure: str) -> int | None:
    found = report.get(check)
    return int(found[figure]) if found else None
