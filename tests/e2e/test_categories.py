"""Who holds one category sees just what a plain filter over the whole journal leaves of it, by every door.

Some applications and topics bear categories, some are sorted anew or deleted after the events came in.
"""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from eventyard.model.access import Scope
from eventyard.testing.hub import Yard, memory_hub

WORDS: dict[str, list[str]] = {"a": ["a"], "b": ["b"], "both": ["a", "b"], "open": []}
LATER: dict[str, list[str]] = {"was-b": ["a"], "was-a": ["b"], "was-open": ["b"]}
"""What is sorted anew, and how it is in the end; ``was-gone`` is deleted."""


class Setting:
    """A hub with events of every application in every topic, and two callers: an administrator, and one of ``a``."""

    def __init__(self, yard: Yard, admin: httpx.AsyncClient, limited: httpx.AsyncClient) -> None:
        self.yard = yard
        self.admin = admin
        self.limited = limited

    async def made(self, path: str, **body: Any) -> Any:
        answer = await self.admin.post(path, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    async def everything(self) -> list[Any]:
        """The whole journal, to its administrator."""
        return await entries(self.admin)

    async def allowed(self) -> list[Any]:
        """What a plain filter leaves of it for ``a``."""
        borne: dict[str, list[str]] = {}
        for noun in ("applications", "topics"):
            for record in (await self.admin.get(f"/v1/{noun}", params={"limit": 500})).json():
                borne[record["id"]] = record["categories"]

        def open_to_a(record_id: str) -> bool:
            return record_id in borne and (not borne[record_id] or "a" in borne[record_id])

        return [
            one for one in await self.everything() if open_to_a(one["application_id"]) and open_to_a(one["topic_id"])
        ]


async def entries(client: httpx.AsyncClient, **query: Any) -> list[Any]:
    answer = await client.get("/v1/events", params={"limit": 500, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


@pytest.fixture
async def setting() -> AsyncIterator[Setting]:
    async with memory_hub() as yard, _client(yard, yard.key) as admin:
        key = await yard.key_for(Scope.ADMIN, categories=("a",))
        async with _client(yard, key) as limited:
            setting = Setting(yard, admin, limited)
            await _live(setting)
            yield setting


def _client(yard: Yard, key: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(yard.app), base_url="http://hub.example", headers=yard.headers(key)
    )


async def _live(setting: Setting) -> None:
    """Have every application publish into every topic, with a delivery to some; then sort anew, and delete."""
    first = {**WORDS, "was-b": ["b"], "was-a": ["a"], "was-open": [], "was-gone": ["b"], "was-gone-open": []}
    receiver = await setting.made("/v1/targets", name="receiver", type="webhook")
    for name, words in first.items():
        await setting.made("/v1/applications", name=name, categories=words)
        await setting.made("/v1/topics", name=name, categories=words)
    for application in first:
        for topic in first:
            name = f"{application}-into-{topic}"
            await setting.made("/v1/sources", name=name, application=application, topic=topic)
    for name in first:
        await setting.made(
            "/v1/subscriptions", name=f"of-{name}", topics=[name], application=name, target_id=receiver["id"]
        )
    for application in first:
        for topic in first:
            await setting.made("/v1/events/dispatch", source=f"{application}-into-{topic}", payload={"of": application})
    await setting.yard.hub.dispatcher.drain(1_000)
    await _sort_anew(setting)


async def _sort_anew(setting: Setting) -> None:
    for noun in ("applications", "topics"):
        ids = {one["name"]: one["id"] for one in (await setting.admin.get(f"/v1/{noun}")).json()}
        for name, words in LATER.items():
            answer = await setting.admin.patch(f"/v1/{noun}/{ids[name]}", json={"categories": words})
            assert answer.status_code == 200, answer.text
    for noun in ("subscriptions", "sources"):
        for one in (await setting.admin.get(f"/v1/{noun}", params={"limit": 500})).json():
            if "gone" in one["name"]:
                assert (await setting.admin.delete(f"/v1/{noun}/{one['id']}")).status_code == 204
    for noun in ("topics", "applications"):
        for one in (await setting.admin.get(f"/v1/{noun}")).json():
            if "gone" in one["name"]:
                assert (await setting.admin.delete(f"/v1/{noun}/{one['id']}")).status_code == 204


async def test_a_search_finds_what_a_plain_filter_leaves(setting: Setting) -> None:
    everything, allowed = await setting.everything(), await setting.allowed()
    assert 0 < len(allowed) < len(everything)
    assert [one["entry_id"] for one in await entries(setting.limited)] == [one["entry_id"] for one in allowed]
    topics = {one["topic"] for one in allowed}
    assert topics == {"a", "both", "open", "was-b"}
    for topic in {one["topic"] for one in everything}:
        found = await entries(setting.limited, topic=topic)
        assert {one["entry_id"] for one in found} == {one["entry_id"] for one in allowed if one["topic"] == topic}


async def test_what_is_not_found_is_not_there_and_has_no_part_in_counts_and_families(setting: Setting) -> None:
    allowed = {one["entry_id"] for one in await setting.allowed()}
    for entry in await setting.everything():
        answer = await setting.limited.get(f"/v1/events/{entry['entry_id']}")
        assert answer.status_code == (200 if entry["entry_id"] in allowed else 404)
        if answer.status_code == 200:
            assert {child["entry_id"] for child in answer.json()["children"]} <= allowed
        retried = await setting.limited.post(f"/v1/deliveries/{entry['entry_id']}/discard", json={})
        assert (retried.status_code == 404) == (entry["entry_id"] not in allowed)
    who = setting.yard.security.bearer(setting.limited.headers["authorization"].partition(" ")[2])
    counted = await setting.yard.hub.search.totals(who, None)
    assert sum(counted.values()) == len(allowed)


async def test_the_log_of_eventhos_lists_the_same(setting: Setting) -> None:
    answer = await setting.limited.get("/eventhos/event/received", params={"itemsPerPage": 500})
    assert answer.status_code == 200, answer.text
    content = answer.json()["content"]
    published = {one["entry_id"] for one in await setting.allowed() if one["parent_id"] is None}
    assert {str(row["id"]) for row in content["items"]} == {str(one) for one in published}
    assert content["totalItems"] == len(published)


async def test_a_replay_touches_only_what_is_seen(setting: Setting) -> None:
    published = [one for one in await setting.allowed() if one["parent_id"] is None]
    seen = {one["name"] for one in (await setting.limited.get("/v1/subscriptions")).json()}
    assert seen == {"of-a", "of-both", "of-open", "of-was-b"}
    body = {"from": "2020-01-01T00:00:00.000Z", "to": "2030-01-01T00:00:00.000Z"}
    answer = await setting.limited.post("/v1/events/replay", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["events"] == len(published)


async def test_publishing_into_what_is_hidden_is_refused_as_if_it_were_not_there(setting: Setting) -> None:
    answer = await setting.limited.post("/v1/events/dispatch", json={"source": "a-into-b", "payload": 1})
    assert answer.status_code == 404
    answer = await setting.limited.post("/v1/sources", json={"name": "b"})
    assert answer.status_code == 404
