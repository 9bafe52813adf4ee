import asyncio

import msgspec
import pytest
from msgspec.structs import replace

from eventyard.model.access import Principal, Scope
from eventyard.model.breaker import BreakerPolicy
from eventyard.model.catalog import Mode, Subscription
from eventyard.model.errors import Conflict, Invalid, NotFound, Unavailable
from eventyard.model.journal import Query
from eventyard.model.outcome import Outcome, Result
from eventyard.model.retry import RetryPolicy
from eventyard.model.schedule import Compound, Schedule, When
from eventyard.pipeline import bells
from eventyard.pipeline.arrivals import Arrival
from eventyard.pipeline.bells import COUNTED, NAMED, TYPE
from eventyard.testing import builders
from eventyard.testing.fakes import settle
from eventyard.testing.hub import memory_hub

FAILED = Outcome(Result.FAILED, 500, error="500 Internal Server Error")


class Waits:
    """In the place of sleeping: goes on when it is told to, and says for how long it was asked to wait."""

    def __init__(self):
        self.asked = []
        self._gates = []

    async def __call__(self, seconds):
        self.asked.append(seconds)
        gate = asyncio.Event()
        self._gates.append(gate)
        await gate.wait()

    async def over(self):
        """Let everybody who waits go on, and do what follows."""
        await settle()
        gates, self._gates = self._gates, []
        for gate in gates:
            gate.set()
        await settle()


class House:
    """A hub with the publication ``orders``, and its subscription ``billing`` of a job, which is told."""

    def __init__(self, yard):
        self.yard, self.hub, self.store, self.webhook = yard, yard.hub, yard.store, yard.webhook
        self.ada = Principal("ada", yard.project.organization_id, frozenset({Scope.ADMIN}))
        self.waits = Waits()
        self.hub.bells._pause = self.waits

    async def open(self):
        hub = self.hub
        self.source = await hub.sources.create(self.ada, name="orders", project_id=None)
        self.job, _ = await hub.targets.create(self.ada, project_id=None, name="load", type_="job")
        self.bell = await self.target("bell")
        self.billing = await self.subscribe("billing", notify="bell")
        await self.waits.over()

    async def target(self, name, **fields):
        policy = RetryPolicy(schedule_ms=(5_000, 60_000), jitter=0)
        made, _ = await self.hub.targets.create(
            self.ada, project_id=None, name=name, type_="webhook", retry=policy, **fields
        )
        return made

    async def subscribe(self, name, target=None, **fields):
        source = await self.hub.sources.create(self.ada, name=f"of {name}", project_id=None, topic=None)
        fields = {"source_id": source.id, "target_id": (target or self.job).id, "name": name} | fields
        return await self.hub.subscriptions.create(self.ada, **fields)

    async def publish(self, subscription=None):
        """The number of the delivery."""
        source_id = (subscription or self.billing).source_id
        event = builders.event(id=self.hub.publishing.new_id())
        return (await self.hub.acceptor.accept(Arrival(self.hub.doors.of(source_id), event))).entry_id + 1

    async def change(self, **changes):
        self.billing = await self.hub.subscriptions.change(self.ada, self.billing.id, changes)

    @property
    def told(self):
        """What the bell was told: the data of each event."""
        return [msgspec.json.decode(one.event.data) for one in self.webhook.sent if one.event.type == TYPE]

    def counted(self, result):
        return self.hub.metrics.notifications.labels(result)._value.get()


@pytest.fixture
async def house():
    async with memory_hub() as yard:
        house = House(yard)
        await house.open()
        yield house
        await house.hub.bells.stop()


