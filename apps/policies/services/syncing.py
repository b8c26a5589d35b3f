"""Make drafts of the policy files that changed in a Git checkout."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from apps.accounts.models import User
from apps.core.errors import Refused
from apps.policies import permissions
from apps.policies.checkout import CommittedFile, Head, read_head
from apps.policies.enums import DraftState, Origin
from apps.policies.loading import vocabulary
from apps.policies.models import Draft, Revision
from apps.policies.pack import PackInvalid, parse_pack
from apps.policies.services.drafting import start_draft
from apps.policies.services.publishing import content_hash_of


@dataclass(frozen=True)
class Synced:
    """What a commit brought: a draft per changed pack, and a sentence per file that is none."""

    commit: str
    drafts: tuple[Draft, ...]
    faults: tuple[str, ...]


def sync_git(*, by: User | None) -> Synced:
    """Read the HEAD of settings.POLICY_GIT and begin a draft for each pack whose content is not the newest one's.

    A commit that has a draft already makes no second one. A file with faults makes none and is named with its line.
    Whoever presses the button is not the author: who committed it is, by Git's word.
    """
    if by is not None:
        permissions.can_draft(by).enforce()
    if not settings.POLICY_GIT:
        raise Refused(
            "No Git checkout is named. Set MLGOV_POLICY_GIT to its folder on the server.", code="no_checkout"
        )
    head = read_head(Path(settings.POLICY_GIT))
    drafts: list[Draft] = []
    faults: list[str] = []
    for file in head.files:
        try:
            made = _draft_of(file, head)
        except PackInvalid as error:
            faults.append(f"{file.path}: {error.problems[0]}")
        else:
            drafts += [made] if made else []
    return Synced(head.commit, tuple(drafts), tuple(faults))


def _draft_of(file: CommittedFile, head: Head) -> Draft | None:
    if file.text is None:
        return None
    parsed = parse_pack(file.text, vocabulary())
    newest = (
        Revision.objects.filter(pack__slug=parsed.slug).select_related("pack").order_by("-number").first()
    )
    if newest is not None and newest.content_hash == content_hash_of(file.text):
        return None
    alive = Draft.objects.filter(
        origin=Origin.GIT, path=file.path, source=file.text, state__in=[DraftState.DRAFT, DraftState.PROPOSED]
    )
    if alive.exists():
        return None
    return start_draft(
        source=file.text,
        by=None,
        title=f"{file.path} at {head.commit[:12]}",
        base=newest,
        origin=Origin.GIT,
        commit=head.commit,
        path=file.path[:300],
        committed_by=head.author,
    )
