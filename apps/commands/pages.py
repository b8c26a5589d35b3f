"""Where the commands of a policy lead. A test holds these names against the schema of packs."""

from collections.abc import Callable

from django.urls import reverse

from apps.evaluations.queries import latest_evaluation
from apps.projects.models import Project
from apps.registry.models import Version

#: Pages of a project: name in a pack -> name of the address.
OF_PROJECT = {
    "brief": "projects:brief",
    "data": "data:sources",
    "experiments": "experiments:of_project",
    "costs": "costs:project",
    "savings": "costs:savings",
}


def _evaluation(version: Version) -> str:
    newest = latest_evaluation(version)
    if newest is None:
        return reverse("portal:version", args=[version.pk])
    return reverse("evaluations:evaluation", args=[newest.pk])


#: Pages of a version.
OF_VERSION: dict[str, Callable[[Version], str]] = {
    "version": lambda version: reverse("portal:version", args=[version.pk]),
    "evaluation": _evaluation,
    "rag_checklist": lambda version: reverse("checklists:checklist", args=[version.pk, "rag"]),
    "rubric": lambda version: reverse("rubrics:rubric", args=[version.pk]),
    "card": lambda version: reverse("modelcards:card", args=[version.pk]),
}


def address_of(page: str, project: Project, version: Version | None) -> str:
    """Return the address of a page of a pack; without a version its pages lead to the project."""
    if page in OF_PROJECT:
        return reverse(OF_PROJECT[page], args=[project.slug])
    if page in OF_VERSION and version is not None:
        return OF_VERSION[page](version)
    return reverse("portal:project", args=[project.slug])
