"""Find things and commands by name, and say how far a command is."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.http import Http404
from django.urls import reverse

from apps.accounts.models import User
from apps.commands.pages import address_of
from apps.core.errors import Invalid
from apps.evidence.services import collect, collect_project
from apps.experiments.models import Experiment
from apps.policies.criteria import Criterion
from apps.policies.judge import State, Verdict, judge
from apps.policies.method.commands import Command
from apps.policies.queries import current_revision, pack_of
from apps.projects.models import Project
from apps.projects.queries import project_for, project_ids_for, projects_for
from apps.registry.models import Version
from apps.registry.queries import models_for, version_for, versions_for

SHORTEST = 2
#: Hits of one kind.
MOST = 8


@dataclass(frozen=True)
class Hit:
    """Something that was found: of which kind, what it is called, where it belongs, and its address."""

    kind: str
    title: str
    where: str
    url: str


def commands_of(project: Project | None) -> tuple[Command, ...]:
    """Return the commands of a project's policy, or of the policy that new projects follow."""
    revision = project.policy_revision if project else current_revision(settings.DEFAULT_POLICY_PACK)
    return pack_of(revision).method.commands.every


def command_called(name: str, project: Project | None) -> Command:
    """Return the command with this name; raises Http404."""
    found = next((one for one in commands_of(project) if one.key == name.replace("-", "_")), None)
    if found is None:
        raise Http404
    return found


def hits_for(user: User, words: str, project: Project | None = None) -> list[Hit]:
    """Return commands, projects, models, versions, experiments and people by name, of those that the user may see.

    Without words there are the commands alone.
    """
    words = words.strip()
    found = [
        Hit("Command", one.title, one.about, _command_address(one, project))
        for one in commands_of(project)
        if one.is_called(words)
    ]
    if len(words) < SHORTEST:
        return found if not words else []
    return [*found, *_things(user, words), *_people(user, words)]


def _command_address(command: Command, project: Project | None) -> str:
    address = reverse("commands:command", args=[command.key])
    return f"{address}?project={project.slug}" if project else address


def _things(user: User, words: str) -> list[Hit]:
    named = Q(name__icontains=words) | Q(slug__icontains=words)
    found = [
        Hit("Project", one.name, one.purpose[:80], reverse("portal:project", args=[one.slug]))
        for one in projects_for(user).filter(named)[:MOST]
    ]
    found += [
        Hit("Model", one.name, one.project.name, reverse("registry:model", args=[one.pk]))
        for one in models_for(user).filter(named)[:MOST]
    ]
    of_model = Q(model__name__icontains=words) | Q(model__slug__icontains=words)
    found += [
        Hit("Version", str(one), one.model.project.name, reverse("portal:version", args=[one.pk]))
        for one in versions_for(user).filter(of_model)[:MOST]
    ]
    experiments = (
        Experiment.objects.active()
        .filter(project__in=project_ids_for(user))
        .filter(Q(name__icontains=words) | Q(key__icontains=words))
    )
    return found + [
        Hit("Experiment", str(one), one.project.name, reverse("experiments:experiment", args=[one.pk]))
        for one in experiments.select_related("project").order_by("-id")[:MOST]
    ]


def _people(user: User, words: str) -> list[Hit]:
    """Return people who share a project with the user; their address is that of the members there."""
    together = Project.objects.filter(pk__in=project_ids_for(user))
    found = (
        User.objects.filter(memberships__project__in=together)
        .filter(Q(full_name__icontains=words) | Q(email__icontains=words))
        .order_by("full_name", "memberships__project__name")
        .values_list("pk", "full_name", "memberships__project__name", "memberships__project__slug")
    )
    first: dict[Any, Hit] = {}
    for pk, name, project, slug in found[: 5 * MOST]:
        first.setdefault(pk, Hit("Person", name, project, reverse("projects:members", args=[slug])))
    return list(first.values())[:MOST]


@dataclass(frozen=True)
class Step:
    """What must hold for a command to be done, and whether it does."""

    criterion: Criterion
    verdict: Verdict

    @property
    def done(self) -> bool:
        return self.verdict.state == State.PASS


@dataclass(frozen=True)
class Standing:
    """A command for a project or version: how far it is, and what is next."""

    command: Command
    project: Project
    version: Version | None
    steps: tuple[Step, ...]
    url: str

    @property
    def next(self) -> str:
        """What to do next, in a sentence; empty when every step is done."""
        if self.command.subject == "version" and self.version is None:
            return "Register a version first; this is done to one."
        return next((one.criterion.remedy for one in self.steps if not one.done), "")

    @property
    def done(self) -> bool:
        return not self.next


def subject_of(user: User, project: str, version: Any = None) -> tuple[Project, Version | None]:
    """Return the project and version that a command is about; raises Http404 for a stranger.

    Without a version it is the newest of the project that was not archived.
    """
    if version is not None:
        found = version_for(user, version)
        if project and project != found.model.project.slug:
            raise Invalid(
                f"{found} belongs to the project {found.model.project.slug}, not to “{project[:60]}”. Name one of them.",
                code="other_project",
            )
        return found.model.project, found
    named = project_for(user, project)
    newest = versions_for(user).filter(model__project=named).exclude(stage="archived").first()
    return named, newest


def standing_of(command: Command, project: Project, version: Version | None) -> Standing:
    """Judge the steps of a command on the evidence of now; writes nothing."""
    facts = collect(version).document if version is not None else collect_project(project)
    steps = tuple(Step(one, judge(one, facts)) for one in command.steps)
    return Standing(command, project, version, steps, address_of(command.page, project, version))
