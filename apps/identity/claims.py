"""Which claims of an identity token a trust names, and whether a token says the same.

Every value is compared whole, as it stands: no patterns. A pattern over branches or workflows matches what somebody
names tomorrow. Names of repositories and owners can be given up and taken by somebody else, numbers cannot.

Claims: GitHub, "OpenID Connect reference"; GitLab, "OpenID Connect (OIDC) authentication using ID tokens".
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from apps.core.errors import Invalid
from apps.core.texts import printable
from apps.identity.enums import IssuerKind

GITHUB = "https://token.actions.githubusercontent.com"
GITLAB = "https://gitlab.com"
MOST_CLAIMS = 12
LONGEST_VALUE = 500
#: Checked in every token by itself; a trust that named them alone would trust everybody.
CHECKED_ANYWAY = frozenset({"iss", "aud", "exp", "iat", "nbf", "jti"})
_NAME = re.compile(r"[A-Za-z0-9_.:/-]{1,100}\Z")
_NUMBER = re.compile(r"[1-9][0-9]{0,19}\Z")
#: What a use of a trust is remembered with, where the token says it.
_TOLD = (
    *("sub", "repository", "repository_id", "repository_owner_id", "ref", "sha", "environment", "event_name"),
    *("workflow_ref", "job_workflow_ref", "run_id", "run_attempt", "actor_id"),
    *("project_id", "project_path", "namespace_id", "ref_path", "ci_config_ref_uri", "pipeline_id", "job_id"),
)
_LONGEST_TOLD = 300


@dataclass(frozen=True)
class Demand:
    """What a trust in a kind of issuer must name: these numbers, and one claim at least of where in there."""

    numbers: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


DEMANDS = {
    IssuerKind.GITHUB: Demand(
        numbers=("repository_id", "repository_owner_id"),
        places=("environment", "workflow_ref", "job_workflow_ref", "ref"),
    ),
    IssuerKind.GITLAB: Demand(
        numbers=("project_id", "namespace_id"),
        places=("environment", "ci_config_ref_uri", "ref_path", "ref_protected"),
    ),
    IssuerKind.OTHER: Demand(),
}
#: Claim of GitLab -> what it is worth nothing without: anybody who pushes may name an environment that is not protected.
_WITH = {"environment": ("environment_protected", "true"), "ref_protected": ("ref_protected", "true")}


def kind_of(issuer: str, kind: str) -> IssuerKind:
    """Return the kind whose demands hold: an issuer that is known by its host is of its kind, whatever is said."""
    known = {urlsplit(GITHUB).netloc: IssuerKind.GITHUB, urlsplit(GITLAB).netloc: IssuerKind.GITLAB}
    return known.get(urlsplit(issuer).netloc.lower()) or IssuerKind(kind)


def demand_claims(kind: IssuerKind, claims: dict[str, Any]) -> dict[str, str]:
    """Return the claims of a trust, or raise Invalid with every fault of them."""
    faults = [*_faults_of_form(claims)]
    if not faults:
        faults = [*_faults_of_kind(kind, claims)]
    if faults:
        raise Invalid(
            faults[0], code="bad_claims", field="claims", problems=[{"detail": one} for one in faults]
        )
    return dict(claims)


def _faults_of_form(claims: dict[str, Any]) -> list[str]:
    if not claims or len(claims) > MOST_CLAIMS:
        return [f"Name the claims that a token must have: at least one, at most {MOST_CLAIMS}."]
    faults = []
    for name, value in claims.items():
        if not _NAME.match(name):
            faults.append(f"“{name[:40]}” is no name of a claim: letters, digits and _ . : / - make one.")
        elif name in CHECKED_ANYWAY:
            faults.append(f"The claim {name} is checked in every token; name others, that say who it is for.")
        elif not isinstance(value, str) or not value.strip() or value != value.strip():
            faults.append(f"The claim {name} needs a text, without spaces around it; it cannot be empty.")
        elif len(value) > LONGEST_VALUE or not value.isprintable():
            faults.append(f"The claim {name} has at most {LONGEST_VALUE} characters, all of them printable.")
        elif "*" in value:
            faults.append(f"The claim {name} is compared as it stands, and * is no pattern. Write all of it.")
    return faults


def _faults_of_kind(kind: IssuerKind, claims: dict[str, str]) -> list[str]:
    demand, faults = DEMANDS[kind], []
    for name in demand.numbers:
        if not _NUMBER.match(claims.get(name, "")):
            faults.append(
                f"{kind.label} needs {name} as a number. A name could be given up and taken by somebody else; "
                "the number stays."
            )
    if demand.places and not set(demand.places) & claims.keys():
        faults.append(
            f"Say which part of it is trusted, by one at least of {', '.join(demand.places)}; "
            "else whoever may push any branch gets in."
        )
    if kind == IssuerKind.GITLAB:
        for name, (needed, value) in _WITH.items():
            if name in claims and claims.get(needed) != value:
                faults.append(f"With {name}, {needed} must be {value}: else anybody who pushes may name it.")
    return faults


def mismatches(expected: dict[str, str], told: dict[str, Any]) -> list[str]:
    """Return the names of the claims that a token lacks or says otherwise. A whole number counts as its digits."""
    return [name for name, value in expected.items() if _as_text(told.get(name)) != value]


def _as_text(value: Any) -> str | None:
    """A list, an object, a fraction and a truth value equal no text: each could be written in several ways."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None


def told_by(claims: dict[str, Any]) -> dict[str, str]:
    """Return what is kept about a token: where it came from, cut to what can be shown."""
    found = ((name, _as_text(claims.get(name))) for name in _TOLD)
    return {name: printable(value, most=_LONGEST_TOLD) for name, value in found if value}
