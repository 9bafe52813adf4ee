import importlib
import json
import pkgutil
from collections import Counter
from pathlib import Path

import jsonschema_rs
import pytest
from msgspec import Struct
from pydantic import BaseModel

from eventyard.api import v1
from eventyard.api.native import build_app
from eventyard.api.openapi import REFUSALS
from eventyard.api.problems import STATUS_OF_CODE, STATUS_OF_FAMILY

SNAPSHOT = Path(__file__).parent / "openapi.snapshot.json"


@pytest.fixture
async def document(yard):
    return json.loads(json.dumps(build_app(yard.hub, yard.security).openapi()))


def refs(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from refs(value)
    elif isinstance(node, list):
        for value in node:
            yield from refs(value)


def operations(document):
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


async def test_the_document_changes_only_on_purpose(document, request):
    document["info"]["version"] = "of the snapshot"
    found = json.dumps(document, indent=1, sort_keys=True) + "\n"
    if found != SNAPSHOT.read_text():
        fresh = Path(request.config.cache.makedir("openapi")) / SNAPSHOT.name
        fresh.write_text(found)
        pytest.fail(f"the API's description changed; if that is meant: cp {fresh} {SNAPSHOT}")


async def test_every_reference_leads_somewhere(document):
    for ref in set(refs(document)):
        node = document
        for part in ref.removeprefix("#/").split("/"):
            node = node[part]


async def test_every_schema_is_one(document):
    for name, schema in document["components"]["schemas"].items():
        assert jsonschema_rs.meta.is_valid({**schema, "components": {}}), name


async def test_every_operation_says_what_it_does_and_how_it_refuses(document):
    for name, operation in operations(document):
        assert operation["summary"], name
        assert operation["description"], name
        proven = set() if operation["tags"] == ["OAuth 2.0"] else {"401", "403", "429"}
        assert {*proven, "500", "503"} <= operation["responses"].keys(), name
        assert "HTTPValidationError" not in json.dumps(operation), name


async def test_every_success_with_a_body_shows_its_shape(document):
    for name, operation in operations(document):
        successes = {status: r for status, r in operation["responses"].items() if status.startswith("2")}
        assert len(successes) == 1, name
        for status, response in successes.items():
            assert (status == "204") != bool(response.get("content", {}).get("application/json", {}).get("schema")), (
                name
            )


async def test_every_refusal_is_a_problem_document(document):
    for response in document["components"]["responses"].values():
        assert list(response["content"]) == ["application/problem+json"]


def test_every_status_that_an_error_can_have_is_described():
    assert {*STATUS_OF_CODE.values(), *STATUS_OF_FAMILY.values()} - {405, 501} == set(REFUSALS)


async def test_two_ways_to_prove_oneself_are_described(document):
    assert document["components"]["securitySchemes"].keys() == {"bearerAuth", "basicAuth"}
    assert document["security"] == [{"bearerAuth": []}, {"basicAuth": []}]
    assert document["paths"]["/in/{source_id}"]["post"]["security"] == []


async def test_every_example_fits_its_schema(document):
    for name, schema in document["components"]["schemas"].items():
        for field, described in schema.get("properties", {}).items():
            for example in described.get("examples", []):
                whole = {**described, "components": document["components"]}
                assert jsonschema_rs.is_valid(whole, example), f"{name}.{field}"


def test_no_two_answers_share_a_name_under_which_only_one_is_described() -> None:
    modules = [importlib.import_module(f"{v1.__name__}.{found.name}") for found in pkgutil.iter_modules(v1.__path__)]
    names = Counter(
        name
        for module in modules
        for name, thing in vars(module).items()
        if isinstance(thing, type) and issubclass(thing, Struct | BaseModel) and thing.__module__ == module.__name__
    )
    assert [name for name, count in names.items() if count > 1] == []
