"""The index of an evidence pack as a document: what is in it, with digests, and how to check it without a network."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.template.loader import render_to_string

from apps.core.canonical import canonical_json, digest, digest_bytes
from apps.core.pdf.documents import Attachment, Document

FORMAT = "mlgov.pack-index/1"
#: So many files are listed in the pages; the attached index.json and the manifest list all.
MOST_FILES = 300
#: Folder or file -> what it holds.
ABOUT = {
    "access.json": "Who could do what then",
    "approvals": "Each signature, with its meaning and the evidence that it was given on",
    "audit.jsonl": "The records of the audit log, each with the proof that it is in the sealed log",
    "card": "The model card, as a document and as data",
    "evaluations": "Each report as the engine made it",
    "evidence": "Each state of the evidence, named by its digest",
    "policies": "The revisions of the policy that judged",
    "production.json": "What was in production then, and on whose word",
    "transitions": "Every move from stage to stage",
    "verdicts": "Each request, with what the gate said",
}


def content_of(
    files: Mapping[str, bytes], *, project: str, of: str, versions: list[str], as_of: str | None, head: str
) -> dict[str, Any]:
    """Return what the index says of ``files``, by name; times are RFC 3339."""
    return {
        "format": FORMAT,
        "project": project,
        "of": of,
        "versions": versions,
        "as_of": as_of,
        "head": head,
        "files": [
            {"path": name, "sha256": digest_bytes(content), "bytes": len(content)}
            for name, content in sorted(files.items())
        ],
    }


def document_of(content: Mapping[str, Any], *, dated: str) -> Document:
    """Return what the PDF of an index is made of; ``dated`` is the time of the newest thing in the pack."""
    files = content["files"]
    folders = Counter(one["path"].partition("/")[0] for one in files)
    identity = digest(dict(content))
    context = {
        "content": content,
        "folders": [(name, count, ABOUT.get(name, "")) for name, count in sorted(folders.items())],
        "files": files[:MOST_FILES],
        "total": len(files),
        "bytes": sum(one["bytes"] for one in files),
        "digest": identity,
        "title": f"Evidence pack: {content['of']}",
        "running": f"Evidence pack · {content['of']}",
        "footer": "mlgov evidence pack",
        "author": "mlgov",
        "description": f"Index of the evidence pack of {content['of']}",
        "dated": dated,
    }
    kept = Attachment("index.json", canonical_json(dict(content)), "application/json", "This index as data")
    return Document(
        render_to_string("assurance/index.html", context), identifier=identity, attachments=(kept,)
    )
