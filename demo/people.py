"""Who takes part in the demonstration, with passwords made at random."""

import secrets
from dataclasses import dataclass
from typing import Any

from apps.accounts import services as accounts
from apps.accounts.enums import Scope, SiteRole
from apps.accounts.models import Token, User
from apps.projects import services as projects
from apps.projects.enums import Role
from apps.projects.models import Membership, Project

PIPELINE = "training pipeline"


@dataclass(frozen=True)
class Person:
    """A person of the cast: ``role`` in the project, or ``site_role`` over the whole site."""

    name: str
    full_name: str
    role: str
    site_role: str
    does: str

    @property
    def email(self) -> str:
        return f"{self.name}@example.com"


CAST = (
    Person("ben", "Ben Okafor", Role.REVIEWER, "", "reviewer: a signature waits for him"),
    Person("rita", "Rita Lindqvist", Role.RISK, "", "risk officer: has signed; a waiver waits for her"),
    Person("olivia", "Olivia Marsh", Role.OWNER, "", "owns the project"),
    Person("dana", "Dana Petrova", Role.CONTRIBUTOR, "", "data scientist, answers for the pipeline"),
    Person("vera", "Vera Cruz", Role.VIEWER, "", "looks on"),
    Person("olga", "Olga Brandt", "", SiteRole.AUDITOR, "auditor: has had the log verified"),
    Person("adam", "Adam Novak", "", SiteRole.ADMINISTRATOR, "administrator; may not approve"),
)


def gather(known: dict[str, str]) -> tuple[dict[str, User], dict[str, str]]:
    """Return the people and their passwords by name; ``known`` holds those of an earlier start."""
    users, passwords = {}, {}
    for person in CAST:
        user = User.objects.filter(email=person.email).first()
        password = known.get(person.name)
        if user is None:
            password = secrets.token_urlsafe(12)
            user = accounts.create_person(
                person.email,
                full_name=person.full_name,
                by=None,
                site_role=person.site_role,
                password=password,
            )
        elif password is None or not user.check_password(password):
            password = secrets.token_urlsafe(12)
            accounts.set_password(user, password=password, by=None)
        users[person.name], passwords[person.name] = user, password
    return users, passwords


def token_of(user: User, *, name: str, by: User, known: str | None) -> str:
    """Return a live token of ``user``: the known one, or a new one."""
    if known and accounts.token_for(known):
        return known
    for old in Token.objects.filter(user=user, name=name, revoked_at__isnull=True):
        accounts.revoke_token(old, by=by)
    _, secret = accounts.issue_token(user, name=name, scopes=Scope.values, by=by)
    return secret


def pipeline_of(owner: User) -> User:
    """Return the service account that the pipeline signs in with."""
    found = User.objects.filter(owner=owner, full_name=PIPELINE).first()
    return found or accounts.create_service_account(PIPELINE, owner=owner, by=owner)


def join(project: Project, users: dict[str, User], pipeline: User) -> None:
    """Make the cast members of the project."""
    wanted = [(users[person.name], person.role) for person in CAST if person.role]
    wanted.append((pipeline, Role.CONTRIBUTOR))
    present = set(Membership.objects.filter(project=project).values_list("user_id", flat=True))
    for user, role in wanted:
        if user.pk not in present:
            projects.add_member(project, user=user, role=role, by=users["olivia"])


def described(passwords: dict[str, str]) -> list[dict[str, Any]]:
    """Return the cast as var/demo.json lists it."""
    return [
        {"name": one.full_name, "email": one.email, "password": passwords[one.name]}
        | {"role": one.role or one.site_role, "does": one.does}
        for one in CAST
    ]
