"""What a worker does for the registry: read what model files would run."""

from typing import Any

from apps.accounts.models import User
from apps.core import blobs, sandbox
from apps.jobs.running import RunningJob
from apps.projects.permissions import Right, can
from apps.registry import services
from apps.registry.checks import write_check
from apps.registry.enums import ARTIFACT_SCAN, EXPIRED, SCANNER, CheckSource, CheckStatus
from apps.registry.models import Artifact, Scan, Version
from apps.registry.queries import PinnedFile, artifacts_of, contents_of, latest_checks, scans_of
from apps.registry.scanning.findings import Danger, Finding, scan_of, worst

LIMITS: dict[str, Any] = {"memory_mb": 4000, "cpu_seconds": 120, "wall_seconds": 300}
#: A check passes on what can be read and runs nothing; an unknown format is for the policy to judge.
HARMFUL = {Danger.SUSPICIOUS, Danger.UNREADABLE, Danger.DANGEROUS}


def authorise_scan(args: dict[str, Any], user: User) -> bool:
    """Whoever pinned the file must still be able to add evidence."""
    return bool(can(user, Right.CONTRIBUTE, _version(args).model.project))


def _version(args: dict[str, Any]) -> Version:
    return Version.objects.select_related("model__project__policy_revision").get(pk=args["version"])


def scan(job: RunningJob) -> None:
    """Scan the pinned files that no scan knows yet, and report the check ``artifact_scan`` of the version."""
    version = _version(job.args)
    contents, artifacts = contents_of(version), artifacts_of(version)
    known = scans_of((one.blob_id for one in artifacts), SCANNER)
    for place, artifact in enumerate(artifacts):
        if artifact.blob_id not in known:
            job.progress(0.1 + 0.8 * place / len(artifacts), f"reading {artifact.path}")
            known[artifact.blob_id] = _scanned(job, artifact)
    found = [PinnedFile(artifact, known[artifact.blob_id]) for artifact in artifacts]
    outcome = _outcome(found)
    with job.completing({"files": len(found), "danger": str(worst(_dangers(found))), "scanner": SCANNER}):
        _report(job, contents.digest, outcome)


def _report(job: RunningJob, contents_digest: str, outcome: dict[str, Any]) -> None:
    """Write the check. A scan that nobody asked for says nothing that is known: evidence would change, and signatures end.

    Where the files changed meanwhile another scan was asked for, whose check may be there: this one must not take its place.
    """
    version = _version(job.args)
    contents = contents_of(version)
    if contents.digest != contents_digest:
        return
    by = job.started_by
    if by is None:
        before = latest_checks(version, contents)[ARTIFACT_SCAN]
        known = {name: getattr(before.check, name) for name in outcome}
        if before.status != EXPIRED and known == outcome:
            return
        by = before.check.reported_by
    write_check(
        version,
        name=ARTIFACT_SCAN,
        by=by,
        source=CheckSource.MLGOV,
        contents_digest=contents_digest,
        unasked=job.started_by is None,
        **outcome,
    )


def scan_again(job: RunningJob) -> dict[str, Any]:
    """Let what an earlier scanner read be read again. Comes again by itself (settings.PERIODIC_JOBS)."""
    job.check()
    with job.completing({}) as answer:
        answer["versions"] = services.scan_again()
    return answer


def _scanned(job: RunningJob, artifact: Artifact) -> Scan:
    """Read one file in a limited child; a file that breaks its limits is one that cannot be read."""
    with blobs.local_copy(artifact.blob_id) as path:
        try:
            answer = sandbox.call(
                "apps.registry.scanning.worker:scan", {"path": str(path)}, watch=job.check, **LIMITS
            )
        except sandbox.SandboxFailed as error:
            answer = scan_of("unknown", [Finding(Danger.UNREADABLE, error.code, error.sentence)]).to_json()
    with job.writing():
        kept, _ = Scan.objects.get_or_create(blob_id=artifact.blob_id, scanner=SCANNER, defaults=answer)
    return kept


def _dangers(found: list[PinnedFile]) -> list[Danger]:
    return [one.danger for one in found if one.danger is not None]


def _outcome(found: list[PinnedFile]) -> dict[str, Any]:
    """Return status, sentence, figures and findings of the check, by the names of its fields."""
    dangers = _dangers(found)
    counts = {str(danger): dangers.count(danger) for danger in Danger}
    harmful = sum(danger in HARMFUL for danger in dangers)
    unknown = counts[Danger.UNKNOWN]
    if not found:
        sentence, passed = "No file is pinned to the version.", False
    elif harmful:
        sentence, passed = (
            f"{harmful} of {len(found)} files may run code when loaded, or cannot be read.",
            False,
        )
    else:
        more = f"; the format of {unknown} is not known" if unknown else ""
        sentence, passed = f"{len(found)} files read, nothing in them runs when they are loaded{more}.", True
    items = [
        {
            "level": said["danger"],
            "name": said["what"],
            "message": said["sentence"],
            "where": one.artifact.path,
        }
        for one in found
        for said in one.findings
    ]
    return {
        "status": CheckStatus.PASSED if passed else CheckStatus.FAILED,
        "summary": sentence,
        "figures": {"files": len(found), **counts},
        "items": items,
    }
