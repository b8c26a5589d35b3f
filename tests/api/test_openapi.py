"""The OpenAPI document says what the interface answers, errors too."""

import re

import jsonschema
import pytest
from drf_spectacular.validation import validate_schema
from rest_framework.test import APIClient

from apps.api.openapi import EXCHANGE, document
from apps.modelcards.exporting import FORMATS
from tests.api.test_interface import API

METHODS = {"get", "post", "put", "patch", "delete"}


def operations():
    for path, item in document()["paths"].items():
        for method in METHODS & set(item):
            yield f"{method.upper()} {path}", item[method]


def validated(answer, path, method="get"):
    """Judge an answer by what the document says of its status; returns its body."""
    said = document()["paths"][f"{API}/{path}"][method]["responses"][str(answer.status_code)]
    if "$ref" in said:
        said = document()["components"]["responses"][said["$ref"].rsplit("/", 1)[1]]
    (media,) = {answer["Content-Type"].partition(";")[0]} & set(said["content"])
    schema = said["content"][media]["schema"] | {"components": document()["components"]}
    jsonschema.validate(answer.json(), schema, jsonschema.Draft202012Validator)
    return answer.json()


def test_it_is_valid_and_behind_signing_in(pipeline):
    validate_schema(document())
    assert document()["openapi"].startswith("3.1")
    assert APIClient().get(f"{API}/schema/").status_code == 401
    shown = pipeline.get(f"{API}/schema/", headers={"Accept": "application/vnd.oai.openapi+json"})
    assert shown.json() == document()


def test_every_operation_says_what_it_answers_when_it_does_not():
    for name, operation in operations():
        if name.endswith(EXCHANGE):
            continue
        said = set(operation["responses"])
        assert {"401", "403", "404", "406", "429", "503"} <= said, name
        if not name.startswith("GET"):
            assert {"400", "409", "412", "413", "415", "422", "428"} <= said, name
        if any(one["in"] == "query" for one in operation.get("parameters", [])):
            assert "422" in said, name


def test_every_problem_has_an_example_that_holds():
    for name, said in document()["components"]["responses"].items():
        content = said["content"]["application/problem+json"]
        jsonschema.validate(
            content["example"],
            document()["components"]["schemas"]["Problem"],
            jsonschema.Draft202012Validator,
        )
        assert content["example"]["status"] == int(name.removeprefix("Problem"))


def test_what_is_answered_in_pages_is_described_so(pipeline, project, run, version):
    for path, where in {
        "projects": "projects",
        "projects/{id}/experiments": f"projects/{project.pk}/experiments",
        "projects/{id}/models": f"projects/{project.pk}/models",
        "models/{id}/versions": f"models/{version.model_id}/versions",
        "versions/{id}/checks": f"versions/{version.pk}/checks",
    }.items():
        body = validated(pipeline.get(f"{API}/{where}"), path)
        assert set(body) == {"next", "previous", "results"}, path
        named = {one["name"] for one in document()["paths"][f"{API}/{path}"]["get"]["parameters"]}
        assert {"cursor", "page_size"} <= named


def test_what_is_answered_whole_is_described_so(pipeline, project, version):
    for path, where in {
        "commands": "commands",
        "rubrics": "rubrics",
        "versions/{id}/checklists": f"versions/{version.pk}/checklists",
        "projects/{id}/findings/rules": f"projects/{project.pk}/findings/rules",
        "models/{id}/rubric-history": f"models/{version.model_id}/rubric-history",
    }.items():
        assert isinstance(validated(pipeline.get(f"{API}/{where}"), path), list), path


def test_problems_are_as_the_document_says(pipeline, project):
    answers = {
        "projects/{id}": pipeline.get(f"{API}/projects/00000000-0000-7000-8000-000000000000"),
        "me": APIClient().get(f"{API}/me"),
    }
    assert [validated(answer, path)["status"] for path, answer in answers.items()] == [404, 401]
    wrong = pipeline.post(f"{API}/projects/{project.pk}/experiments", {"nmae": "x"}, format="json")
    assert validated(wrong, "projects/{id}/experiments", "post")["errors"]


@pytest.mark.parametrize("key", FORMATS)
def test_every_export_of_a_card_is_of_a_described_type(pipeline, version, key):
    answer = pipeline.get(f"{API}/versions/{version.pk}/card/exports/{key}")
    assert answer.status_code == 200
    said = document()["paths"][f"{API}/versions/{{id}}/card/exports/{{key}}"]["get"]["responses"]["200"]
    assert answer["Content-Type"].partition(";")[0] in said["content"]


def test_whoever_accepts_what_is_described_gets_it(pipeline):
    nowhere = {"id": "00000000-0000-7000-8000-000000000000", "number": "1"}
    for name, operation in operations():
        if not name.startswith("GET"):
            continue
        path = re.sub(r"{(\w+)}", lambda match: nowhere.get(match[1], "x"), name.removeprefix("GET "))
        for media in operation["responses"].get("200", {}).get("content", {}):
            answer = pipeline.get(path, headers={"Accept": media})
            assert answer.status_code != 406, f"{name} as {media}"
            if answer.streaming:
                # A file is closed when it is read to its end.
                list(answer.streaming_content)


@pytest.mark.parametrize("path", ["/api/docs/"])
def test_the_page_of_the_interface_knows_every_operation(client, dev, path):
    client.force_login(dev)
    shown = client.get(path).content.decode()
    for name, _ in operations():
        assert name.split(" ")[1] in shown
