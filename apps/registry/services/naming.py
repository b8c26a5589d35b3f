"""Models as MLflow's clients know them: by a name that is unique in the project, with tags and aliases.

Deleting hides a model and frees its name; nothing is removed. That what a gate has judged stays is the gates' rule.
"""

import re
from collections.abc import Mapping

from django.db.models.functions import Now
from django.utils.text import slugify
from psycopg.types.json import Jsonb

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import governed, statements
from apps.core.db import ATTEMPTS, service, single
from apps.core.errors import Invalid, not_now
from apps.core.ids import new_id
from apps.core.statements import Columns
from apps.policies.queries import pack_of
from apps.projects.models import Project
from apps.projects.permissions import Right, can
from apps.registry.enums import PRODUCTION
from apps.registry.models import Model, Version
from apps.registry.permissions import can_delete_version, not_deleted, there
from apps.registry.queries import MODEL_NAMED
from apps.registry.services.registering import SlugTaken, add_model, under_lock

LONGEST_NAME, LONGEST_SLUG = 256, 60
_ALIAS = re.compile(r"^[\w\-]{1,255}\Z")
_NUMBERED = re.compile(r"^v\d+\Z", re.IGNORECASE)

_MODEL = Columns(Model)
_NAMED = f"SELECT {_MODEL.of('model')} FROM registry_model model WHERE model.id = {MODEL_NAMED}"  # noqa: S608 - written here
_TAKE = "SELECT registry_take_name(%(project)s, %(name)s)"
_SLUGS = "SELECT slug FROM registry_model WHERE project_id = %(project)s AND starts_with(slug, %(stem)s)"
#: Nothing where the name or the short name is taken.
_CREATE = """
INSERT INTO registry_model AS model
    (id, lock_version, project_id, slug, name, description, tags, aliases, created_by_id, retirement_reason)
SELECT %(id)s, 1, %(project)s::uuid, %(slug)s, %(name)s::text, %(description)s, %(tags)s, '{}', %(by)s, ''
WHERE registry_take_name(%(project)s::uuid, %(name)s::text)
ON CONFLICT (project_id, slug) DO NOTHING RETURNING model.*, model.name AS label
"""

_TAG = f"""
UPDATE registry_model model SET tags = model.tags || %(tag)s, lock_version = model.lock_version + 1,
    updated_at = statement_timestamp()
WHERE model.id = {MODEL_NAMED} AND model.deleted_at IS NULL AND NOT model.tags @> %(tag)s
RETURNING model.*, model.name AS label
"""  # noqa: S608 - written here


class ModelNameTaken(Invalid):
    """The project has a model of this name."""


def model_named(project: Project, name: str) -> Model | None:
    """Return the model of this name that is not deleted; where the portal has made several, the oldest."""
    for values in statements.rows(_NAMED, {"project": project.pk, "name": name.strip()}):
        model = _MODEL.made(values)
        model.project = project
        return model
    return None


def demand_name(name: str) -> str:
    """Return the name of a model without spaces around it; raises Invalid for one that no address of a model can hold."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise Invalid(
            f"The name of a model has 1 to {LONGEST_NAME} characters, this one {len(name)}. Choose another.",
            code="bad_name",
        )
    if "/" in name or ":" in name or name in {".", ".."}:
        raise Invalid(
            f"Invalid model name '{name[:80]}'. Names cannot contain '/' or ':', and are not '.' or '..'.",
            code="bad_name",
        )
    return name


def create_named(
    project: Project, *, name: str, by: User, description: str = "", tags: Mapping[str, str]
) -> Model:
    """Name a model by a name that is free in the project; raises ModelNameTaken."""
    can(by, Right.CONTRIBUTE, project).enforce()
    name = demand_name(name)
    made = _create_at_once(project, name=name, by=by, description=description, tags=tags)
    if made is not None:
        return made
    for _ in range(ATTEMPTS):
        try:
            return _create_named(project, name=name, by=by, description=description, tags=tags)
        except SlugTaken as error:
            # Another name that makes the same short one was faster.
            taken = error
    raise taken


@single
def _create_at_once(
    project: Project, *, name: str, by: User, description: str, tags: Mapping[str, str]
) -> Model | None:
    """Name a model in one statement; return None, having done nothing, where `_create_named` must look."""
    slug = _stem(name)
    given = {
        "id": new_id(),
        "project": project.pk,
        "slug": slug,
        "name": name,
        "description": description,
        "tags": Jsonb(dict(tags)),
        "by": by.pk,
    }
    made = audit.changed_recorded(_CREATE, given, "registry.model_created", Model, by=by, slug=slug)
    if made is not None:
        made.project, made.created_by = project, by
    return made


@service
def _create_named(
    project: Project, *, name: str, by: User, description: str, tags: Mapping[str, str]
) -> Model:
    _take(project, name)
    stem = _stem(name)
    slug = _free_slug(stem, _slugs(project, stem))
    return add_model(project, slug=slug, name=name, by=by, description=description, tags=tags)


def _take(project: Project, name: str) -> None:
    """Take a name until the transaction ends; raises ModelNameTaken where a model has it."""
    ((is_free,),) = statements.rows(_TAKE, {"project": project.pk, "name": name})
    if not is_free:
        raise ModelNameTaken(f"Registered Model (name={name}) already exists.", code="name_taken")


def _slugs(project: Project, stem: str) -> set[str]:
    """Return the short names that begin with a stem, deleted models' too."""
    return {slug for (slug,) in statements.rows(_SLUGS, {"project": project.pk, "stem": stem})}