async def test_a_burst_is_told_of_once_and_the_next_one_again(house):
    first, second = [await house.publish() for _ in range(2)]
    assert house.told == []
    await house.waits.over()
    assert house.told == [
        {
            "subscription_id": house.billing.id,
            "subscription_name": "billing",
            "entry_id": first,
            "count": 2,
            "more": False,
            "publication_ids": [first - 1, second - 1],
        }
    ]
    [sent] = house.webhook.sent
    assert (sent.target.id, sent.subscription_id, sent.attempt) == (house.bell.id, house.billing.id, 1)
    assert (sent.event.source, sent.event.subject) == (f"/subscriptions/{house.billing.id}", house.billing.id)
    await house.waits.over()
    assert len(house.told) == 1
    await house.publish()
    await house.waits.over()
    assert [one["count"] for one in house.told] == [2, 3]
    assert house.counted("sent") == 2


async def test_what_comes_while_one_is_under_way_is_told_of_after_it(house):
    await house.publish()
    house.webhook.hold(house.bell)
    await house.waits.over()
    for _ in range(3):
        await house.publish()
    await house.waits.over()
    assert len(house.webhook.sent) == 1
    house.webhook.let_go(house.bell)
    await house.waits.over()
    assert [one["count"] for one in house.told] == [1, 4]


async def test_of_what_was_fetched_meanwhile_nobody_is_told(house):
    await house.publish()
    await house.hub.consuming.consume(house.ada, house.billing.id)
    await house.waits.over()
    assert house.told == []


@pytest.mark.parametrize("changes", [{"mode": Mode.PAUSED}, {"schedule": Schedule(When.ON_DEMAND)}])
async def test_what_is_delayed_is_told_of_too(house, changes):
    await house.change(**changes)
    entry = await house.publish()
    await house.waits.over()
    assert [one["entry_id"] for one in house.told] == [entry]


async def test_a_replayed_and_a_reprocessed_delivery_are_told_of(house):
    entry = await house.publish()
    await house.hub.consuming.consume(house.ada, house.billing.id)
    await house.waits.over()
    made = await house.hub.reprocessing.reprocess(house.ada, entry)
    await house.waits.over()
    await house.hub.consuming.consume(house.ada, house.billing.id)
    now = house.yard.clock()
    await house.hub.replay.run(house.ada, project_id=None, created_from=0, created_to=now, dry_run=False)
    await house.waits.over()
    assert [one["entry_id"] for one in house.told] == [made.id, made.id + 1]


async def test_a_set_is_told_of_once_it_is_complete_and_an_unbound_run_too(house):
    prices = await house.subscribe("prices")
    topics = ["of billing", "of prices"]
    await house.subscribe("books", source_id=None, topics=topics, notify="bell", compound=Compound())
    await house.publish()
    await house.waits.over()
    assert {one["subscription_name"] for one in house.told} == {"billing"}
    await house.publish(prices)
    await house.waits.over()
    books = house.told[-1]
    assert (books["subscription_name"], books["count"], books["publication_ids"]) == ("books", 1, [])
    fields = {"source_id": None, "topics": topics, "unbound": True, "schedule": Schedule(When.ON_DEMAND)}
    unbound = await house.subscribe("unbound", notify="bell", **fields)
    await house.hub.subscriptions.run(house.ada, unbound.id)
    await house.waits.over()
    assert (house.told[-1]["subscription_name"], house.told[-1]["count"]) == ("unbound", 1)


async def test_a_target_that_fails_is_asked_again_by_its_policy_with_the_same_event(house):
    house.webhook.script(house.bell, FAILED)
    await house.publish()
    await house.waits.over()
    assert (house.waits.asked[-1], house.counted("postponed")) == (5.0, 1)
    await house.waits.over()
    assert [one.attempt for one in house.webhook.sent] == [1, 2]
    assert len({one.event.id for one in house.webhook.sent}) == 1
    assert house.counted("sent") == 1


async def test_it_is_not_asked_again_once_nothing_waits_any_more(house):
    house.webhook.script(house.bell, FAILED)
    await house.publish()
    await house.waits.over()
    await house.hub.consuming.consume(house.ada, house.billing.id)
    await house.waits.over()
    assert len(house.webhook.sent) == 1


