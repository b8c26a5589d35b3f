"""Follow the log in the order of its seal, from a cursor that the reader keeps.

Numbers of records are given before their transaction commits, so that a late one appears behind a reader who follows
the numbers. Places in the sealed tree are given by one sealer to what is committed, without gaps, and are all visible at
once: whoever reads on from a place misses nothing. What is not sealed yet is not read yet.
"""

import re
from dataclasses import dataclass

from django.db.models import QuerySet

from apps.audit.models import Event, Leaf
from apps.core.errors import Invalid, Refused

#: Asks for the cursor of now instead of one that was kept.
END = "end"
#: Hexadecimal digits of the leaf's hash in a cursor: enough to tell another log from this one.
_MARK = 16
_CURSOR = re.compile(rf"([0-9]{{1,18}})\.([0-9a-f]{{{_MARK}}})", re.ASCII)


@dataclass(frozen=True)
class Place:
    """A place in the sealed log: all up to ``position`` is read. The beginning, before all records, has the cursor ""."""

    position: int = -1
    cursor: str = ""


@dataclass(frozen=True)
class Followed:
    """Records in the order of the seal, where they end, and whether more are sealed already."""

    events: list[Event]
    place: Place
    has_more: bool


def place_of(cursor: str) -> Place:
    """Return the place that a cursor names: "" is the beginning, END the newest sealed record (one query).

    Raises Invalid for what is no cursor, and Refused for one of another log: after an older copy of the database was
    restored its places hold other records, and reading on would skip some of them silently.
    """
    if not cursor:
        return Place()
    if cursor == END:
        newest = Leaf.objects.order_by("-position").first()
        return _place(newest) if newest else Place()
    found = _CURSOR.fullmatch(cursor)
    if not found:
        raise Invalid(
            f"after is no cursor. Send the one that an answer gave, nothing for the beginning, or “{END}” for now.",
            code="bad_cursor",
        )
    leaf = Leaf.objects.filter(position=int(found[1])).first()
    if leaf is None or _place(leaf).cursor != cursor:
        raise Refused(
            "This cursor is of another log: perhaps an older copy of the database was restored. "
            "Read all anew with an empty after.",
            code="cursor_of_another_log",
        )
    return _place(leaf)


def follow(events: QuerySet[Event], place: Place, *, most: int) -> Followed:
    """Return at most so many of the events that are sealed after a place (two queries); none leave the place as it is."""
    leaves = list(
        Leaf.objects.filter(
            position__gt=place.position, event_id__in=events.order_by().values("pk")
        ).order_by("position")[: most + 1]
    )
    shown = leaves[:most]
    by_id = Event.objects.in_bulk([leaf.event_id for leaf in shown])
    return Followed(
        events=[by_id[leaf.event_id] for leaf in shown if leaf.event_id in by_id],
        place=_place(shown[-1]) if shown else place,
        has_more=len(leaves) > most,
    )


def _place(leaf: Leaf) -> Place:
    return Place(leaf.position, f"{leaf.position}.{bytes(leaf.leaf_hash).hex()[:_MARK]}")
