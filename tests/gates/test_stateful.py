"""The life of a request against a small model: whatever people do in whatever order, both say the same."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from hypothesis.strategies import sampled_from

from apps.core.errors import Refused
from apps.gates import due, services
from apps.gates.models import Promotion
from apps.policies.services import publish
from apps.projects.models import Project
from apps.registry import services as registry
from apps.registry.models import Version
from tests.cast import follow, person
from tests.gates.light import pack, sign, tiny_project, tiny_version
from tests.gates.turning import age

ROLES = {"ben": "reviewer", "bea": "reviewer", "rita": "risk"}
WHO = sampled_from(sorted(ROLES))

#: What may not be, whatever happened: each query finds nothing.
FORBIDDEN = {
    "promoted without its quorum": """
        SELECT p.id FROM gates_promotion p JOIN gates_requiredrole r ON r.promotion_id = p.id
        WHERE p.state = 'promoted' AND r.count > (SELECT count(DISTINCT a.person_id) FROM gates_approval a
            WHERE a.promotion_id = p.id AND a.role = r.role AND a.withdrawn_at IS NULL AND a.decision = 'approve')""",
    "promoted over a no": """
        SELECT p.id FROM gates_promotion p JOIN gates_approval a ON a.promotion_id = p.id
        WHERE p.state = 'promoted' AND a.withdrawn_at IS NULL AND a.decision <> 'approve'""",
    "one person behind two signatures": """
        SELECT promotion_id FROM gates_signer WHERE live GROUP BY promotion_id, person_id HAVING count(*) > 1""",
    "signed by who asked or contributed": """
        SELECT s.promotion_id FROM gates_signer s JOIN gates_participant p
        ON (p.promotion_id, p.person_id) = (s.promotion_id, s.person_id) WHERE s.live AND p.kind <> 'approver'""",
    "a signature on other evidence": """
        SELECT a.id FROM gates_approval a JOIN gates_promotion p ON p.id = a.promotion_id
        WHERE a.evidence_digest <> p.evidence_digest""",
    "two open requests": """
        SELECT version_id FROM gates_promotion WHERE state = 'open' GROUP BY version_id, to_stage HAVING count(*) > 1""",
    "two versions in production": """
        SELECT model_id FROM registry_version WHERE stage = 'production' GROUP BY model_id HAVING count(*) > 1""",
    "a stage without its transition": """
        SELECT v.id FROM registry_version v LEFT JOIN LATERAL (SELECT to_stage FROM gates_transition t
            WHERE t.version_id = v.id ORDER BY sequence DESC LIMIT 1) t ON true
        WHERE v.stage <> coalesce(t.to_stage, 'development')""",
    "a change without its event": """
        SELECT p.id FROM gates_promotion p WHERE NOT EXISTS (SELECT 1 FROM audit_event e
            WHERE e.object_id = p.id AND e.lock_version = p.lock_version)""",
}


def broken() -> list[str]:
    """Return which of the invariants do not hold."""
    found = []
    with connection.cursor() as cursor:
        for name, query in FORBIDDEN.items():
            cursor.execute(query)
            if cursor.fetchall():
                found.append(name)
    return found


class Life(RuleBasedStateMachine):
    """The model: is a request open, who stands behind a live signature and said what, what makes it stale."""

    @initialize()
    def begin(self):
        self.block = transaction.atomic()
        self.block.__enter__()
        self.people = {name: person(name) for name in ("ada", "dev", "vera", *ROLES)}
        members = [(self.people[name], role) for name, role in ROLES.items()]
        members += [(self.people["dev"], "contributor"), (self.people["vera"], "viewer")]
        self.project = tiny_project(owner=self.people["ada"], members=members, reviewers=2)
        self.revisions = {2: self.project.policy_revision, 1: publish(pack(reviewers=1), by=None)}
        self.reviewers = 2
        self.version = tiny_version(self.project, by=self.people["dev"])
        self.request = None
        self.checks = 0
        self.lent = None
        self._none_open("none")

    def teardown(self):
        if hasattr(self, "block"):
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)

    def _none_open(self, state):
        self.state, self.signed, self.changed, self.asked_for = state, {}, False, 0

    @property
    def stale(self):
        """A later policy makes a request stale at once where it is stricter, and never otherwise (guarantee 5)."""
        return self.changed

    def _used_up(self):
        return {one for person, (_, seat, _) in self.signed.items() for one in (person, seat)}

    @rule()
    def open(self):
        if self.state == "promoted":
            self.version = tiny_version(self.project, by=self.people["dev"])
            self.state = "none"
        self.version = Version.objects.get(pk=self.version.pk)

        def act():
            return services.request_promotion(self.version, to_stage="production", by=self.people["dev"])

        if self.state == "open":
            with pytest.raises(Refused, match="open already"):
                act()
            return
        self.request = act()
        self._none_open("open")
        self.asked_for = self.reviewers

    @rule(who=WHO, decision=sampled_from(["approve", "approve", "approve", "reject", "ask_changes"]))
    def sign(self, who, decision):
        self._sign(who, who, decision, None)

    @rule()
    def sign_for_ben(self):
        if self.lent is not None:
            self._sign("vera", "ben", "approve", self.lent)

    def _sign(self, who, seat, decision, delegation):
        if self.request is None:
            return
        promotion = Promotion.objects.get(pk=self.request.pk)

        def act():
            return sign(promotion, self.people[who], decision=decision, delegation=delegation)

        if self.state != "open":
            code = "closed"
        elif {who, seat} & self._used_up():
            code = "signed_already"
        else:
            code = "stale" if self.stale else None
        if code is None:
            self.signed[who] = (decision, seat, act())
            self._after_signature(decision)
            return
        with pytest.raises(Refused) as caught:
            act()
        assert caught.value.code == code
        if code == "stale":
            self.request = Promotion.objects.get(pk=caught.value.details["promotion"])
            self._none_open("open")
            self.asked_for = self.reviewers

    def _after_signature(self, decision):
        if decision == "reject":
            self.state = "rejected"
            return
        said = [one for one, _, _ in self.signed.values()]
        roles = [ROLES[seat] for _, seat, _ in self.signed.values()]
        enough = roles.count("reviewer") >= self.asked_for and roles.count("risk") >= 1
        if decision == "approve" and enough and set(said) == {"approve"}:
            self.state = "promoted"

    @rule(who=sampled_from([*sorted(ROLES), "vera"]))
    def withdraw_signature(self, who):
        if who not in self.signed:
            return
        approval = self.signed[who][2]

        def act():
            return services.withdraw_approval(approval, by=self.people[who], reason="I looked at it again.")

        if self.state != "open":
            with pytest.raises(Refused, match="closed"):
                act()
            return
        act()
        del self.signed[who]

    @rule()
    def withdraw_request(self):
        if self.request is None:
            return

        def act():
            return services.withdraw_promotion(self.request, by=self.people["dev"])

        if self.state != "open":
            with pytest.raises(Refused, match="closed"):
                act()
            return
        act()
        self.state = "withdrawn"

    @rule()
    def evidence_changes(self):
        self.checks += 1
        registry.report_check(
            self.version, name=f"check_{self.checks}", status="passed", by=self.people["dev"]
        )
        self.changed = self.changed or self.state == "open"

    @rule(reviewers=sampled_from([1, 2]))
    def policy_changes(self, reviewers):
        project = Project.objects.get(pk=self.project.pk)
        if reviewers == self.reviewers:
            return
        follow(project, self.revisions[reviewers], owner=self.people["ada"], risk=self.people["rita"])
        self.reviewers = reviewers
        self.version = Version.objects.get(pk=self.version.pk)
        if self.state == "open" and self.asked_for < reviewers:
            self.request.refresh_from_db()
            assert self.request.state == "stale"
            self.request = self.request.replaced_by
            self._none_open("open")
            self.asked_for = reviewers

    @rule()
    def expires(self):
        if self.state != "open":
            return
        age(self.request, expires_at=timedelta(days=11))
        assert due.keep_time()["expired"] == 1
        self.state = "expired"

    @rule()
    def delegate(self):
        if self.lent is None:
            until = timezone.now() + timedelta(days=3)
            reason = "Away until Thursday."
            ben, vera = self.people["ben"], self.people["vera"]
            self.lent = services.delegate(self.project, to=vera, until=until, reason=reason, by=ben)

    @rule()
    def delegation_ends(self):
        if self.lent is not None:
            services.revoke_delegation(self.lent, by=self.people["ben"])
            self.lent = None

    @invariant()
    def the_database_says_the_same(self):
        if getattr(self, "request", None) is None:
            return
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        assert broken() == []
        promotion = Promotion.objects.get(pk=self.request.pk)
        assert promotion.state == self.state
        live = promotion.approvals.filter(withdrawn_at__isnull=True)
        assert {(one.person.full_name.lower(), one.decision) for one in live} == {
            (who, decision) for who, (decision, _, _) in self.signed.items()
        }


@pytest.mark.promise("random life")
@pytest.mark.slow
@pytest.mark.django_db
def test_whatever_people_do_the_model_and_the_database_agree():
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )
