import asyncio

import httpx
import pytest
from msgspec.structs import replace

from eventyard.model.catalog import Source, Target, Topic
from eventyard.model.errors import Invalid, Unavailable
from eventyard.model.ids import EntryId
from eventyard.model.outcome import Outcome, Result
from eventyard.pipeline.arrivals import Arrival
from eventyard.pipeline.attempt import COMPLETED
from eventyard.pipeline.replies import Replies, check_reply_to
from eventyard.pipeline.view import View
from eventyard.ports import Setting
from eventyard.testing import builders
from eventyard.testing.fakes import ScriptedTarget, settle
from eventyard.testing.hub import memory_hub

DELIVERED = Outcome(Result.DELIVERED, 200, reply=b'{"ok": true}')


class Answering:
    """A source whose events go to a target, whose answers become events of another source."""

    def __init__(self, world):
        self.world = world
        self.pauses = []
        self.log = []
        self.go_on = asyncio.Event()

    async def start(self):
        world = self.world
        topic = await world.catalog.save_one(builders.topic("answers"))
        await world.catalog.save(builders.source("answers", topic_id=topic.id))
        receiver = world.catalog.get(Target, "target-receiver")
        self.target = await world.catalog.save_one(replace(receiver, settings={"reply_to": "answers"}))
        self.replies = self.made()

    def made(self, depth=8):
        world = self.world
        return Replies(
            world.catalog, world.store, world.doors, world.acceptor, self, world.clock, world.new_id,
            depth=depth, pause=self.pause,
        )  # fmt: skip

    def warning(self, event, **fields):
        self.log.append((event, fields))

    async def pause(self, seconds):
        self.pauses.append(seconds)
        await self.go_on.wait()

    async def delivery(self, **fields):
        """A delivery of a new event, as dispatch has it."""
        world = self.world
        accepted = await world.acceptor.accept(Arrival(world.doors.of("source-shop"), builders.event(**fields)))
        return self.of(accepted.entry_id)

    def of(self, publication_id):
        return next(one for one in self.world.lanes.offered if one.publication_id == publication_id)

    async def answer(self, claimed, outcome=DELIVERED):
        return await self.replies.publish(claimed, self.target, outcome)

    async def events(self):
        return await self.world.published("answers")


@pytest.fixture
async def answering(world):
    made = Answering(world)
    await made.start()
    return made


def number(answering, name):
    return answering.world.catalog.get(Source, f"source-{name}").number


async def test_an_answer_becomes_an_event_of_the_source_and_tells_its_cause(answering):
    claimed = await answering.delivery(id="order-1")
    said = await answering.answer(claimed)
    [event] = await answering.events()
    assert said == "the answer became entry 3 of source 'answers'"
    assert (event.data, event.content_type, event.type) == (b'{"ok": true}', "application/json", "answers")
    assert event.source == "/sources/answers"
    assert event.extensions == {
        "causeid": "order-1", "causeentry": "2", "causedepth": "1",
        "causepath": f"{number(answering, 'shop')}.{number(answering, 'answers')}",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "headers", "data", "content_type"),
    [
        (b"", {"content-type": "text/plain"}, b"{}", "application/json"),
        (b"<ok/>", {"content-type": "application/xml; charset=utf-8"}, b"<ok/>", "application/xml; charset=utf-8"),
        (b"[1]", {}, b"[1]", "application/json"),
        (b"\xff", {}, b"\xff", "application/octet-stream"),
        (b"ok", {}, b"ok", "application/octet-stream"),
    ],
)
async def test_it_is_what_the_target_says_it_is(answering, body, headers, data, content_type):
    outcome = Outcome(Result.DELIVERED, 200, response_headers=headers, reply=body)
    await answering.answer(await answering.delivery(), outcome)
    [event] = await answering.events()
    assert (event.data, event.content_type) == (data, content_type)