def _stem(name: str) -> str:
    plain = re.sub(r"-+", "-", slugify(name).replace("_", "-")).strip("-")
    return plain[: LONGEST_SLUG - 6].strip("-") or "model"


def _free_slug(stem: str, taken: set[str]) -> str:
    numbered = (f"{stem}-{place}" for place in range(2, len(taken) + 3))
    return stem if stem not in taken else next(one for one in numbered if one not in taken)


@service
def rename_model(model: Model, *, name: str, by: User) -> Model:
    """Give a model another name that is free in the project; raises ModelNameTaken."""
    can(by, Right.CONTRIBUTE, model.project).enforce()
    name = demand_name(name)
    current = _held(model)
    if current.name == name:
        return current
    _take(current.project, name)
    return _changed(current, by=by, what="the name", name=name)


@service
def describe_model(model: Model, *, description: str, by: User) -> Model:
    """Say what a model is for."""
    can(by, Right.CONTRIBUTE, model.project).enforce()
    current = _held(model)
    if current.description == description:
        return current
    return _changed(current, by=by, what="the description", description=description)


@service
def tag_model(model: Model, *, name: str, value: str | None, by: User) -> Model:
    """Set a tag of a model, or take it away with None."""
    can(by, Right.CONTRIBUTE, model.project).enforce()
    current = _held(model)
    tags = _tagged(current.tags, name, value)
    return current if tags == current.tags else _changed(current, by=by, what=_tag_words(name), tags=tags)


@single
def tag_at_once(project: Project, model: str, *, name: str, value: str, by: User) -> bool:
    """Set a tag of the model of this name, in one statement; return False, having done nothing, where `tag_model` must look.

    That is a model that is not there, and a tag that has this value already.
    """
    can(by, Right.CONTRIBUTE, project).enforce()
    given = {"project": project.pk, "name": model.strip(), "tag": Jsonb({name: value})}
    changed = audit.changed_recorded(
        _TAG, given, "registry.model_changed", Model, by=by, fields=_tag_words(name)
    )
    return changed is not None


def _tag_words(name: str) -> str:
    return f"the tag {name}"


@service
def describe_version(version: Version, *, description: str, by: User) -> Version:
    """Say what a version is."""
    can(by, Right.CONTRIBUTE, version.model.project).enforce()
    current = _held_version(version)
    if current.description == description:
        return current
    return _version_changed(current, by=by, what="the description", description=description)


@service
def tag_version(version: Version, *, name: str, value: str | None, by: User) -> Version:
    """Set a tag of a version, or take it away with None."""
    can(by, Right.CONTRIBUTE, version.model.project).enforce()
    current = _held_version(version)
    tags = _tagged(current.tags, name, value)
    if tags == current.tags:
        return current
    return _version_changed(current, by=by, what=_tag_words(name), tags=tags)


