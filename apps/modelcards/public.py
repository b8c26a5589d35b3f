"""What of a card people without an account may read: its published texts and figures, and nobody's name.

``content_of`` is what a publication keeps, a projection of the card's document by an allow-list; ``public_view`` is the
one place where it is made fit for strangers. It leaves out where things are and who did them: texts lose the names and
addresses of members, addresses of this portal and of private machines, and paths of files. Words that people write in
their own sentences otherwise stay as they are.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.addresses import PRIVATE_ENDINGS, is_global, is_own, leads_outside
from apps.core.charts.drawing import interval
from apps.evaluations.wording import figure_words, label_of
from apps.projects.enums import DataRole, Role
from apps.projects.models import Project
from apps.registry.models import Version

#: 1 had no language.
SCHEMA = 2
#: States of fields whose text a person wrote; what evidence fills is for the project alone.
WRITTEN = frozenset({"written", "stale"})
#: Of any scheme, also of two such as jdbc:postgresql.
_ADDRESS = re.compile(
    r"\b(?:[a-z][a-z0-9+.-]{0,19}:)?[a-z][a-z0-9+.-]{0,19}://(?:\[[0-9a-f:.]+\])?[^\s<>()\[\]\"'`]*",
    re.IGNORECASE,
)
_PATH = re.compile(
    r"(?<![\w/:.])(?:~|\.{1,2})?/(?:[\w.@+-]+/)*[\w.@+-]+|\b[A-Za-z]:\\[^\s<>\"|?*]+|\\\\[\w.-]+\\[^\s<>\"|?*]+"
)
_HEX = re.compile(r"\b(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{7,64})\b")
#: What may be a host, whole: to look for an ending at each of its dots would take the square of its length.
_HOST = re.compile(r"(?<![\w.-])[\w.-]+(?::\d+)?")
_IP = re.compile(
    r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d)(?::\d+)?"
    r"|(?<![\w:])(?:f[cd][0-9a-f]{2}|fe80)(?::[0-9a-f]{0,4}){2,7}(?![\w:])",
    re.IGNORECASE,
)
#: What may stand between two words of a name in Markdown: white space, marks of emphasis, a quote's mark in a new line.
_BETWEEN = r"(?:[\s*_~`>\\]|&nbsp;|&#160;|&#xa0;)+"


#: What of the card's document a publication takes, and nothing else: a key that is new in the document is not public until
#: it stands here. True takes a value as it is; a part in brackets is a list.
ALLOWED: dict[str, Any] = {
    "version": {"model": True, "number": True},
    "card": {"language": True},
    "fields": [{"key": True, "title": True, "text": True, "state": True}],
    "evaluations": [
        {
            **{"task": True, "rows": True, "split": True},
            "metrics": [{"title": True, "value": True, "low": True, "high": True}],
            "fairness": [
                {
                    **{"attribute": True, "crossing": True},
                    "groups": [
                        {
                            **{
                                "value": True,
                                "rows": True,
                                "selection_rate": True,
                                "low": True,
                                "high": True,
                            },
                            **{"impact_ratio": True, "impact_low": True, "impact_high": True},
                        }
                    ],
                }
            ],
        }
    ],
}


def _allowed(rule: Any, value: Any) -> Any:
    """Return what ``rule`` lets through of a value."""
    if isinstance(rule, dict):
        return {key: _allowed(part, value[key]) for key, part in rule.items()}
    if isinstance(rule, list):
        return [_allowed(rule[0], one) for one in value]
    return value


def content_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a publication keeps of the card's document: its written texts, and the figures of the newest evaluation."""
    seen = _allowed(ALLOWED, document)
    return {
        "schema": SCHEMA,
        "model": seen["version"]["model"],
        "number": seen["version"]["number"],
        "language": seen["card"]["language"],
        "fields": [
            {name: one[name] for name in ("key", "title", "text")}
            for one in seen["fields"]
            if one["state"] in WRITTEN and one["text"].strip()
        ],
        "figures": _figures(seen["evaluations"][0]) if seen["evaluations"] else None,
    }


