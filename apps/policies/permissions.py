"""Who may write, propose and publish policies."""

from importlib import import_module
from uuid import UUID

from django.conf import settings

from apps.accounts.models import User
from apps.core.errors import ALLOWED, Decision, denied, not_now
from apps.policies.enums import DraftState
from apps.policies.models import Draft
from apps.policies.pack import Pack


def may_read_drafts(user: User) -> bool:
    """Tell whether drafts exist for this user: administrators write them, auditors read them."""
    return user.is_administrator or user.is_auditor


def can_draft(user: User) -> Decision:
    """Decide whether this user may begin a draft."""
    if user.is_person and user.is_administrator:
        return ALLOWED
    return denied("Policies are written by administrators; a token or another role cannot.")


def can_edit(user: User, draft: Draft) -> Decision:
    """Decide whether this user may change the text: its author, while it is a draft. One from Git has no author yet."""
    decision = can_draft(user)
    if not decision:
        return decision
    if draft.state != DraftState.DRAFT:
        return not_now(f"This draft is {draft.get_state_display().lower()}; its text is fixed.", code="fixed")
    if draft.author_id not in {None, user.person_id}:
        return denied(f"{draft.author} writes this draft. Begin one of your own from its text.")
    return ALLOWED


def can_propose(user: User, draft: Draft) -> Decision:
    """Decide whether this user may propose the draft."""
    return can_edit(user, draft)


def can_withdraw(user: User, draft: Draft) -> Decision:
    """Decide whether this user may give the draft up: its author and whoever proposed it."""
    if not can_draft(user):
        return can_draft(user)
    if draft.state not in {DraftState.DRAFT, DraftState.PROPOSED}:
        return not_now(f"This draft is {draft.get_state_display().lower()}.", code="closed")
    if user.person_id not in {draft.author_id, draft.proposed_by_id} and draft.author_id is not None:
        return denied(f"{draft.author} wrote this draft; it is theirs to withdraw.")
    return ALLOWED


def can_send_back(user: User, draft: Draft) -> Decision:
    """Decide whether this user may send a proposed draft back to its author: any other administrator."""
    decision = can_draft(user)
    if not decision:
        return decision
    if draft.state != DraftState.PROPOSED:
        return not_now("Only a proposed draft can be sent back.", code="not_proposed")
    if user.person_id in {draft.proposed_by_id, draft.author_id}:
        return denied(
            "You wrote or proposed this. Withdraw it, or ask another administrator to send it back.",
            code="own_draft",
        )
    return ALLOWED


def can_publish(user: User, draft: Draft, barred: dict[UUID, str]) -> Decision:
    """Decide whether this user may publish what another proposed; ``barred`` are those whom it benefits, and how."""
    decision = can_draft(user)
    if not decision:
        return decision
    if draft.state != DraftState.PROPOSED:
        return not_now("Only a proposed draft can be published.", code="not_proposed")
    if user.person_id in {draft.proposed_by_id, draft.author_id}:
        return denied(
            "You wrote or proposed this, so another administrator must publish it.", code="own_draft"
        )
    if draft.committed_by and f"<{user.email.lower()}>" in draft.committed_by.lower():
        return denied(
            "You committed this in Git, so another administrator must publish it.", code="own_draft"
        )
    if user.person_id in barred:
        return denied(
            f"This change benefits you ({barred[user.person_id]}), so another administrator must publish it.",
            code="benefits",
        )
    return ALLOWED


def beneficiaries(pack: Pack) -> dict[UUID, str]:
    """Return the people whom a pack would benefit, with the reason; settings.POLICY_BENEFITS asks the app above."""
    module, _, name = settings.POLICY_BENEFITS.partition(":")
    found: dict[UUID, str] = getattr(import_module(module), name)(pack)
    return found