async def test_a_second_attempt_publishes_nothing_anew_whatever_it_was_answered(answering):
    claimed = await answering.delivery()
    first = await answering.answer(claimed)
    assert await answering.answer(claimed) == first
    other = await answering.answer(claimed, Outcome(Result.DELIVERED, 200, reply=b"[]"))
    assert other == "an earlier answer to it became an event of source 'answers'"
    assert len(await answering.events()) == 1


async def refusal(answering, outcome=DELIVERED, claimed=None):
    said = await answering.answer(claimed or await answering.delivery(), outcome)
    assert await answering.events() == []
    [(event, fields)] = answering.log
    assert (event, fields["source"]) == ("reply_refused", answering.target.settings["reply_to"])
    assert said == f"the answer became no event of source {fields['source']!r}: {fields['why']}"
    return fields["why"]


async def test_without_its_source_an_answer_becomes_nothing(answering):
    await answering.world.catalog.remove(answering.world.catalog.get(Source, "source-answers"))
    assert await refusal(answering) == "there is no such source"


async def test_a_source_that_is_disabled_takes_no_answer(answering):
    source = answering.world.catalog.get(Source, "source-answers")
    await answering.world.catalog.save(replace(source, enabled=False))
    assert await refusal(answering) == "source 'answers' is disabled"


async def test_a_schema_may_refuse_an_answer(answering):
    source = answering.world.catalog.get(Source, "source-answers")
    await answering.world.catalog.save(replace(source, schema={"type": "array"}))
    assert "array" in await refusal(answering)


async def test_what_says_it_is_json_and_is_not_becomes_nothing(answering):
    outcome = Outcome(Result.DELIVERED, 200, response_headers={"content-type": "application/json"}, reply=b"{")
    assert (await refusal(answering, outcome)).startswith("the event's data is not JSON")


async def test_an_answer_that_was_not_read_whole_becomes_nothing(answering):
    assert await refusal(answering, Outcome(Result.DELIVERED, 200)) == "it was not read to its end"


async def test_a_source_whose_door_cannot_be_opened_is_not_waited_for(answering):
    source = answering.world.catalog.get(Source, "source-answers")
    await answering.world.catalog.save(replace(source, scheme="rot13"))
    assert "not installed" in await refusal(answering)


async def test_the_hubs_own_sources_take_no_answers(answering):
    answering.target = replace(answering.target, settings={"reply_to": "amq.topic"})
    assert await refusal(answering) == "there is no such source"


async def test_an_answer_to_an_answer_goes_no_further_round(answering):
    """Answers of the second source go back into the first one: the third event would be the first again."""
    world = answering.world
    back = await world.catalog.save_one(builders.target("back", settings={"reply_to": "shop"}))
    await world.catalog.save(builders.subscription("back", topic_ids=("topic-answers",), target_id=back.id))
    await answering.answer(await answering.delivery())
    again = answering.of(EntryId(3))
    said = await answering.replies.publish(again, back, DELIVERED)
    assert said.endswith("that would go in a circle, as an event of this source led to it")
    itself = await answering.replies.publish(again, answering.target, DELIVERED)
    assert itself.endswith("that would go in a circle, as an event of this source led to it")
    assert len(await answering.events()) == 1


async def test_a_target_that_answers_into_the_source_it_is_driven_by_goes_round_not_once(answering):
    answering.target = replace(answering.target, settings={"reply_to": "shop"})
    assert (await refusal(answering)).startswith("that would go in a circle")


async def test_so_many_answers_may_follow_from_each_other_and_no_more(answering):
    answering.replies = answering.made(depth=2)
    first = await answering.delivery()
    paths = {"1.2": 2, "1.2.3": None}
    for path, depth in paths.items():
        caused = builders.event(extensions={"causepath": path})
        said = await answering.answer(replace(first, entry_id=EntryId(100 + len(path)), event=caused))
        assert said.endswith("and so on, 2 times already") is (depth is None)
    [event] = await answering.events()
    assert (event.extensions["causedepth"], event.extensions["causepath"]) == (
        "2", f"1.2.{number(answering, 'answers')}",
    )  # fmt: skip


async def test_while_the_store_cannot_write_the_answer_is_kept_and_tried_again(answering):
    claimed = await answering.delivery()
    append = answering.world.store.append

    def refused(publication):
        raise Unavailable("store_full", "the disk is full")

    answering.world.store.append = refused
    answered = asyncio.create_task(answering.answer(claimed))
    await settle()
    assert (answering.pauses, answered.done()) == ([0.05], False)
    answering.world.store.append = append
    answering.go_on.set()
    assert (await answered).startswith("the answer became entry")
    assert answering.log == []


async def test_a_target_may_only_name_a_source_of_its_project(answering):
    world = answering.world
    view = View(world.catalog, world.admin)
    check_reply_to(view, "project-default", {"reply_to": "answers"})
    check_reply_to(view, "project-default", {"reply_to": None})
    check_reply_to(view, "project-default", {})
    for project, name in (("default", "nobody"), ("other", "answers"), ("default", "amq.topic")):
        with pytest.raises(Invalid) as refused:
            check_reply_to(view, f"project-{project}", {"reply_to": name})
        assert (refused.value.code, refused.value.pointer) == ("invalid_settings", "/settings/reply_to")
    await world.catalog.save(replace(world.catalog.get(Topic, "topic-orders"), categories=("b",)))
    limited = View(world.catalog, replace(world.admin, categories=frozenset({"a"})))
    with pytest.raises(Invalid):
        check_reply_to(limited, "project-default", {"reply_to": "shop"})
    check_reply_to(view, "project-default", {"reply_to": "shop"})


class Replying(ScriptedTarget):
    """A target type that answers with a number, and may have its answers become events."""

    settings = (Setting("reply_to", "Reply to", "a source", {"type": "string"}),)

    async def send(self, delivery):
        await super().send(delivery)
        return Outcome(Result.DELIVERED, 200, reply=b'{"number": %d}' % len(self.sent))


async def test_in_a_whole_hub_two_that_answer_each_other_come_to_an_end():
    async with memory_hub(target_types={"request": Replying()}) as yard:
        transport = httpx.ASGITransport(yard.app)
        async with httpx.AsyncClient(transport=transport, headers=yard.headers(), base_url="http://hub") as client:
            for name in ("ping", "pong"):
                await client.post("/v1/sources", json={"name": name})
            for name, other in (("ping", "pong"), ("pong", "ping")):
                source = yard.hub.catalog.named(Source, yard.project.id, name)
                body = {"name": f"to {other}", "type": "request", "settings": {"reply_to": other}}
                target = (await client.post("/v1/targets", json=body)).json()["id"]
                await client.post("/v1/subscriptions", json={"source_id": source.id, "target_id": target})
            source = yard.hub.catalog.named(Source, yard.project.id, "ping")
            first = (await client.post(f"/in/{source.id}", json={})).json()
            await settle()
            entries = (await client.get("/v1/events?kind=publication")).json()
            details = [(await client.get(f"/v1/events/{entry['entry_id']}")).json() for entry in entries]
            comments = [
                (await client.get(f"/v1/events/{child['entry_id']}")).json()["history"][-1]["comment"]
                for detail in reversed(details)
                for child in detail["children"]
            ]
    pong, ping = (detail["event"] for detail in details)
    assert (pong["data"], pong["extensions"]["causeid"]) == ({"number": 1}, first["event_id"])
    assert ping["id"] == first["event_id"]
    assert comments == [
        f"{COMPLETED}; the answer became entry {details[0]['entry_id']} of source 'pong'",
        f"{COMPLETED}; the answer became no event of source 'ping': "
        "that would go in a circle, as an event of this source led to it",
    ]
