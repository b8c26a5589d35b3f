"""The protocol's limits, each with the sentence that says it was broken."""

import re
from collections.abc import Sequence

from apps.core.errors import Invalid
from apps.mlflow.messages import Pair, RunNamed

MOST_POINTS, MOST_PARAMS, MOST_TAGS, MOST_TOGETHER = 1000, 100, 100, 1000
LONGEST_KEY, LONGEST_PARAM, LONGEST_TAG, LONGEST_EXPERIMENT_TAG, LONGEST_NAME = 250, 6000, 8000, 20_000, 500
LONGEST_REGISTRY_TAG = 100_000
INT32 = 2**31 - 1
_KEY = re.compile(r"^[/\w.\- :]*\Z")
#: Of the protocol's names for which rows are deleted: what a search leaves in. None is both.
VIEWS: dict[str, bool | None] = {
    **dict.fromkeys(("", "1", "ACTIVE_ONLY"), False),
    **dict.fromkeys(("2", "DELETED_ONLY"), True),
    **dict.fromkeys(("3", "ALL"), None),
}


def wrong(value: object, parameter: str, why: str) -> Invalid:
    """Return the error of a parameter in the protocol's words."""
    return Invalid(
        f"Invalid value {str(value)[:200]} for parameter '{parameter}' supplied: {why}", code="bad_parameter"
    )


def missing(parameter: str) -> Invalid:
    """Return the error of a parameter that must come."""
    return Invalid(f"Missing value for required parameter '{parameter}'.", code="missing_parameter")


def run_id(form: RunNamed) -> str:
    """Return the id of the run that a call names, by either name."""
    found = form.run_id or form.run_uuid
    if not found:
        raise missing("run_id")
    return found


def demand_key(key: str, parameter: str = "key") -> str:
    """Return a key of a metric, parameter or tag; raises Invalid.

    A key may become a path of its client's own store, which is why the protocol refuses what leads elsewhere.
    """
    if not key:
        raise missing(parameter)
    if len(key) > LONGEST_KEY:
        raise wrong(key, parameter, _too_long(len(key), LONGEST_KEY))
    parts = key.split("/")
    if key.startswith("/") or key.endswith("/") or any(part in {"", ".", ".."} for part in parts):
        raise wrong(
            key, parameter, "a key is no path that begins or ends with / or holds an empty part, . or ..."
        )
    if not _KEY.match(key):
        raise wrong(
            key,
            parameter,
            "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colons (:) "
            "and slashes (/).",
        )
    return key


def _too_long(length: int, most: int) -> str:
    return f"it exceeds the maximum length of {most} characters: it has {length}."


def demand_value(value: str, parameter: str, most: int) -> str:
    """Return a value that is not too long; raises Invalid."""
    if len(value) > most:
        raise wrong(value[:50], parameter, _too_long(len(value), most))
    return value


def tags_of(given: Sequence[Pair] | None, *, longest: int = LONGEST_TAG) -> dict[str, str]:
    """Return tags as a mapping; of one key that comes twice the last counts."""
    return {
        demand_key(one.key, f"tags[{place}].key"): demand_value(one.value, f"tags[{place}].value", longest)
        for place, one in enumerate(given or ())
    }


def params_of(given: Sequence[Pair] | None) -> dict[str, str]:
    """Return parameters as a mapping; raises Invalid for one key with two values."""
    found: dict[str, str] = {}
    for place, one in enumerate(given or ()):
        key = demand_key(one.key, f"params[{place}].key")
        value = demand_value(one.value, f"params[{place}].value", LONGEST_PARAM)
        if found.setdefault(key, value) != value:
            raise Invalid(
                f"Duplicate parameter keys have been submitted: '{key}' has two values.", code="twice"
            )
    return found


def demand_sizes(points: int, params: int, tags: int) -> None:
    """Raise Invalid for a batch that is too large."""
    for count, most, what in (
        (points, MOST_POINTS, "metrics"),
        (params, MOST_PARAMS, "params"),
        (tags, MOST_TAGS, "tags"),
        (points + params + tags, MOST_TOGETHER, "metrics, params, and tags together"),
    ):
        if count > most:
            raise Invalid(
                f"A batch logging request can contain at most {most} {what}. Got {count}. Split up into several requests.",
                code="too_many",
            )


def demand_few(given: Sequence[str], most: int, call: str, what: str) -> None:
    """Raise Invalid for no ids, or for too many."""
    if not given:
        raise Invalid(f"{call} request must specify at least one {what}.", code="missing_parameter")
    if len(given) > most:
        raise Invalid(
            f"{call} request cannot specify more than {most} {what}s. Received {len(given)} {what}s.",
            code="too_many",
        )


def page_size(given: int | None, *, default: int, most: int) -> int:
    """Return how many rows a page has; raises Invalid."""
    if given is None:
        return default
    if not 1 <= given <= most:
        raise wrong(given, "max_results", f"it must be at least 1 and at most {most}.")
    return given


def view(given: str | int | None, parameter: str) -> bool | None:
    """Return whether a search wants deleted rows, live ones (False), or both (None)."""
    name = "" if given is None else str(given)
    if name not in VIEWS:
        raise wrong(name, parameter, "choose ACTIVE_ONLY, DELETED_ONLY or ALL.")
    return VIEWS[name]
