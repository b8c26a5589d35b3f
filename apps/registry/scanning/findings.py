"""What a scan says."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Danger(StrEnum):
    """How loading a file could end, from harmless to harmful."""

    SAFE = "safe"
    UNKNOWN = "unknown"
    SUSPICIOUS = "suspicious"
    UNREADABLE = "unreadable"
    DANGEROUS = "dangerous"


#: From harmless to harmful; the worst of several files is the one further along.
ORDER = tuple(Danger)


def worst(dangers: list[Danger]) -> Danger:
    """Return the most harmful; safe where there is none."""
    return max(dangers, key=ORDER.index, default=Danger.SAFE)


@dataclass(frozen=True)
class Finding:
    """One thing that a file names or does: ``what`` for machines, ``sentence`` for people."""

    danger: Danger
    what: str
    sentence: str

    def to_json(self) -> dict[str, str]:
        """Return plain JSON."""
        return {"danger": str(self.danger), "what": self.what, "sentence": self.sentence}


@dataclass(frozen=True)
class Scan:
    """A file's format, its worst finding, all findings, and what its header tells."""

    format: str
    danger: Danger
    findings: tuple[Finding, ...] = ()
    header: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {
            "format": self.format,
            "danger": str(self.danger),
            "findings": [finding.to_json() for finding in self.findings],
            "header": self.header,
        }


def scan_of(kind: str, findings: list[Finding], header: dict[str, Any] | None = None) -> Scan:
    """Return the scan whose danger is the worst of its findings."""
    return Scan(kind, worst([finding.danger for finding in findings]), tuple(findings), header or {})