def _figures(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "task": found["task"],
        "rows": found["rows"],
        "split": DataRole(found["split"]).label,
        "metrics": [{"title": one["title"], "value": figure_words(one)} for one in found["metrics"]],
        "fairness": [
            {
                "attribute": one["attribute"],
                "groups": [
                    {
                        "value": group["value"],
                        "rows": group["rows"],
                        "selection_rate": interval(group["selection_rate"], group["low"], group["high"]),
                        "impact_ratio": interval(
                            group["impact_ratio"], group["impact_low"], group["impact_high"]
                        ),
                    }
                    for group in one["groups"]
                ],
            }
            for one in found["fairness"]
            if not one["crossing"]
        ],
    }


@dataclass(frozen=True)
class PublicField:
    title: str
    text: str


@dataclass(frozen=True)
class PublicGroup:
    value: str
    rows: str
    selection_rate: str
    impact_ratio: str


@dataclass(frozen=True)
class PublicAttribute:
    """A protected attribute with how its groups fare."""

    title: str
    groups: tuple[PublicGroup, ...]
    #: How many groups are not shown, for so few people are in them.
    hidden: int


@dataclass(frozen=True)
class PublicCard:
    """Everything on the public page."""

    name: str
    number: int
    published_on: str
    role: str
    language: str
    fields: tuple[PublicField, ...]
    figures: Mapping[str, Any] | None
    metrics: tuple[tuple[str, str], ...]
    fairness: tuple[PublicAttribute, ...]


def public_view(
    content: Mapping[str, Any],
    *,
    role: str,
    published_on: str,
    secrets: Mapping[str, str],
    smallest: int,
) -> PublicCard:
    """Return the page of a published ``content``; ``secrets`` are words that must not be read and what stands for each.

    ``smallest`` is how many rows a group has at least to be shown.
    """
    clean = partial(_without, secrets)
    figures = content["figures"] or {}
    return PublicCard(
        name=clean(content["model"]),
        number=content["number"],
        published_on=published_on,
        role=role,
        language=content.get("language", "en"),
        fields=tuple(PublicField(clean(one["title"]), clean(one["text"])) for one in content["fields"]),
        figures=content["figures"],
        metrics=tuple((one["title"], one["value"]) for one in figures.get("metrics", [])),
        fairness=tuple(_attribute(one, clean, smallest) for one in figures.get("fairness", [])),
    )


def _attribute(one: Mapping[str, Any], clean: Callable[[str], str], smallest: int) -> PublicAttribute:
    kept = _large(one["groups"], smallest)
    hidden = len(one["groups"]) - len(kept)
    # A ratio times the highest rate is a rate: where the group of the highest is not shown, the others would tell it.
    told = not hidden or any(group["impact_ratio"].startswith("1.000") for group in kept)
    groups = tuple(
        PublicGroup(
            *(clean(group["value"]), f"{group['rows']:,}", group["selection_rate"]),
            group["impact_ratio"] if told else "not shown",
        )
        for group in kept
    )
    return PublicAttribute(label_of(clean(one["attribute"])), groups, hidden)


def _large(groups: Sequence[Mapping[str, Any]], smallest: int) -> list[Mapping[str, Any]]:
    """Return the groups of ``smallest`` rows or more. One alone is not hidden: all rows less the others would tell it."""
    kept = [one for one in groups if one["rows"] >= smallest]
    if kept and len(kept) == len(groups) - 1:
        kept.remove(min(kept, key=lambda one: one["rows"]))
    return kept


def secrets_of(version: Version) -> dict[str, str]:
    """Return the words that strangers must not read in a card of this version, and what stands for each."""
    project, run = version.model.project, version.run
    found: dict[str, str] = {}
    for person, role in _people_of(project, version):
        found |= {person.email: f"[{role}]", person.full_name: f"[{role}]"}
    found |= dict.fromkeys((version.commit, run.code_commit if run else ""), "[left out]")
    found |= dict.fromkeys(version.artifacts.values_list("path", flat=True), "[path]")
    # Names that are plain words ("mortgages") would tear holes into sentences; as part of an address they go with it.
    codes = [project.slug, version.model.slug, run.name if run else "", run.experiment.name if run else ""]
    codes += version.evaluations.values_list("prediction_set__dataset", flat=True)
    codes += run.datasets.values_list("name", flat=True) if run else ()
    found |= dict.fromkeys((one for one in codes if re.search(r"[^A-Za-z]", one)), "[left out]")
    return {word: said for word, said in found.items() if len(word.strip()) > 1}


