"""Registered models and their versions: loaded from the caller's project, and in the words of the protocol."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import QuerySet

from apps.core.errors import Invalid
from apps.core.texts import whole_number
from apps.mlflow.answers import USER_TAG, milliseconds, model_key, pairs
from apps.mlflow.callers import Caller
from apps.mlflow.errors import NotThere
from apps.mlflow.queries import uuid_of
from apps.policies.pack import PRODUCTION, Pack
from apps.policies.queries import pack_of, without_texts
from apps.registry.models import Model, Version
from apps.registry.services import model_named


class ShownVersion(msgspec.Struct):
    """What a version's document is made of. Times are milliseconds since 1970; the aliases are those that name it."""

    pk: UUID
    created_at: int
    updated_at: int
    number: int
    stage: str
    description: str
    run_id: UUID | None
    logged_model_id: UUID | None
    source: str
    run_link: str
    maker: str
    model_name: str
    tags: Mapping[str, Any]
    aliases: Sequence[str] = ()


def shown_version(version: Version) -> ShownVersion:
    """Return what the document of a row is made of."""
    return ShownVersion(
        pk=version.pk,
        created_at=milliseconds(version.created_at),
        updated_at=milliseconds(version.updated_at),
        number=version.number,
        stage=version.stage,
        description=version.description,
        run_id=version.run_id,
        logged_model_id=version.logged_model_id,
        source=version.source,
        run_link=version.run_link,
        maker=version.created_by.full_name,
        model_name=version.model.name,
        tags=version.tags,
        aliases=by_number(version.model.aliases).get(version.number, ()),
    )


def by_number(aliases: Mapping[str, int]) -> dict[int, list[str]]:
    """Return the aliases of a model by the number of the version that each names."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for name, number in aliases.items():
        found[number].append(name)
    return found


#: The stages that MLflow has; the policy's first one is its None, and a stage of another name keeps its title.
NONE = "None"
_KNOWN = {"staging": "Staging", PRODUCTION: "Production", "archived": "Archived"}
LATEST = "latest"


def pack_for(caller: Caller) -> Pack:
    """Return the policy of the caller's project."""
    return pack_of(caller.project.policy_revision)


def stage_name(pack: Pack, key: str) -> str:
    """Return a stage of the policy as clients read it."""
    return NONE if key == pack.initial_stage else _KNOWN.get(key) or pack.stage_title(key)


def stage_key(pack: Pack, given: str) -> str:
    """Return the key of the stage that a client names, in capitals or not; raises Invalid."""
    names: dict[str, str] = {}
    for stage in pack.stages:
        for name in (stage_name(pack, stage.key), stage.key, stage.title):
            names.setdefault(name.casefold(), stage.key)
    found = names.get(given.strip().casefold())
    if found is None:
        shown = ", ".join(stage_name(pack, stage.key) for stage in pack.stages)
        raise Invalid(
            f"Invalid Model Version stage: {given[:80]}. Value must be one of {shown}.", code="unknown_stage"
        )
    return found


def model_of(caller: Caller, name: str) -> Model:
    """Return a model by its name; raises NotThere."""
    found = model_named(caller.project, name)
    if found is None:
        raise NotThere(f"Registered Model with name={name[:256]} not found")
    return found


def _versions(caller: Caller) -> QuerySet[Version]:
    rows = Version.objects.live().filter(model__project=caller.project)
    return rows.select_related("model__project__policy_revision", "created_by").defer(
        *without_texts("model__project__policy_revision")
    )


def number_of(given: str) -> int:
    """Return the number of a version; raises Invalid for what is none."""
    number = whole_number(given)
    if number is None:
        raise Invalid(
            f"Parameter 'version' must be an integer, got '{given[:80]}'.", code="bad_version_number"
        )
    return number


def version_of(caller: Caller, name: str, number: str) -> Version:
    """Return a version by its model's name and its number; raises NotThere."""
    wanted = number_of(number)
    found = _versions(caller).filter(model=model_of(caller, name), number=wanted).first()
    if found is None:
        raise NotThere(f"Model Version (name={name[:256]}, version={wanted}) not found")
    return found


