from eventyard.api.front import Front
from eventyard.api.openapi_ingest import idempotency_key, ingest_paths
from eventyard.api.v1.answers import COMPONENTS


def test_the_calls_that_take_events_are_described():
    assert ingest_paths().keys() == {"/in/{source_id}", "/v1/events/dispatch", "/v1/events/batch"}


async def test_what_is_described_is_answered_without_fastapi(yard, client):
    """An empty body is refused by the hot path itself: in its words, not in those of an unknown path."""
    assert isinstance(yard.app, Front)
    for path in ingest_paths():
        answer = await client.post(path, content=b"")
        assert answer.json()["code"] in ("invalid_json", "not_found")
        assert "/v1" not in answer.json()["detail"]


def test_the_shapes_of_a_batch_are_in_it():
    batch = ingest_paths()["/v1/events/batch"]["post"]
    assert batch["requestBody"][COMPONENTS].keys() == {"BatchItem"}
    assert set(batch["requestBody"]["content"]) == {
        "application/json",
        "application/x-ndjson",
        "application/cloudevents-batch+json",
    }


def test_every_call_has_its_own_copy_of_the_idempotency_key():
    assert idempotency_key() == idempotency_key()
    assert idempotency_key() is not idempotency_key()
