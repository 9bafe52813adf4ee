import pytest

from eventyard.model.event import Event


def event(content_type: str) -> Event:
    return Event("1", "/shop", "order.created", 0, b"", "order.created", content_type)


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON; charset=utf-8", "application/vnd.acme.order+json", "text/json"],
)
def test_json_is_known_by_its_content_type(content_type: str) -> None:
    assert event(content_type).is_json


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/jsonlines", ""])
def test_other_data_is_not_taken_for_json(content_type: str) -> None:
    assert not event(content_type).is_json
