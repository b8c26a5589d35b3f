"""Read models and versions."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.http import Http404

from apps.accounts.models import User
from apps.core.canonical import digest
from apps.core.memory import once
from apps.policies.pack import Stage
from apps.policies.queries import without_texts
from apps.projects.models import Project
from apps.projects.queries import project_ids_for
from apps.registry.enums import EXPIRED, PRODUCTION, SUPERSEDED
from apps.registry.models import Artifact, Check, Model, Scan, Version
from apps.registry.scanning.findings import Danger, Finding, worst
from apps.registry.scanning.names import by_name

#: The key of the model that a name means in a project, for statements that are written out. Of several models of one name,
#: which the portal can make, it is the oldest.
MODEL_NAMED = """(SELECT named.id FROM registry_model named
    WHERE named.project_id = %(project)s AND named.name = %(name)s AND named.deleted_at IS NULL ORDER BY named.id LIMIT 1)"""


def models_for(user: User) -> QuerySet[Model]:
    """Return the models of the user's projects by name, with the number of versions."""
    return (
        Model.objects.filter(project__in=project_ids_for(user))
        .select_related("project", "created_by", "retired_by")
        .annotate(version_count=Count("versions"))
        .order_by("-id")
    )


def model_for(user: User, pk: UUID) -> Model:
    """Load a model; raises Http404 for a stranger."""
    found = models_for(user).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def versions_for(user: User) -> QuerySet[Version]:
    """Return the versions of the user's projects, newest first."""
    return (
        Version.objects.filter(model__project__in=project_ids_for(user))
        # No run: PostgreSQL takes longer to plan two more joins than to answer the page that asks for it.
        .select_related("model__project__policy_revision__pack", "created_by__owner")
        .defer(*without_texts("model__project__policy_revision"))
        .order_by("-id")
    )


def with_files(versions: QuerySet[Version]) -> QuerySet[Version]:
    """Read the files that are pinned now with the versions, as ``pinned`` of each; one more query."""
    files = Artifact.objects.pinned().select_related("blob")
    return versions.prefetch_related(Prefetch("artifacts", files, to_attr="pinned"))


def version_for(user: User, pk: UUID) -> Version:
    """Load a version; raises Http404 for a stranger."""
    return _one(versions_for(user), pk)


def version_with_files_for(user: User, pk: UUID) -> Version:
    """Load a version and its pinned files; raises Http404 for a stranger."""
    return _one(with_files(versions_for(user)), pk)


def _one(versions: QuerySet[Version], pk: UUID) -> Version:
    found = versions.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@once
def production_version_of(model: Model) -> Version | None:
    """Return the version of the model that is in production."""
    return model.versions.filter(stage=PRODUCTION).first()


def watched_versions_of(project: Project) -> list[Version]:
    """Return the newest version of each model and those in production, oldest first, of what is not deleted; one query."""
    live = Version.objects.live()
    newest = live.filter(model=OuterRef("model")).order_by("-number").values("pk")[:1]
    return list(
        live.select_related("model__project__policy_revision__pack", "run")
        .defer(*without_texts("model__project__policy_revision"))
        .filter(model__project=project)
        .filter(Q(pk=Subquery(newest)) | Q(stage=PRODUCTION))
        .order_by("model_id", "number")
    )


def by_stage(stages: Iterable[Stage], versions: Iterable[Version]) -> list[tuple[Stage, list[Version]]]:
    """Return each stage with its versions, newest first."""
    held: dict[str, list[Version]] = {}
    for version in sorted(versions, key=lambda one: -one.number):
        held.setdefault(version.stage, []).append(version)
    return [(stage, held.get(stage.key, [])) for stage in stages]


@dataclass(frozen=True)
class Contents:
    """What a version consists of: the commit it was built from, and the digest of each file by its path."""

    commit: str
    files: dict[str, str]

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of both; a check is bound to it."""
        return digest({"commit": self.commit, "files": self.files})


def contents_of(version: Version) -> Contents:
    """Return what a version consists of now."""
    return Contents(version.commit, {one.path: one.blob_id for one in artifacts_of(version)})


@once
def artifacts_of(version: Version) -> list[Artifact]:
    """Return the files that are pinned now, by path."""
    return list(
        version.artifacts.filter(replaced_at__isnull=True)
        .select_related("blob", "pinned_by")
        .order_by("path")
    )


@dataclass(frozen=True)
class PinnedFile:
    """A pinned file, and what a scanner said last of its content; no scan yet while a worker reads it."""

    artifact: Artifact
    scan: Scan | None

    @property
    def findings(self) -> list[dict[str, str]]:
        """What its content and its path say; the same content can lie under several paths."""
        return [*self.scan.findings, *(one.to_json() for one in self._by_name)] if self.scan else []

    @property
    def _by_name(self) -> list[Finding]:
        assert self.scan is not None
        return by_name(self.artifact.path, self.scan.format, self.scan.header)

    @property
    def danger(self) -> Danger | None:
        """How loading it could end; unknown to all while no scan knows it."""
        if self.scan is None:
            return None
        return worst([Danger(self.scan.danger), *(one.danger for one in self._by_name)])


def pinned_files_of(version: Version) -> list[PinnedFile]:
    """Return the pinned files with their scans; two queries."""
    artifacts = artifacts_of(version)
    scans = Scan.objects.filter(blob__in=[one.blob_id for one in artifacts]).order_by("id")
    known = {scan.blob_id: scan for scan in scans}
    return [PinnedFile(one, known.get(one.blob_id)) for one in artifacts]


def scans_of(digests: Iterable[str], scanner: str) -> dict[str, Scan]:
    """Return what a scanner said of each of these contents that it has seen."""
    return {scan.blob_id: scan for scan in Scan.objects.filter(blob__in=list(digests), scanner=scanner)}


@dataclass(frozen=True)
class LatestCheck:
    """The newest report of a check, and what it counts as now."""

    check: Check
    status: str


def latest_checks(version: Version, contents: Contents | None = None) -> dict[str, LatestCheck]:
    """Return the newest report of each check by name; one that ran on another commit or other files has expired."""
    now = (contents or contents_of(version)).digest
    return {
        check.name: LatestCheck(check, check.status if check.contents_digest == now else EXPIRED)
        for check in _newest_checks(version)
    }


@once
def _newest_checks(version: Version) -> list[Check]:
    newest = Check.objects.filter(version=version).select_related("reported_by")
    return list(newest.order_by("name", "-created_at", "-id").distinct("name"))


def check_for(user: User, pk: UUID) -> Check:
    """Load a reported check; raises Http404 for a stranger."""
    found = (
        Check.objects.filter(pk=pk, version__model__project__in=project_ids_for(user))
        .select_related("version__model__project__policy_revision", "reported_by__owner")
        .first()
    )
    if found is None:
        raise Http404
    return found


def standing_of(check: Check) -> str:
    """Return passed, failed or expired for a report that counts, and superseded for one that a newer one replaced."""
    newest = (
        Check.objects.filter(version=check.version, name=check.name).order_by("-created_at", "-id").first()
    )
    if newest is not None and newest.pk != check.pk:
        return SUPERSEDED
    return check.status if check.contents_digest == contents_of(check.version).digest else EXPIRED
