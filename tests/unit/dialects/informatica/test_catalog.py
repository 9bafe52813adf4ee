import pytest

from eventyard.dialects.informatica.profiles import CIH, DIH, PROFILES
from eventyard.model.access import Scope
from tests.unit.dialects.informatica.test_shapes import validator


@pytest.mark.parametrize("profile", PROFILES)
async def test_topics_are_listed_with_who_publishes_and_who_subscribes(client_of, native, billing, profile):
    await native("POST", "topics", name="returns", description="What comes back.")
    told = await (await client_of(profile)).get("/catalog/topics")
    assert [validator(profile, "Topic").is_valid(topic) for topic in told.json()] == [True, True]
    assert (told.status_code, told.json()) == (
        200,
        [
            {
                "topicName": "orders",
                "topicDesc": "",
                "topicType": profile.topic_type,
                "topicTables": [],
                "publications": [
                    {
                        "publicationName": "orders",
                        "publicationDesc": "Of the shop.",
                        "applicationName": "default",
                        "publicationSourceType": "API",
                    }
                ],
                "subscriptions": [
                    {
                        "subscriptionName": "billing",
                        "subscriptionDesc": "",
                        "applicationName": "default",
                        "subscriptionTargetType": "job",
                        "subscriptionConnectionName": "load",
                    }
                ],
            },
            {
                "topicName": "returns",
                "topicDesc": "What comes back.",
                "topicType": profile.topic_type,
                "topicTables": [],
                "publications": [],
                "subscriptions": [],
            },
        ],
    )


async def test_a_stranger_finds_none_of_them_and_who_may_not_read_is_refused(yard, client_of, billing):
    assert (await (await client_of(DIH, await yard.stranger_key())).get("/catalog/topics")).json() == []
    refused = await (await client_of(DIH, await yard.key_for(Scope.EVENTS_READ))).get("/catalog/topics")
    assert (refused.status_code, refused.json()["responseCode"]) == (403, "INSUFFICIENT_PRIVILEGES")


async def test_the_tables_of_a_topic_are_those_of_its_schema(client_of, native, billing):
    [topic] = await native("GET", "topics")
    rows = {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "string"}}}}
    await native("POST", f"topics/{topic['id']}/schemas", schema={"type": "object", "properties": {"orders": rows}})
    [told] = (await (await client_of(CIH)).get("/catalog/topics")).json()
    assert told["topicTables"] == [{"tableName": "orders", "columns": [{"columnName": "id", "columnType": "string"}]}]
    validator(CIH, "Topic").validate(told)
    assert told["topicType"] == "Incremental Load"
