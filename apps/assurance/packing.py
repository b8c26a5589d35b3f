"""What goes into an evidence pack: files by name, the same bytes for the same rows under the same signed head."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from apps.assurance import indexing
from apps.assurance.access import access_on
from apps.assurance.exporting import lines_of
from apps.assurance.models import EvidencePack
from apps.assurance.past import approval_json, production_on
from apps.audit.models import Event, Seal
from apps.core import blobs
from apps.core.canonical import canonical_json, digest, digest_bytes
from apps.core.clock import utc_text
from apps.core.pdf import making
from apps.evaluations.models import Evaluation
from apps.evidence.models import Snapshot
from apps.gates.models import Approval, Promotion, Transition
from apps.modelcards.content import assemble
from apps.modelcards.jobs import make_pdf
from apps.modelcards.schema import FILE as SCHEMA_FILE
from apps.registry.models import Version

FORMAT = "mlgov.pack/1"
#: ZIP knows no time before this; a fixed one keeps the bytes the same.
EPOCH = (1980, 1, 1, 0, 0, 0)
Files = dict[str, bytes]


def files_of(pack: EvidencePack, *, seal: Seal | None, watch: Callable[[], None]) -> Files:
    """Return everything in the pack by name, the manifest included. ``watch`` may raise to stop."""
    versions = _versions(pack)
    files: Files = {}
    for version in versions:
        files |= _of_version(version, pack.as_of)
        watch()
    if pack.version is not None:
        files |= _card(pack.version, watch)
    if pack.as_of is not None:
        files["production.json"] = canonical_json(
            [one.to_json() for one in production_on(pack.project, pack.as_of)]
        )
        files["access.json"] = canonical_json(
            [asdict(one) for one in access_on(pack.as_of, project=pack.project)]
        )
    files["audit.jsonl"] = "".join(lines_of(_events(pack, versions), seal)).encode()
    files["index.pdf"] = _index(pack, versions, files, seal, watch)
    files["manifest.json"] = _manifest(pack, versions, files, seal)
    return files


def _versions(pack: EvidencePack) -> list[Version]:
    if pack.version is not None:
        return [pack.version]
    assert pack.as_of is not None
    return [one.version for one in production_on(pack.project, pack.as_of) if one.version is not None]


def _until(at: datetime | None, name: str) -> Q:
    return Q(**{f"{name}__lte": at}) if at else Q()


def _of_version(version: Version, at: datetime | None) -> Files:
    files: Files = {}
    for snapshot in Snapshot.objects.filter(_until(at, "created_at"), version=version).order_by("pk"):
        files[f"evidence/{snapshot.digest}.json"] = canonical_json(snapshot.document)
    done = Evaluation.objects.filter(_until(at, "completed_at"), version=version, state="complete")
    for evaluation in done.order_by("pk"):
        files[f"evaluations/{evaluation.pk}.json"] = canonical_json(evaluation.report)
    asked = Promotion.objects.filter(_until(at, "created_at"), version=version)
    for promotion in asked.select_related("policy_revision__pack").order_by("pk"):
        files[f"verdicts/{promotion.pk}.json"] = canonical_json(_promotion_json(promotion))
        revision = promotion.policy_revision
        files[f"policies/{revision.pack.slug}-{revision.number}.yaml"] = revision.source.encode()
    for approval in Approval.objects.filter(_until(at, "signed_at"), promotion__version=version).order_by(
        "pk"
    ):
        files[f"approvals/{approval.pk}.json"] = canonical_json(approval_json(approval))
    moves = Transition.objects.filter(_until(at, "created_at"), version=version).order_by("sequence")
    files[f"transitions/{version.pk}.json"] = canonical_json([_move_json(move) for move in moves])
    return files


def _promotion_json(promotion: Promotion) -> dict[str, Any]:
    return {
        "id": str(promotion.pk),
        "from": promotion.from_stage,
        "to": promotion.to_stage,
        "asked_at": promotion.created_at.isoformat(),
        "asked_by": str(promotion.requested_by_id),
        "evidence_digest": promotion.evidence_digest,
        "policy": f"{promotion.policy_revision.pack.slug}-{promotion.policy_revision.number}",
        "policy_sha256": promotion.policy_revision.content_hash,
        "verdict": promotion.verdict,
    }


def _move_json(move: Transition) -> dict[str, Any]:
    return {
        "sequence": move.sequence,
        "from": move.from_stage,
        "to": move.to_stage,
        "kind": move.kind,
        "at": move.created_at.isoformat(),
        "by": str(move.moved_by_id),
        "promotion": str(move.promotion_id) if move.promotion_id else None,
        "because_of": str(move.because_of_id) if move.because_of_id else None,
    }


def _card(version: Version, watch: Callable[[], None]) -> Files:
    """Return the card as PDF and as its document, whose SHA-256 is the card's digest, with the schema that it keeps to."""
    card = assemble(version)
    with blobs.open_blob(make_pdf(card, proof=None, watch=watch).digest) as file:
        return {
            "card/card.pdf": file.read(),
            "card/card.json": canonical_json(card.document),
            "card/card.schema.json": SCHEMA_FILE.read_bytes(),
        }


def _events(pack: EvidencePack, versions: list[Version]) -> QuerySet[Event]:
    """Return the records that the pack is about: the version's and the members', or all of the project until then.

    Those about packs themselves are left out, or asking for a pack would change the next one.
    """
    events = Event.objects.filter(_until(pack.as_of, "recorded_at"), project_id=pack.project_id)
    events = events.exclude(kind__startswith="assurance.").exclude(kind__startswith="jobs.")
    if pack.version is not None:
        version = pack.version
        ids: set[Any] = {version.pk, version.model_id, pack.project_id}
        ids |= set(Promotion.objects.filter(version=version).values_list("pk", flat=True))
        ids |= set(Evaluation.objects.filter(version=version).values_list("pk", flat=True))
        events = events.filter(
            Q(object_id__in=ids)
            | Q(data__version__in=[str(version.pk), str(version)])
            | Q(kind__startswith="projects.member_")
        )
    return events.order_by("id")


def _index(
    pack: EvidencePack, versions: list[Version], files: Files, seal: Seal | None, watch: Callable[[], None]
) -> bytes:
    newest = _events(pack, versions).last()
    content = indexing.content_of(
        files,
        project=pack.project.name,
        of=str(pack.version) if pack.version else pack.project.name,
        versions=[str(one) for one in versions],
        as_of=utc_text(pack.as_of) if pack.as_of else None,
        head=seal.note if seal else "",
    )
    dated = utc_text(pack.as_of or (newest.recorded_at if newest else pack.created_at))
    document = indexing.document_of(content, dated=dated)
    return making.make(document, reason=f"Evidence pack index {digest(content)}", watch=watch)


def _manifest(pack: EvidencePack, versions: list[Version], files: Files, seal: Seal | None) -> bytes:
    document = {
        "format": FORMAT,
        "project": pack.project.slug,
        "as_of": pack.as_of.isoformat() if pack.as_of else None,
        "versions": [{"id": str(one.pk), "model": one.model.slug, "number": one.number} for one in versions],
        "head": seal.note if seal else None,
        "key": seal.verifier_key if seal else None,
        "files": [
            {"path": name, "sha256": digest_bytes(content), "bytes": len(content)}
            for name, content in sorted(files.items())
        ],
    }
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True).encode()


def zip_of(files: Files) -> bytes:
    """Return the files as a ZIP whose bytes depend on them alone; the manifest comes first."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(files, key=lambda one: (one != "manifest.json", one)):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, files[name])
    return out.getvalue()
