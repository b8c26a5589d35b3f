"""What is done at the gates, one module per group of verbs. The database keeps the promises; this says them in words."""

from apps.gates.services.breaking_glass import break_glass
from apps.gates.services.conditions import judge_conditions, watch_conditions
from apps.gates.services.delegating import delegate, revoke_delegation
from apps.gates.services.following import ask_move, close_move, confirm_move
from apps.gates.services.heading import head_for
from apps.gates.services.obligations import answer_obligation, fulfil_obligation, remind_of_obligations
from apps.gates.services.postmortems import announce_overdue, close_postmortem
from apps.gates.services.printing import request_record
from apps.gates.services.removing import delete_model, delete_version
from apps.gates.services.requesting import request_promotion
from apps.gates.services.reviews import record_finding, start_review
from apps.gates.services.rolling_back import judge_production, roll_back, suspend
from apps.gates.services.signing import approve
from apps.gates.services.talking import ask_for_seat, comment
from apps.gates.services.waiving import (
    announce_ending,
    ask_waiver,
    grant_waiver,
    note_ended,
    refuse_waiver,
    revoke_waiver,
)
from apps.gates.services.withdrawing import withdraw_approval, withdraw_promotion

__all__ = [
    "announce_ending",
    "announce_overdue",
    "answer_obligation",
    "approve",
    "ask_for_seat",
    "ask_move",
    "ask_waiver",
    "break_glass",
    "close_move",
    "close_postmortem",
    "comment",
    "confirm_move",
    "delegate",
    "delete_model",
    "delete_version",
    "fulfil_obligation",
    "grant_waiver",
    "head_for",
    "judge_conditions",
    "judge_production",
    "note_ended",
    "record_finding",
    "refuse_waiver",
    "remind_of_obligations",
    "request_promotion",
    "request_record",
    "revoke_delegation",
    "revoke_waiver",
    "roll_back",
    "start_review",
    "suspend",
    "watch_conditions",
    "withdraw_approval",
    "withdraw_promotion",
]