async def test_who_never_takes_it_is_given_up_and_who_is_gone_is_disabled(house):
    house.webhook.script(house.bell, FAILED, FAILED, FAILED, Outcome(Result.GONE, 410))
    await house.publish()
    for _ in range(3):
        await house.waits.over()
    assert (len(house.webhook.sent), house.counted("failed")) == (3, 1)
    await house.publish()
    await house.waits.over()
    bell = house.hub.catalog.get(type(house.bell), house.bell.id)
    assert (len(house.webhook.sent), bell.enabled) == (4, False)
    await house.publish()
    await house.waits.over()
    assert len(house.webhook.sent) == 4


async def test_a_target_that_is_enabled_again_is_told_of_what_came_meanwhile(house):
    await house.hub.targets.change(house.ada, house.bell.id, {"enabled": False})
    await house.publish()
    await house.waits.over()
    assert house.told == []
    await house.hub.targets.change(house.ada, house.bell.id, {"enabled": True})
    await house.waits.over()
    assert len(house.told) == 1
    await house.hub.targets.change(house.ada, house.bell.id, {"description": "At the door."})
    await house.waits.over()
    assert len(house.told) == 1


async def test_a_target_that_wanted_nothing_more_and_is_enabled_again_is_told_of_what_waits(house):
    house.webhook.script(house.bell, Outcome(Result.GONE, 410))
    await house.publish()
    await house.waits.over()
    assert len(house.told) == 1
    await house.hub.targets.change(house.ada, house.bell.id, {"enabled": True})
    await house.waits.over()
    assert len(house.told) == 2
    await house.waits.over()
    assert len(house.told) == 2


async def test_another_target_is_told_at_once_and_for_the_first_time(house):
    other = await house.target("knocker")
    house.webhook.script(house.bell, FAILED, FAILED)
    await house.publish()
    await house.waits.over()
    assert house.waits.asked[-1] == 5.0
    await house.change(notify="knocker")
    await settle()
    assert [(one.target.id, one.attempt) for one in house.webhook.sent] == [(house.bell.id, 1), (other.id, 1)]
    assert len({one.event.id for one in house.webhook.sent}) == 2
    await house.waits.over()
    assert len(house.webhook.sent) == 2


async def test_another_target_is_told_once_the_answer_of_the_former_is_there(house):
    other = await house.target("knocker")
    house.webhook.script(house.bell, FAILED)
    house.webhook.hold(house.bell)
    await house.publish()
    await house.waits.over()
    await house.change(notify="knocker")
    house.webhook.let_go(house.bell)
    await settle()
    assert [(one.target.id, one.attempt) for one in house.webhook.sent] == [(house.bell.id, 1), (other.id, 1)]
    await house.waits.over()
    assert len(house.webhook.sent) == 2


async def test_who_wants_to_be_told_no_more_is_left_alone_at_once(house):
    house.webhook.script(house.bell, FAILED)
    await house.publish()
    await house.waits.over()
    await house.change(notify=None)
    await settle()
    await house.waits.over()
    assert len(house.webhook.sent) == 1
    await house.change(notify="bell")
    await house.waits.over()
    assert [one.attempt for one in house.webhook.sent] == [1, 1]


async def test_a_target_behind_an_open_breaker_is_left_alone_until_it_may_be_asked(house):
    pushed = await house.subscribe("pushed", house.bell)
    failures = BreakerPolicy().threshold
    house.webhook.script(house.bell, *[FAILED] * failures)
    for _ in range(failures):
        await house.publish(pushed)
    await settle()
    breaker = house.hub.dispatcher.breaker_of(house.bell.number)
    assert breaker.open_until is not None
    await house.publish()
    await house.waits.over()
    assert (house.told, house.waits.asked[-1]) == ([], (breaker.open_until - house.yard.clock()) / 1000)
    house.yard.clock.now = breaker.open_until
    await house.waits.over()
    assert len(house.told) == 1


