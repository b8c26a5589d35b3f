"""The promises of the database in words."""

from django.db import IntegrityError

from apps.core.db import constraint_name
from apps.core.errors import Refused

#: What the constraints of the database mean to a person.
SENTENCES = {
    "gates_promotion_one_open": "A request for this version and stage is open already. Sign or withdraw that one.",
    "gates_participant_pkey": "You have another part in this request, so someone else must sign.",
    "gates_approval_participant": "You have another part in this request, so someone else must sign.",
    "gates_approval_digest": "The evidence changed since you looked. Load the page again.",
    "gates_approval_one_live": "You signed this already.",
    "gates_approval_open_only": "This request is closed.",
    "gates_approval_reauthenticated": "Confirm your identity again; the last confirmation is over five minutes old.",
    "gates_approval_second_factor": "This gate demands a second factor: a passkey, or your password with a code.",
    "gates_approval_own_sign_in": "Somebody else changed how you sign in, so you cannot sign yet.",
    "gates_approval_role_held": "You do not have this role in the project any more.",
    "gates_promotion_quorum": "Approvals are still missing.",
    "gates_promotion_no_rejection": "A reviewer said no, and has not taken it back.",
    "gates_signer_one_live": "You, or the person you sign for, stand behind another signature of this request.",
    "gates_approval_own_work": "Who made the version or its evidence does not sign for it; someone else must sign.",
    "gates_approval_delegator": "The person you sign for has another part in this request, so someone else must sign.",
    "gates_approval_delegated": "Nobody delegated this signature to you for now.",
    "gates_approval_in_time": "The time of this request is over; ask for the promotion again.",
    "gates_delegation_to_someone_else": "Nobody delegates to themselves. Choose another member.",
    "gates_delegation_overlap": "Somebody signs for you in this role in that time already. End that delegation first.",
    "gates_delegation_circle": "That goes in a circle: this person already signs through you. Choose another member.",
    "gates_delegation_fixed": "A delegation can only be ended, once.",
    "gates_asked_once": "This person was asked already.",
    "gates_review_one_live": "A re-review of this version waits already.",
    "gates_review_closed_for_good": "This re-review is closed.",
    "gates_promotion_closed_for_good": "This request is closed.",
    "gates_promotion_postmortem_overdue": "A postmortem in this project is overdue. Close it first.",
    "gates_promotion_obligation_overdue": "An obligation of an earlier approval of this model is overdue. Settle it first.",
    "gates_obligation_four_eyes": "You owe this or said that it is done, so someone else must confirm it.",
    "gates_obligation_fixed": "This obligation was changed meanwhile. Look again.",
    "gates_condition_once": "A signature sets a condition once. Choose each condition once.",
    "gates_rollback_to_the_one_before": "Another version was in production just before. Look again.",
    "gates_rollback_from_production": "The version is not in production any more. Look again.",
    "gates_postmortem_four_eyes": "What you did is reviewed here, so someone else must close it.",
    "gates_breakglass_reauthenticated": "Confirm your identity again; the last confirmation is over five minutes old.",
    "gates_breakglass_role_held": "You do not have a role any more that may break the glass.",
    "gates_promotion_waiver_holds": "A waiver that this request rests on has ended. Ask for the promotion again.",
    "gates_waiver_one_live": "A waiver of this criterion is asked for or granted already.",
    "gates_waivergrant_party": "You have another part in this waiver, so someone else must grant it.",
    "gates_waivergrant_waits": "This waiver does not wait for you any more.",
    "gates_waivergrant_reauthenticated": "Confirm your identity again; the last confirmation is over five minutes old.",
    "gates_waivergrant_role_held": "You do not have this role in the project any more.",
    "projects_policymove_one_asked": "A move to another policy waits already. Confirm or close that one.",
    "projects_policymove_two_people": "You asked for this move, so a risk officer must confirm it.",
    "projects_policymove_fixed": "This move is closed.",
    "projects_policymove_reauthenticated": "A risk officer confirms this, minutes after proving who they are. Confirm again.",
    "registry_version_one_in_production": "Another version went to production meanwhile. Look again.",
}


def in_words(error: IntegrityError) -> Refused:
    """Return what a broken constraint means; an error that has no sentence is raised again."""
    name = constraint_name(error) or ""
    sentence = SENTENCES.get(name)
    if sentence is None:
        raise error
    return Refused(sentence, code=name.removeprefix("gates_"))
