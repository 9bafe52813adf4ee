import re

import pytest

from eventyard.dialects.eventhos.openapi import REFUSALS


@pytest.fixture
async def document(client_of):
    return (await (await client_of(None)).get("/openapi.json")).json()


def operations(document):
    return [
        (path, method, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]


async def test_every_route_is_described_and_the_way_in(document):
    paths = document["paths"]
    assert {"/eventhos/event/send", "/eventhos/event", "/eventhos/system/{system_id}/actions"} <= paths.keys()
    assert {"/eventhos/contract/order", "/eventhos/contract/event/{event_id}/action/{action_id}"} <= paths.keys()
    assert all(path.startswith("/eventhos/") for path in paths)
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))


async def test_every_operation_has_a_summary_a_tag_and_a_success(document):
    for path, method, operation in operations(document):
        assert operation["summary"], path
        assert set(operation["tags"]) <= {tag["name"] for tag in document["tags"]}
        assert any(status.startswith("2") for status in operation["responses"]), (path, method)


async def test_every_reference_leads_somewhere(document):
    for reference in re.findall(r'"\$ref":\s*"#/([^"]+)"', str(document).replace("'", '"')):
        found = document
        for step in reference.split("/"):
            found = found[step]


async def test_refusals_are_the_error_envelope_and_never_fastapis_own(document):
    assert "HTTPValidationError" not in str(document)
    assert "x-components" not in str(document)
    created = document["paths"]["/eventhos/event"]["post"]["responses"]
    assert created["400"] == {"$ref": "#/components/responses/Invalid"}
    assert "404" in document["paths"]["/eventhos/event/{event_id}"]["put"]["responses"]
    schema = document["components"]["schemas"]["Error"]
    assert schema["required"] == ["message", "code", "errorUUID"]
    assert document["components"]["responses"].keys() == {name for name, _ in REFUSALS.values()}


async def test_who_may_come_in_is_described_with_what_is_in_use_already(document):
    made = document["paths"]["/eventhos/auth/user"]["post"]["responses"]
    assert made["409"] == {"$ref": "#/components/responses/Conflict"}
    assert "400" in document["paths"]["/eventhos/auth/user/profile/me"]["get"]["responses"]
    assert "409" not in document["paths"]["/eventhos/auth/token"]["post"]["responses"]
    assert "409" not in document["paths"]["/eventhos/event"]["post"]["responses"]


async def test_a_system_is_described_with_the_code_that_has_a_digit_less(document):
    made = document["paths"]["/eventhos/system"]["post"]["responses"]["201"]["content"]["application/json"]
    assert made["schema"]["properties"]["code"] == {"const": 20001}
    assert made["example"] == {"code": 20001, "message": "New system created", "content": {"systemId": 1}}


async def test_bodies_say_what_they_take(document):
    schemas = document["components"]["schemas"]
    assert schemas["NewEvent"]["required"] == ["system_id", "identifier", "name"]
    assert schemas["NewEvent"]["properties"]["name"]["maxLength"] == 45
    assert schemas["Listed_EventRow_"]["required"] == ["items", "pageIndex", "itemsPerPage", "totalItems", "totalPages"]


async def test_each_example_has_the_fields_of_its_schema(document):
    schemas = document["components"]["schemas"]
    for path, _, operation in operations(document):
        for response in operation["responses"].values():
            media = response.get("content", {}).get("application/json", {})
            content = media.get("example", {}).get("content")
            reference = media.get("schema", {}).get("properties", {}).get("content", {}).get("$ref")
            if content is not None and reference is not None:
                assert set(schemas[reference.rpartition("/")[2]]["required"]) <= content.keys(), path