async def test_after_a_start_each_subscription_for_which_something_waits_is_told_of_once(house):
    quiet = await house.subscribe("quiet", notify="bell")
    house.hub.bells._known.clear()
    entry = await house.publish()
    await house.publish()
    await house.waits.over()
    told = len(house.told)
    house.hub.bells._known.clear()
    house.hub.bells.start()
    await house.waits.over()
    assert [(one["subscription_id"], one["entry_id"]) for one in house.told[told:]] == [(house.billing.id, entry)]
    assert quiet.id not in {one["subscription_id"] for one in house.told}


async def test_who_wants_to_be_told_from_now_on_is_told_of_what_waits_already(house):
    await house.change(notify=None)
    await house.publish()
    await house.waits.over()
    assert house.told == []
    await house.change(notify="bell")
    await house.waits.over()
    assert len(house.told) == 1
    await house.change(description="The bills.")
    await house.waits.over()
    assert len(house.told) == 1


async def test_no_more_are_counted_and_named_than_the_bounds_say(house, monkeypatch):
    monkeypatch.setattr(bells, "COUNTED", 5)
    monkeypatch.setattr(bells, "NAMED", 2)
    first, *_ = [await house.publish() for _ in range(6)]
    await house.waits.over()
    [told] = house.told
    assert (told["count"], told["more"], told["entry_id"], len(told["publication_ids"])) == (5, True, first, 2)
    assert (COUNTED, NAMED) == (1_000, 100)


async def test_a_journal_that_cannot_be_read_is_read_later(house, monkeypatch):
    find = house.store.find

    async def unreadable(query: Query):
        monkeypatch.setattr(house.store, "find", find)
        raise Unavailable("store_unavailable", "not now")

    await house.publish()
    monkeypatch.setattr(house.store, "find", unreadable)
    await house.waits.over()
    assert house.told == []
    await house.waits.over()
    assert len(house.told) == 1


async def test_a_bug_keeps_nobody_from_being_told_the_next_time(house, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(house.store, "find", None)
        await house.publish()
        await house.waits.over()
    await house.publish()
    await house.waits.over()
    assert len(house.told) == 1


async def test_a_subscription_that_goes_is_not_told(house):
    await house.publish()
    await house.hub.subscriptions.remove(house.ada, house.billing.id)
    await house.waits.over()
    assert house.told == []


async def test_who_is_told_must_be_there_and_be_sent_to_and_have_something_to_tell(house):
    with pytest.raises(NotFound):
        await house.change(notify="nobody")
    with pytest.raises(Invalid, match="not sent to"):
        await house.change(notify="load")
    with pytest.raises(Invalid, match="nothing waits"):
        await house.subscribe("pushed", house.bell, notify="bell")
    later = await house.subscribe("later", house.bell, notify="bell", schedule=Schedule(When.ON_DEMAND))
    with pytest.raises(Invalid, match="nothing waits"):
        await house.hub.subscriptions.change(house.ada, later.id, {"schedule": Schedule()})
    assert house.hub.catalog.get(Subscription, later.id).notify == house.bell.id
    await house.hub.subscriptions.remove(house.ada, later.id)
    with pytest.raises(Conflict, match="tells that something waits for subscription 'billing'"):
        await house.hub.targets.remove(house.ada, house.bell.id)


async def test_nobody_has_a_target_told_that_they_do_not_see(house):
    elsewhere = replace(house.ada, organization_id="elsewhere")
    with pytest.raises(NotFound):
        await house.hub.subscriptions.change(elsewhere, house.billing.id, {"notify": "bell"})
    other = await house.hub.projects.create(house.ada, name="other")
    job, _ = await house.hub.targets.create(house.ada, project_id=other.id, name="load", type_="job")
    await house.hub.topics.create(house.ada, project_id=other.id, name="orders")
    theirs = {"project_id": other.id, "topics": ["orders"], "target_id": job.id}
    for notify in (house.bell.id, "bell"):
        with pytest.raises(NotFound):
            await house.hub.subscriptions.create(house.ada, notify=notify, **theirs)
