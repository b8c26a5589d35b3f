"""A stage or an alias of production that a client sets asks for a promotion, and the answer says so."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts import services as accounts
from apps.accounts.enums import Scope
from apps.core.errors import Refused
from apps.gates import services as gates
from apps.gates.models import Promotion
from apps.policies.pack import PackInvalid, parse_pack
from apps.projects import services as projects
from apps.projects.enums import Role
from apps.registry import services as registry
from apps.registry.models import Model, Version
from tests.gates.light import pack, sign, tiny_project, tiny_version
from tests.mlflow.conftest import bearer

STATE = (400, "INVALID_STATE")


@pytest.fixture
def tiny(ada, dev, ben, rita):
    members = [(dev, Role.CONTRIBUTOR), (ben, Role.REVIEWER), (rita, Role.RISK)]
    return tiny_project(owner=ada, members=members)


@pytest.fixture
def version(tiny, ada):
    return tiny_version(tiny, by=ada)


@pytest.fixture
def client_of(tiny, ada, dev):
    account = accounts.create_service_account("robot", owner=dev, by=dev)
    projects.add_member(tiny, user=account, role=Role.CONTRIBUTOR, by=ada)

    def make(*scopes):
        _, secret = accounts.issue_token(account, name="t", scopes=list(scopes) or Scope.values, by=dev)
        return bearer(secret)

    return make


@pytest.fixture
def robot(client_of):
    return client_of()


def moved(robot, stage, **more):
    return robot.refused("model-versions/transition-stage", name="m", version="1", stage=stage, **more)


def stage_of(robot, version="1"):
    return robot.get("model-versions/get", name="m", version=version)["model_version"]["current_stage"]


def test_a_stage_opens_a_request_and_says_who_must_sign(robot, version, settings):
    status, code, message = moved(robot, "Staging")
    asked = Promotion.objects.get()
    assert (status, code) == STATE
    assert (asked.version, asked.to_stage, asked.state) == (version, "staging", "open")
    assert f"{settings.BASE_URL}/promotions/{asked.pk}/" in message
    for words in ("m v1 stays in development", "1 reviewer", "is open"):
        assert words in message
    assert stage_of(robot) == "None"


def test_asking_again_names_the_same_request(robot, version):
    first, again = moved(robot, "production"), moved(robot, "PRODUCTION", archive_existing_versions=True)
    assert first == again
    assert Promotion.objects.count() == 1


def test_a_signed_request_moves_the_version(robot, version, ben, rita):
    moved(robot, "Staging")
    sign(Promotion.objects.get(), ben)
    assert stage_of(robot) == "Staging"
    answer = robot.post("model-versions/transition-stage", name="m", version="1", stage="staging")
    assert answer["model_version"]["current_stage"] == "Staging"
    assert Promotion.objects.count() == 1


@pytest.mark.parametrize("alias", ["production", "Production"])
def test_the_alias_of_production_opens_a_request(robot, version, ben, rita, alias):
    asked = {"name": "m", "alias": alias, "version": "1"}
    status, code, message = robot.refused("registered-models/alias", **asked)
    assert (status, code) == STATE
    assert "promotion to production is open" in message
    assert robot.refused("registered-models/alias", method="get", name="m", alias=alias)[1] == (
        "INVALID_PARAMETER_VALUE"
    )
    promotion = Promotion.objects.get()
    sign(promotion, ben)
    promotion.refresh_from_db()
    sign(promotion, rita)
    assert robot.post("registered-models/alias", **asked) == {}
    found = robot.get("registered-models/alias", name="m", alias=alias)["model_version"]
    assert (found["version"], found["current_stage"], found["aliases"]) == ("1", "Production", ["production"])
    model = robot.get("registered-models/get", name="m")["registered_model"]
    assert model["aliases"] == [{"alias": "production", "version": "1"}]
    status, code, message = robot.refused("registered-models/alias", method="delete", name="m", alias=alias)
    assert (status, code) == STATE
    assert "suspending" in message
    assert Model.objects.get().aliases == {}


def test_a_policy_names_other_aliases_of_production(ada, dev, ben, rita):
    text = pack().replace(
        "key: production, title: Production", "key: production, title: Production, aliases: [champion, live]"
    )
    found = parse_pack(text)
    assert found.production_aliases == ("production", "champion", "live")
    assert found.means_production("Champion")
    assert not found.means_production("challenger")
    wrong = pack().replace("key: staging, title: Staging", "key: staging, title: Staging, aliases: [next]")
    with pytest.raises(PackInvalid, match="Only production has aliases"):
        parse_pack(wrong)


def test_the_way_to_a_stage_is_the_shortest_of_promotions():
    found = parse_pack(
        pack().replace("  - {from: development, to: production, kind: promote, gate: strict}\n", "")
    )
    assert found.step_towards("development", "production").to_stage == "staging"
    assert found.step_towards("staging", "archived").kind == "retire"
    assert found.step_towards("production", "archived") is None
    assert found.step_towards("development", "archived") is None


def test_production_is_asked_for_step_by_step(mlflow):
    name = "m"
    mlflow.post("registered-models/create", name=name)
    mlflow.post("model-versions/create", name=name, source=f"runs:/{mlflow.run()}/model")
    status, code, message = mlflow.refused(
        "model-versions/transition-stage", name=name, version="1", stage="Production"
    )
    asked = Promotion.objects.get()
    assert (status, code) == STATE
    assert (asked.to_stage, asked.state) == ("staging", "refused")
    assert "the next step on the way to production" in message
    assert "refused it" in message
    assert str(asked.pk) in message


def test_an_automatic_gate_moves_at_once(robot, version, ben):
    moved(robot, "Staging")
    sign(Promotion.objects.get(), ben)
    answer = robot.post("model-versions/transition-stage", name="m", version="1", stage="Archived")
    assert answer["model_version"]["current_stage"] == "Archived"


def test_a_stage_without_a_way_or_a_name_is_refused(robot, version):
    status, code, message = moved(robot, "Archived")
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert "no way from development to archived" in message
    status, code, message = moved(robot, "Elsewhere")
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert "Value must be one of None, Staging, Production, Archived" in message
    assert not Promotion.objects.exists()


def test_a_token_without_the_scope_asks_for_nothing(client_of, version):
    tracker = client_of(Scope.READ, Scope.TRACK)
    assert moved(tracker, "Staging")[:2] == (403, "PERMISSION_DENIED")
    asked = {"name": "m", "alias": "production", "version": "1"}
    assert tracker.refused("registered-models/alias", **asked)[:2] == (403, "PERMISSION_DENIED")
    tracker.post("registered-models/alias", **{**asked, "alias": "challenger"})
    assert not Promotion.objects.exists()


def test_what_a_gate_has_judged_is_not_deleted(robot, version, ben):
    moved(robot, "Staging")
    for address, more in (("model-versions", {"version": "1"}), ("registered-models", {})):
        status, code, message = robot.refused(f"{address}/delete", method="delete", name="m", **more)
        assert (status, code) == STATE
        assert "judged" in message
    sign(Promotion.objects.get(), ben)
    assert robot.refused("model-versions/delete", method="delete", name="m", version="1")[:2] == STATE
    assert Version.objects.live().count() == 1


def test_a_model_is_deleted_under_the_lock_of_who_asks_for_promotions(tiny, dev):
    model = registry.create_model(tiny, slug="empty", name="Empty", by=dev)
    with CaptureQueriesContext(connection) as queries:
        gates.delete_model(model, by=dev)
    locks = [one["sql"] for one in queries if "FOR NO KEY UPDATE" in one["sql"] or "FOR UPDATE" in one["sql"]]
    assert "FROM projects_project" in locks[0]


def test_a_deleted_version_is_not_promoted(robot, version, ada):
    robot.delete("model-versions/delete", name="m", version="1")
    with pytest.raises(Refused, match="was deleted"):
        gates.request_promotion(version, to_stage="staging", by=ada)


def test_the_newest_version_of_each_stage(robot, tiny, version, ada, ben):
    moved(robot, "Staging")
    sign(Promotion.objects.get(), ben)
    for _ in range(2):
        tiny_version(tiny, by=ada)

    def latest(**more):
        found = robot.post("registered-models/get-latest-versions", name="m", **more)["model_versions"]
        return [(one["version"], one["current_stage"]) for one in found]

    assert latest() == [("1", "Staging"), ("3", "None")]
    assert latest(stages=["staging"]) == [("1", "Staging")]
    assert latest(stages=["None", "Production"]) == [("3", "None")]
    found = robot.get("registered-models/get-latest-versions", name="m", stages=["Staging"])
    assert [one["version"] for one in found["model_versions"]] == ["1"]
