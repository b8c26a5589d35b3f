"""Kinds of notices: each app lists its own, and each has one sentence that presents it."""

import importlib
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings

from apps.notifications.enums import DEFAULT_CHANNEL, Channel, Urgency


@dataclass(frozen=True)
class NoticeType:
    """A kind of notice. ``title`` names it in lists and in the subject of an e-mail.

    ``sentence`` is formatted with the notice's data, ``{object}`` (the subject) and ``{actor}``.
    """

    kind: str
    title: str
    sentence: str
    urgency: str = Urgency.NORMAL
    #: Told to webhooks of the site that chose it by name, and to no person.
    only_webhooks: bool = False

    @property
    def is_urgent(self) -> bool:
        return self.urgency == Urgency.URGENT

    @property
    def default_channel(self) -> Channel:
        """The way it takes to a person who chose none."""
        return DEFAULT_CHANNEL[self.urgency]

    @property
    def channels(self) -> list[Channel]:
        """The ways that may be chosen: what is urgent cannot be switched off."""
        return [one for one in Channel if not (self.is_urgent and one == Channel.OFF)]

    def channel_for(self, chosen: str | None) -> str:
        """Return the way it takes to a person who chose ``chosen``, which may be from before it became urgent."""
        return chosen if chosen in self.channels else self.default_channel


class UnknownNoticeType(LookupError):
    """No app lists this kind of notice."""


@cache
def known() -> dict[str, NoticeType]:
    """Return every kind of the apps named in settings.NOTICE_MODULES."""
    found: dict[str, NoticeType] = {}
    for name in settings.NOTICE_MODULES:
        for one in importlib.import_module(name).NOTICES:
            if one.kind in found:
                raise ValueError(f"The kind of notice {one.kind} is listed twice; the second time in {name}.")
            if one.urgency not in Urgency.values:
                raise ValueError(f"The kind of notice {one.kind} has no such urgency as {one.urgency!r}.")
            found[one.kind] = one
    return found


def notice_type(kind: str) -> NoticeType:
    """Return the type of ``kind``; raises UnknownNoticeType."""
    try:
        return known()[kind]
    except KeyError:
        raise UnknownNoticeType(
            f"No app lists a kind of notice {kind!r}. Add it to the app's notices.py."
        ) from None


def told_to_people() -> dict[str, NoticeType]:
    """Return the kinds that people are told, and choose the way of."""
    return {kind: said for kind, said in known().items() if not said.only_webhooks}


def told_to_webhooks(*, site: bool) -> dict[str, NoticeType]:
    """Return the kinds that a webhook can choose: one of the site also those that no person is told."""
    return known() if site else told_to_people()


class _Gaps(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


def title_of(kind: str) -> str:
    """Return the title of a kind; an old one that no app lists any more shows as itself."""
    found = known().get(kind)
    return found.title if found else kind


def present(kind: str, data: dict[str, Any], *, label: str, actor: str) -> str:
    """Return the sentence of a notice; a value that an old one lacks shows as an ellipsis."""
    found = known().get(kind)
    if found is None:
        return f"{kind}: {label}"
    return found.sentence.format_map(_Gaps({**data, "object": label, "actor": actor}))