def demand_alias(alias: str) -> str:
    """Return an alias; raises Invalid for what reads as the number of a version or as the newest one."""
    if not _ALIAS.match(alias):
        raise Invalid(
            f"Invalid alias name: '{alias[:80]}'. An alias has 1 to 255 letters, digits, underscores and dashes.",
            code="bad_alias",
        )
    if _NUMBERED.match(alias) or alias.lower() == "latest":
        raise Invalid(
            f"The alias name '{alias[:80]}' is reserved: it names a version by itself. Choose another.",
            code="bad_alias",
        )
    return alias


@service
def set_alias(version: Version, *, alias: str, by: User) -> Model:
    """Let an alias name this version, and no other of its model. Raises Refused for an alias of production."""
    can(by, Right.CONTRIBUTE, version.model.project).enforce()
    demand_alias(alias)
    model = _held(version.model)
    _demand_free_alias(model, alias)
    current = _held_version(version)
    if model.aliases.get(alias) == current.number:
        return model
    governed.change(model, aliases={**model.aliases, alias: current.number})
    audit.record(
        "registry.alias_set",
        model,
        by=by,
        project_id=model.project_id,
        alias=alias,
        number=current.number,
        version=str(current.pk),
    )
    return model


@service
def remove_alias(model: Model, *, alias: str, by: User) -> Model:
    """Take an alias from a model; one that it does not have changes nothing. Raises Refused for an alias of production."""
    can(by, Right.CONTRIBUTE, model.project).enforce()
    current = _held(model)
    _demand_free_alias(current, alias)
    if alias not in current.aliases:
        return current
    left = {name: number for name, number in current.aliases.items() if name != alias}
    governed.change(current, aliases=left)
    audit.record("registry.alias_removed", current, by=by, project_id=current.project_id, alias=alias)
    return current


def _demand_free_alias(model: Model, alias: str) -> None:
    if pack_of(model.project.policy_revision).means_production(alias):
        not_now(
            f"The alias {alias} names whatever version of {model.name} is in {PRODUCTION}. It moves when a request for "
            "promotion is signed, and by suspending, rolling back or replacing that version.",
            code="alias_of_production",
        ).enforce()


@service
def delete_version(version: Version, *, by: User) -> Version:
    """Hide a version that never left its first stage, with its aliases; it keeps its number. Called by the gates alone."""
    model = _held(version.model)
    current = _held_version(version)
    can_delete_version(by, current).enforce()
    left = {name: number for name, number in model.aliases.items() if number != current.number}
    # Also where no alias goes: of what a client knows of the model, its versions are a part.
    _changed(model, by=by, what="the aliases" if left != model.aliases else "the versions", aliases=left)
    governed.change(current, deleted_at=Now())
    audit.record("registry.version_deleted", current, by=by, project_id=model.project_id)
    return current


@service
def delete_model(model: Model, *, by: User) -> Model:
    """Hide a model of which no version left its first stage, and free its name. Called by the gates alone."""
    can(by, Right.CONTRIBUTE, model.project).enforce()
    current = _held(model)
    not_deleted(current).enforce()
    for version in _versions(current):
        can_delete_version(by, version).enforce()
    governed.change(current, deleted_at=Now())
    audit.record("registry.model_deleted", current, by=by, project_id=current.project_id)
    return current


def _versions(model: Model) -> list[Version]:
    rows = Version.objects.filter(model=model, deleted_at__isnull=True).order_by("number")
    return list(rows.select_related("model__project__policy_revision"))


def _tagged(tags: Mapping[str, str], name: str, value: str | None) -> dict[str, str]:
    left = {one: held for one, held in tags.items() if one != name}
    return left if value is None else {**left, name: value}


def _held(model: Model) -> Model:
    """Lock a model and read it afresh; raises Refused for a deleted one."""
    current = under_lock(model)
    not_deleted(current).enforce()
    return current


def _held_version(version: Version) -> Version:
    """Lock a version and read it afresh; raises Refused for a deleted one."""
    rows = Version.objects.select_for_update(of=("self",))
    current = rows.select_related("model__project__policy_revision", "created_by", "run").get(pk=version.pk)
    there(current).enforce()
    return current


def _changed(model: Model, *, by: User, what: str, **written: object) -> Model:
    governed.change(model, **written)
    audit.record("registry.model_changed", model, by=by, project_id=model.project_id, fields=what)
    return model


def _version_changed(version: Version, *, by: User, what: str, **written: object) -> Version:
    governed.change(version, **written)
    audit.record("registry.version_changed", version, by=by, project_id=version.model.project_id, fields=what)
    return version
