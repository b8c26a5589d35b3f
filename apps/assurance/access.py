"""Who could do what at a moment, told by the audit trail alone: members, site roles, accounts, tokens."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from apps.audit.models import Event
from apps.projects.enums import Role
from apps.projects.models import Project
from apps.projects.permissions import ROLES


@dataclass
class TokenThen:
    """A token that was live."""

    name: str
    scopes: str
    expires_at: str


@dataclass
class Principal:
    """Somebody, and what they could do."""

    id: str
    name: str
    kind: str = "person"
    owner: str = ""
    site_role: str = ""
    active: bool = True
    roles: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, TokenThen] = field(default_factory=dict)


@dataclass(frozen=True)
class Standing:
    """A row of the review: a principal's role in one project, or over the site where ``project`` is empty."""

    principal: Principal
    project: str
    role: str
    rights: tuple[str, ...]

    @property
    def tokens(self) -> list[TokenThen]:
        return list(self.principal.tokens.values())


def access_on(at: datetime, *, project: Project | None = None) -> list[Standing]:
    """Return who could do what at ``at``, in a project or in all of them and over the site, by name.

    Rights are those that this release gives a role; roles, accounts and tokens are those of the moment.
    """
    wanted = Q(kind__startswith="accounts.")
    members = Q(kind__startswith="projects.member_")
    if project is not None:
        members &= Q(project_id=project.pk)
    events = Event.objects.filter(wanted | members, recorded_at__lte=at).order_by("id")
    principals = replay(events.iterator(chunk_size=2000))
    names = dict(Project.objects.values_list("pk", "name"))
    found = []
    for one in principals.values():
        _drop_expired(one, at)
        if not one.active:
            continue
        if one.site_role:
            found.append(Standing(one, "", one.site_role, _site_rights(one.site_role)))
        for project_id, role in one.roles.items():
            found.append(Standing(one, names.get(UUID(project_id), project_id), role, rights_of(role)))
    return sorted(found, key=lambda row: (row.project, row.principal.name, row.principal.id))


def rights_of(role: str) -> tuple[str, ...]:
    """Return what a role allows, in words."""
    return tuple(right.value for right, roles in ROLES.items() if role in Role.values and Role(role) in roles)


def _site_rights(role: str) -> tuple[str, ...]:
    read = ("read every project", "read the whole audit trail")
    return (*read, "manage people") if role == "administrator" else read


def _drop_expired(one: Principal, at: datetime) -> None:
    stale = [
        key
        for key, token in one.tokens.items()
        if token.expires_at and datetime.fromisoformat(token.expires_at) <= at
    ]
    for key in stale:
        del one.tokens[key]


def replay(events: Iterable[Event]) -> dict[str, Principal]:
    """Return every principal as the events, oldest first, leave them."""
    known: dict[str, Principal] = {}
    for event in events:
        act = _ACTS.get(event.kind)
        if act is not None:
            act(event, known)
    return known


def _of(known: dict[str, Principal], key: str, name: str) -> Principal:
    return known.setdefault(key, Principal(key, name))


def _person(event: Event, known: dict[str, Principal]) -> None:
    one = _of(known, str(event.object_id), event.object_label)
    one.site_role = str(event.data.get("site_role") or "")


def _service(event: Event, known: dict[str, Principal]) -> None:
    one = _of(known, str(event.object_id), event.object_label)
    owner = known.get(str(event.data.get("owner")))
    one.kind, one.owner = "service", owner.name if owner else str(event.data.get("owner"))


def _site_role(event: Event, known: dict[str, Principal]) -> None:
    one = _of(known, str(event.object_id), event.object_label)
    one.site_role = str(event.data.get("after") or "")


def _switched(active: bool) -> Callable[[Event, dict[str, Principal]], None]:  # noqa: FBT001
    def act(event: Event, known: dict[str, Principal]) -> None:
        _of(known, str(event.object_id), event.object_label).active = active

    return act


def _token(event: Event, known: dict[str, Principal]) -> None:
    # Tokens of the first release did not say whose they are; a person issued them for themselves.
    holder = str(event.data.get("user") or event.actor_id)
    token = TokenThen(
        event.object_label, str(event.data.get("scopes") or ""), str(event.data.get("expires_at") or "")
    )
    _of(known, holder, event.actor_label).tokens[str(event.object_id)] = token


def _token_end(event: Event, known: dict[str, Principal]) -> None:
    for one in known.values():
        one.tokens.pop(str(event.object_id), None)


def _member(event: Event, known: dict[str, Principal]) -> None:
    one = _of(known, str(event.data["user"]), str(event.data.get("member") or ""))
    one.roles[str(event.project_id)] = str(event.data["role"])


def _member_end(event: Event, known: dict[str, Principal]) -> None:
    one = _of(known, str(event.data["user"]), str(event.data.get("member") or ""))
    one.roles.pop(str(event.project_id), None)


_ACTS: dict[str, Callable[[Event, dict[str, Principal]], None]] = {
    "accounts.person_created": _person,
    "accounts.service_account_created": _service,
    "accounts.site_role_changed": _site_role,
    "accounts.switched_off": _switched(active=False),
    "accounts.switched_on": _switched(active=True),
    "accounts.token_issued": _token,
    "accounts.token_revoked": _token_end,
    "projects.member_added": _member,
    "projects.member_role_changed": _member,
    "projects.member_removed": _member_end,
}