def version_with_id(caller: Caller, given: str) -> Version:
    """Return a version by the 32 hex digits under which its files are; raises NotThere."""
    pk = uuid_of(given)
    found = None if pk is None else _versions(caller).filter(pk=pk).first()
    if found is None:
        raise NotThere(f"There is no version {given[:80]}, or not for this token.")
    return found


def version_by_alias(caller: Caller, name: str, alias: str) -> Version:
    """Return the version that an alias names: production's by its stage, the others by their number."""
    model = model_of(caller, name)
    rows = _versions(caller).filter(model=model)
    if pack_for(caller).means_production(alias):
        found = rows.filter(stage=PRODUCTION).first()
    elif alias.lower() == LATEST:
        found = rows.order_by("-number").first()
        if found is None:
            raise NotThere(f"Latest version not found for model {name[:256]}.")
    else:
        found = rows.filter(number=model.aliases.get(alias, 0)).first()
    if found is None:
        raise Invalid(f"Registered model alias {alias[:255]} not found.", code="no_alias")
    return found


def latest_of(models: Iterable[UUID]) -> list[Version]:
    """Return the newest version of each stage of these models; one statement."""
    rows = Version.objects.live().filter(model__in=list(models)).select_related("model", "created_by")
    return list(rows.order_by("model_id", "stage", "-number").distinct("model_id", "stage"))


def models_in(caller: Caller, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Return models in the order of ``ids``: two statements, however many they are."""
    pack = pack_for(caller)
    latest: defaultdict[UUID, list[ShownVersion]] = defaultdict(list)
    for one in latest_of(ids):
        latest[one.model_id].append(shown_version(one))
    found = Model.objects.select_related("created_by").in_bulk(list(ids))
    return [model_document(found[pk], latest[pk], pack) for pk in ids if pk in found]


def shown_model(caller: Caller, model: Model) -> dict[str, Any]:
    """Return a model with the newest version of each stage."""
    return model_document(model, map(shown_version, latest_of([model.pk])), pack_for(caller))


def model_document(model: Model, latest: Iterable[ShownVersion], pack: Pack) -> dict[str, Any]:
    """Return a model; ``latest`` is the newest version of each of its stages."""
    versions = sorted(latest, key=lambda one: one.number)
    return {
        "name": model.name,
        "creation_timestamp": milliseconds(model.created_at),
        # A version that comes is a change of its model.
        "last_updated_timestamp": max(
            [milliseconds(model.updated_at), *(one.created_at for one in versions)]
        ),
        "user_id": model.created_by.full_name,
        "description": model.description,
        "latest_versions": [version_document(one, pack) for one in versions],
        "tags": pairs(model.tags),
        "aliases": _aliases(model, versions, pack),
    }


def _aliases(model: Model, latest: Iterable[ShownVersion], pack: Pack) -> list[dict[str, str]]:
    # Those of production follow the stage, whatever was written once.
    own = {name: number for name, number in model.aliases.items() if not pack.means_production(name)}
    named = own | {
        name: one.number for one in latest if one.stage == PRODUCTION for name in pack.production_aliases
    }
    return [{"alias": name, "version": str(number)} for name, number in sorted(named.items())]


def version_document(version: ShownVersion, pack: Pack) -> dict[str, Any]:
    """Return a version. It is ready as soon as it is there: its files were pinned with it."""
    aliases = [name for name in version.aliases if not pack.means_production(name)]
    if version.stage == PRODUCTION:
        aliases += pack.production_aliases
    document = {
        "name": version.model_name,
        "version": str(version.number),
        "creation_timestamp": version.created_at,
        "last_updated_timestamp": version.updated_at,
        "user_id": version.tags.get(USER_TAG) or version.maker,
        "current_stage": stage_name(pack, version.stage),
        "description": version.description,
        "source": version.source or download_uri(version),
        "status": "READY",
        "run_link": version.run_link,
        "tags": pairs(version.tags),
        "aliases": sorted(aliases),
    }
    if version.run_id is not None:
        document["run_id"] = version.run_id.hex
    if version.logged_model_id is not None:
        document["model_id"] = model_key(version.logged_model_id)
    return document


def download_uri(version: Version | ShownVersion) -> str:
    """Return where clients find the files that are pinned to a version, and no others."""
    return f"mlflow-artifacts:/versions/{version.pk.hex}/artifacts"
