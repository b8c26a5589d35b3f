"""Write a draft, propose it, and publish what somebody else proposed."""

from uuid import UUID

from django.db import IntegrityError
from django.db.models.functions import Now

from apps.accounts import services as accounts
from apps.accounts.models import Reauthentication, User
from apps.accounts.proofs import Proof
from apps.audit import services as audit
from apps.core import governed
from apps.core.db import constraint_name, service
from apps.core.errors import Forbidden, Invalid, Refused
from apps.core.reasons import demand_reason
from apps.policies import permissions
from apps.policies.enums import DRAFT_MOVES, DraftState, Origin
from apps.policies.models import Draft, Pack, Revision
from apps.policies.services.publishing import publish_proposed, read
from apps.policies.telling import tell

LONGEST_SOURCE = 1_000_000
SENTENCES = {
    "policies_revision_two_people": "Who wrote or proposed a policy does not publish it; another administrator must.",
    "policies_revision_proposed": "This draft does not wait to be published any more. Load the page again.",
    "policies_revision_reauthenticated": "Confirm your identity again; the last confirmation is over five minutes old.",
}


@service
def start_draft(
    *,
    source: str,
    by: User | None,
    title: str = "",
    base: Revision | None = None,
    origin: str = Origin.EDITOR,
    commit: str = "",
    path: str = "",
    committed_by: str = "",
) -> Draft:
    """Begin a draft; ``by`` is None for what a command on the server read. The text may have faults still."""
    if by is not None:
        permissions.can_draft(by).enforce()
    draft = Draft.objects.create(
        pack=base.pack if base else None,
        base=base,
        title=title.strip()[:120] or (f"Change of {base.pack.title}" if base else "New policy")[:120],
        source=_demand_source(source),
        origin=origin,
        author=by,
        commit=commit,
        path=path,
        committed_by=committed_by[:300],
    )
    audit.record("policies.draft_started", draft, by=by, origin=origin, commit=commit, path=path)
    return draft


@service
def change_draft(
    draft: Draft, *, by: User, source: str, title: str | None = None, expect: int | None = None
) -> Draft:
    """Write the text of a draft. That of a commit is changed in Git."""
    current = _reread(draft.pk)
    permissions.can_edit(by, current).enforce()
    governed.demand_version(current, expect)
    if current.author_id is None:
        raise Refused(
            "This draft is the text of a commit. Change it in Git, or begin a draft of your own.",
            code="from_git",
        )
    fields = {"source": _demand_source(source)}
    if title is not None and title.strip():
        fields["title"] = title.strip()[:120]
    governed.change(current, **fields)
    audit.record("policies.draft_changed", current, by=by)
    return current


@service
def propose_draft(draft: Draft, *, by: User, reason: str) -> Draft:
    """Ask another administrator to publish the draft. Raises Invalid while the text has faults."""
    current = _reread(draft.pk)
    permissions.can_propose(by, current).enforce()
    why = demand_reason(reason)
    parsed = read(current.source)
    pack = Pack.objects.filter(slug=parsed.slug).first()
    if current.pack_id is not None and (pack is None or pack.pk != current.pack_id):
        raise Invalid(
            f"The draft changes the pack {current.pack.slug}, but its text says slug: {parsed.slug}. "  # type: ignore[union-attr]
            "Write the slug of the pack, or begin a new draft for another pack.",
            code="other_pack",
        )
    _move(current, DraftState.PROPOSED, pack=pack, reason=why, proposed_by=by, proposed_at=Now(), remark="")
    audit.record("policies.draft_proposed", current, by=by, reason=why)
    tell(current, by=by)
    return current


@service
def send_back(draft: Draft, *, by: User, remark: str) -> Draft:
    """Send a proposed draft back to its author with what must change."""
    current = _reread(draft.pk)
    permissions.can_send_back(by, current).enforce()
    why = demand_reason(remark)
    _move(current, DraftState.DRAFT, remark=why)
    audit.record("policies.draft_sent_back", current, by=by, reason=why)
    tell(current, by=by)
    return current


@service
def withdraw_draft(draft: Draft, *, by: User) -> Draft:
    """Give a draft up."""
    current = _reread(draft.pk)
    permissions.can_withdraw(by, current).enforce()
    _move(current, DraftState.WITHDRAWN, closed_at=Now())
    audit.record("policies.draft_withdrawn", current, by=by)
    tell(current, by=by)
    return current


def publish_draft(draft: Draft, *, by: User, proof: Proof) -> Revision:
    """Publish what another administrator proposed, with a proof of who publishes.

    Who wrote or proposed it cannot, nor can whom it benefits (guarantee 5).
    """
    try:
        _demand_may_publish(by, _reread_unlocked(draft.pk))
        return _publish(draft.pk, by=by, confirmed=accounts.reauthenticate(by, proof=proof))
    except IntegrityError as error:
        sentence = SENTENCES.get(constraint_name(error) or "")
        if sentence is None:
            raise
        raise Refused(sentence, code=(constraint_name(error) or "").removeprefix("policies_")) from error
    except Forbidden as error:
        _note_refusal(draft, error, by=by)
        raise


@service
def _publish(draft_id: UUID, *, by: User, confirmed: Reauthentication) -> Revision:
    draft = _reread(draft_id)
    _demand_may_publish(by, draft)
    revision = publish_proposed(draft, by=by, confirmed=confirmed)
    _move(draft, DraftState.PUBLISHED, closed_at=Now())
    audit.record("policies.draft_published", draft, by=by, revision=str(revision))
    tell(draft, by=by)
    return revision


def _demand_may_publish(by: User, draft: Draft) -> None:
    # The cheap questions first: whom it benefits is asked only for what can be published at all.
    permissions.can_publish(by, draft, {}).enforce()
    permissions.can_publish(by, draft, permissions.beneficiaries(read(draft.source))).enforce()


@service
def _note_refusal(draft: Draft, error: Refused, *, by: User) -> None:
    # Of a row that does not change there is no event at its version; it stands under the draft's pack.
    subject = draft.pack or draft.base
    if subject is not None:
        audit.record("policies.act_refused", subject, by=by, draft=str(draft.pk), reason=error.sentence)


def _reread(draft_id: UUID) -> Draft:
    return (
        Draft.objects.select_for_update(of=("self",))
        .select_related("pack", "author", "proposed_by", "base__pack")
        .get(pk=draft_id)
    )


def _reread_unlocked(draft_id: UUID) -> Draft:
    return Draft.objects.select_related("pack", "author", "proposed_by", "base__pack").get(pk=draft_id)


def _move(draft: Draft, state: DraftState, **fields: object) -> None:
    """The only assignment to a draft's state."""
    assert state in DRAFT_MOVES[draft.state]
    governed.change(draft, state=state, **fields)


def _demand_source(source: str) -> str:
    text = source.replace("\r\n", "\n")
    if not text.strip():
        raise Invalid("The text is empty. Write a pack.", code="empty", field="source")
    if len(text) > LONGEST_SOURCE or "\x00" in text:
        raise Invalid(
            "The text is over a million characters, or no text at all.", code="no_text", field="source"
        )
    return text
