"""The things that most tests of the nouns begin with, made over the API."""

import pytest


class Maker:
    """Makes things over the API, and hands back their JSON."""

    def __init__(self, client):
        self.client = client

    async def __call__(self, noun, **body):
        answer = await self.client.post(f"/v1/{noun}", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def dispatch(self, source, payload):
        answer = await self.client.post("/v1/events/dispatch", json={"source": source, "payload": payload})
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def make(client):
    return Maker(client)


def refusal(answer):
    """What was refused: status, code and pointer."""
    told = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, told["code"], told.get("pointer")


@pytest.fixture
def refused():
    return refusal