def _people_of(project: Project, version: Version) -> list[tuple[User, str]]:
    """Return everybody who has, or had, a hand in the project, with their role of now in words."""
    roles = dict(project.memberships.values_list("user", "role"))
    made = {version.created_by_id, project.created_by_id, version.model.created_by_id}
    wrote = (
        set(version.card.revisions.values_list("author", flat=True)) if hasattr(version, "card") else set()
    )
    # Who left is a member no more, but was told of as one; the trail keeps it.
    joined = Event.objects.filter(project_id=project.pk, kind="projects.member_added")
    ever = {UUID(one) for one in joined.values_list("data__user", flat=True) if one}
    people = User.objects.filter(
        Q(pk__in={*roles, *made, *wrote, *ever}) | Q(service_accounts__pk__in={*roles, *ever})
    ).distinct()
    return [
        (one, Role(roles[one.pk]).label.lower() if one.pk in roles else "member of the project")
        for one in people
    ]


def _without(secrets: Mapping[str, str], text: str) -> str:
    """Return a text without secrets, private addresses, paths and digests."""
    for word in sorted(secrets, key=len, reverse=True):
        text = _pattern(word).sub(_said(secrets[word]), text)
    text = _ADDRESS.sub(lambda found: found[0] if is_public(found[0]) else "[internal address]", text)
    between = [_without_places(part) for part in _ADDRESS.split(text)]
    kept = [*_ADDRESS.findall(text), ""]
    return "".join(piece for pair in zip(between, kept, strict=True) for piece in pair)


@lru_cache(maxsize=1000)
def _pattern(word: str) -> re.Pattern[str]:
    """Return what finds a secret as people write it in Markdown: broken over lines, in bold, with escaped signs."""
    # A name of one word, such as May, is masked where it is written as the name.
    flags = re.IGNORECASE if re.search(r"\W", word) else re.NOFLAG
    parts = [
        "".join(re.escape(one) if one.isalnum() else rf"\\?{re.escape(one)}" for one in part)
        for part in word.split()
    ]
    return re.compile(rf"(?<![^\W_]){_BETWEEN.join(parts)}(?![^\W_])", flags)


def _without_places(text: str) -> str:
    """Return a text that holds no whole address without hosts of private networks and of this portal, paths and digests."""
    own = _own_hosts()
    text = _HOST.sub(lambda found: _unless_private(found[0], own), _IP.sub(_unless_global, text))
    return _HEX.sub(_unless_number, _PATH.sub("[path]", text))


def _unless_private(word: str, own: Collection[str]) -> str:
    host = word.partition(":")[0].strip("._-").lower()
    private = host == "localhost" or host.endswith(PRIVATE_ENDINGS) or is_own(host, own)
    return "[internal address]" + word[len(word.rstrip("._-")) :] if private else word


def _own_hosts() -> list[str]:
    """Return the names under which this portal answers."""
    names = [urlsplit(settings.BASE_URL).hostname or "", *settings.ALLOWED_HOSTS]
    return list(dict.fromkeys(one.lower() for one in names if one.strip(".*")))


def _unless_global(found: re.Match[str]) -> str:
    host = found[0].partition(":")[0] if "." in found[0] else found[0]
    try:
        return found[0] if is_global(host) else "[internal address]"
    except ValueError:
        return found[0]


def _said(words: str) -> Callable[[re.Match[str]], str]:
    """Return a replacement in which nothing is read as a reference to a group."""
    return lambda _: words


def _unless_number(found: re.Match[str]) -> str:
    """A figure such as 1000000 is no digest, and neither is a word such as defaced."""
    text = found[0]
    return "[left out]" if re.search(r"\d", text) and re.search(r"[a-f]", text) else text


def is_public(address: str) -> bool:
    """Tell whether an address leads to the open internet and not to this portal, as far as it can be seen by itself."""
    return leads_outside(address, own=_own_hosts())
