import httpx
import pytest
from msgspec.structs import replace

from eventyard.model.catalog import Mode, Subscription
from eventyard.model.errors import Unavailable
from eventyard.model.ids import EntryId
from eventyard.model.journal import Recorded, Sibling
from eventyard.model.lifecycle import Status
from eventyard.model.schedule import Schedule, When
from eventyard.pipeline import release
from eventyard.pipeline.arrivals import Arrival
from eventyard.pipeline.release import STARTED, Releases, Step, in_order, next_step
from eventyard.telemetry.log import make_log
from eventyard.testing import builders
from eventyard.testing.fakes import settle
from eventyard.testing.hub import memory_hub

C, D, E, P, N, X, R = (
    Status.COMPLETE, Status.DELAYED, Status.ERROR, Status.PROCESSING, Status.PENDING, Status.DISCARDED,
    Status.REPROCESSED,
)  # fmt: skip


def siblings(*named: tuple[str, Status]) -> list[Sibling]:
    """Deliveries of one publication, by the names of their subscriptions."""
    return [Sibling(EntryId(n), EntryId(1), name, 7, status) for n, (name, status) in enumerate(named, start=2)]


def step(*named: tuple[str, Status], stops: str = "") -> tuple[list[int], list[int], bool]:
    """What is started, what is discarded, and whether all that is open has an order. The letter tells the order."""
    orders = {"a": 1, "b": 2, "c": 3}

    def find(name: str) -> Subscription | None:
        if name == "gone":
            return None
        return builders.subscription(name, order=orders.get(name[0]), stop_on_error=name[0] in stops)

    found = next_step(siblings(*named), find)
    return [one.entry_id for one in found.start], [one.entry_id for one in found.discard], found.ordered


@pytest.mark.parametrize(
    ("orders", "delayed"),
    [
        ([], []),
        ([5], []),
        ([None, None], []),
        ([0, 0, 0], []),
        ([None, 3, 3], []),
        ([2, 1, None, 1, 9], [0, 4]),
        ([0, -1], [0]),
    ],
)
def test_of_an_events_deliveries_those_behind_the_lowest_order_wait(orders, delayed):
    given = [
        builders.delivery(builders.subscription(order=order), builders.target(), lease_until=9) for order in orders
    ]
    made = in_order(given)
    assert [place for place, one in enumerate(made) if one.status is D] == delayed
    assert [place for place, one in enumerate(made) if not one.lease_until] == delayed


def test_those_that_wait_for_their_subscription_make_nobody_wait():
    given = [
        builders.delivery(builders.subscription(order=order), builders.target(), status=status)
        for order, status in ((1, D), (2, P), (3, P))
    ]
    assert [one.status for one in in_order(given)] == [D, P, D]


@pytest.mark.parametrize(
    ("family", "started"),
    [
        ([("a", C), ("b", D), ("c", D)], [3]),
        ([("a", C), ("b1", D), ("c", D), ("b2", D)], [3, 5]),
        ([("a", C), ("b", E), ("c", D)], [4]),
        ([("a", X), ("b", D)], [3]),
        ([("a1", C), ("a2", P), ("b", D)], []),
        ([("a1", C), ("a2", N), ("b", D)], []),
        ([("a", C), ("b", C)], []),
        ([("c", D), ("b", D)], [3]),
    ],
)
def test_the_next_group_starts_when_all_of_the_one_before_have_ended(family, started):
    assert step(*family)[:2] == (started, [])


def test_what_has_no_order_waits_for_nobody_and_nobody_for_it():
    assert step(("a", C), ("z", P), ("b", D)) == ([4], [], False)
    assert step(("a", P), ("z", P), ("b", D)) == ([], [], False)
    assert step(("a", P), ("z", C), ("b", D)) == ([], [], True)


def test_a_delivery_whose_subscription_is_gone_is_left_alone():
    assert step(("a", C), ("gone", D), ("b", D), ("c", D))[0] == [4]
    assert step(("a", C), ("gone", D))[0] == []
    assert step(("gone", P), ("b", D))[0] == [3]


def test_what_waits_for_its_subscription_is_left_alone_and_waited_for_by_nobody():
    paused = builders.subscription("a", order=1, mode=Mode.PAUSED)
    nightly = builders.subscription("z", schedule=Schedule(When.CRON, "0 2 * * *"))
    known = {"a": paused, "z": nightly, "b": builders.subscription("b", order=2)}
    found = next_step(siblings(("a", D), ("z", D), ("b", D)), known.get)
    assert [one.entry_id for one in found.start] == [4]
    assert next_step(siblings(("a", D), ("z", D), ("b", P)), known.get) == Step()


def test_a_failure_discards_the_rest_only_where_its_subscription_says_so():
    assert step(("a", E), ("b", D), ("c", D), stops="bc") == ([3], [], True)
    assert step(("a", E), ("b", D), ("c", D), stops="a") == ([], [3, 4], True)
    assert step(("a1", E), ("a2", P), ("b", D), stops="a") == ([], [], True)
    found = next_step(
        siblings(("ledger", E), ("b", D)), lambda name: builders.subscription(name, order=1, stop_on_error=True)
    )
    assert found.why == "subscription 'ledger' failed, and stops those after it"


def test_the_newest_delivery_for_a_subscription_tells_whether_it_failed():
    assert step(("a", E), ("a", C), ("b", D), stops="a")[0] == [4]
    assert step(("a", R), ("a", E), ("b", D), stops="a")[1] == [4]


def test_nothing_follows_where_nothing_waits():
    assert next_step([], lambda name: None) == Step()


@pytest.fixture
async def groups(world):
    """Three subscriptions of the orders 1, 2 and 3, each with a target of its own."""
    first = world.catalog.get(Subscription, "subscription-fulfilment")
    await world.catalog.save(replace(first, order=1))
    for name, order in (("second", 2), ("third", 3)):
        target = await world.catalog.save_one(builders.target(name))
        await world.catalog.save(builders.subscription(name, target_id=target.id, order=order))
    return world


async def accepted(world):
    return (await world.acceptor.accept(Arrival(world.doors.of("source-shop"), builders.event()))).entry_id


async def statuses(world, publication_id):
    await settle()
    children = (await world.store.detail(publication_id)).children
    return "".join({C: "C", D: "D", E: "E", P: "P", X: "X"}[child.status] for child in children)


async def end(world, entry_id, make=builders.delivered):
    recording = make(entry_id, 1)
    world.releases.recorded(recording, await world.store.record(recording))


async def test_group_after_group_is_started_and_dispatch_told(groups):
    publication_id = await accepted(groups)
    assert await statuses(groups, publication_id) == "PDD"
    await end(groups, 2)
    assert await statuses(groups, publication_id) == "CPD"
    groups.clock.now += 5
    await end(groups, 3, builders.failed)
    assert await statuses(groups, publication_id) == "CEP"
    targets = [groups.catalog.named(builders.Target, "project-default", name).number for name in ("second", "third")]
    assert groups.lanes.rung == [(targets[0], builders.NOW), (targets[1], builders.NOW + 5)]
    line = (await groups.store.detail(EntryId(4))).history[-1]
    assert (line.status, line.comment, line.at) == (P, STARTED, builders.NOW + 5)
    await end(groups, 4)
    assert await statuses(groups, publication_id) == "CEC"
    assert len(groups.lanes.rung) == 2


async def test_a_failure_that_stops_discards_what_waits_and_says_whose_it_was(groups):
    second = groups.catalog.get(Subscription, "subscription-second")
    await groups.catalog.save(replace(second, stop_on_error=True))
    publication_id = await accepted(groups)
    await end(groups, 2)
    await settle()
    await end(groups, 3, builders.failed)
    assert await statuses(groups, publication_id) == "CEX"
    line = (await groups.store.detail(EntryId(4))).history[-1]
    assert line.comment == "subscription 'second' failed, and stops those after it"


async def test_asked_twice_it_does_it_once(groups):
    publication_id = await accepted(groups)
    await groups.store.record(builders.delivered(2, 1))
    other = Releases(groups.store, groups.catalog, groups.lanes.due, make_log("error"), groups.clock)
    for releases in (groups.releases, other, groups.releases):
        releases.look(publication_id)
    assert await statuses(groups, publication_id) == "CPD"
    assert len((await groups.store.detail(EntryId(3))).history) == 2
    assert len(groups.lanes.rung) == 1


async def test_what_has_no_order_and_is_still_open_holds_up_no_group(groups):
    target = await groups.catalog.save_one(builders.target("loose"))
    await groups.catalog.save(builders.subscription("loose", target_id=target.id))
    publication_id = await accepted(groups)
    assert sorted(await statuses(groups, publication_id)) == list("DDPP")
    children = (await groups.store.detail(publication_id)).children
    by_name = {child.name: child.id for child in children}
    await end(groups, by_name["fulfilment"])
    await settle()
    await end(groups, by_name["second"])
    await settle()
    found = {child.name: child.status for child in (await groups.store.detail(publication_id)).children}
    assert found == {"fulfilment": C, "second": C, "third": P, "loose": P}


async def test_the_members_of_a_large_group_are_looked_at_once_and_when_all_have_ended(groups, monkeypatch):
    for number in range(5):
        target = await groups.catalog.save_one(builders.target(f"t{number}"))
        await groups.catalog.save(builders.subscription(f"s{number}", target_id=target.id, order=1))
    reads = []
    read = groups.store.siblings

    async def counted(ids):
        reads.append(ids)
        return await read(ids)

    monkeypatch.setattr(groups.store, "siblings", counted)
    publication_id = await accepted(groups)
    for child in (await groups.store.detail(publication_id)).children:
        if child.status is P:
            await end(groups, child.id)
            await settle()
    assert reads == [[1], [1]]
    assert (await statuses(groups, publication_id)).count("P") == 1


async def test_it_is_remembered_of_so_many_publications_that_nothing_is_to_be_seen_there(groups, monkeypatch):
    monkeypatch.setattr(release, "REMEMBERED", 2)
    looked = []
    for publication_id in (1, 5, 9):
        assert await accepted(groups) == publication_id
        groups.releases.look(EntryId(publication_id))
        await settle()
    monkeypatch.setattr(groups.releases, "look", looked.append)
    for publication_id in (1, 5, 9):
        groups.releases.recorded(builders.delivered(2, publication_id), Recorded.AWAITED)
    assert looked == [1]


async def test_while_the_store_cannot_write_it_is_tried_again(groups):
    publication_id = await accepted(groups)
    await groups.store.record(builders.delivered(2, 1))
    move, pauses = groups.store.move, []

    async def refused(*arguments):
        raise Unavailable("store_full", "the disk is full")

    async def pause(seconds):
        pauses.append(seconds)
        if len(pauses) == 3:
            groups.store.move = move

    groups.store.move = refused
    releases = Releases(groups.store, groups.catalog, groups.lanes.due, make_log("error"), groups.clock, pause=pause)
    releases.look(publication_id)
    assert await statuses(groups, publication_id) == "CPD"
    assert pauses == [0.05, 0.1, 0.2]


async def test_a_bug_in_one_look_does_not_end_the_looking(groups):
    publication_id = await accepted(groups)
    await groups.store.record(builders.delivered(2, 1))
    read = groups.store.siblings

    async def broken(ids):
        raise RuntimeError("a bug")

    groups.store.siblings = broken
    groups.releases.look(publication_id)
    await settle()
    groups.store.siblings = read
    groups.releases.look(publication_id)
    assert await statuses(groups, publication_id) == "CPD"


async def test_stopped_it_looks_no_more(groups):
    publication_id = await accepted(groups)
    await groups.store.record(builders.delivered(2, 1))
    await groups.releases.stop()
    groups.releases.look(publication_id)
    assert await statuses(groups, publication_id) == "CDD"


async def test_runs_of_a_job_that_is_deleted_with_its_subscription_hold_up_nobody():
    async with memory_hub() as yard:
        await yard.hub.dispatcher.start()
        transport = httpx.ASGITransport(yard.app)
        async with httpx.AsyncClient(transport=transport, headers=yard.headers(), base_url="http://hub") as client:
            source = (await client.post("/v1/sources", json={"name": "shop"})).json()["id"]
            job = (await client.post("/v1/jobs", json={"name": "book"})).json()["id"]
            await client.post("/v1/targets", json={"name": "crm", "type": "webhook"})
            body = {"source_id": source, "target_id": job, "order": 1}
            first = (await client.post("/v1/subscriptions", json=body)).json()["id"]
            await client.post("/v1/subscriptions", json={"source_id": source, "target_id": "crm", "order": 2})
            entry_id = (await client.post(f"/in/{source}", json={})).json()["entry_id"]
            await settle()
            assert yard.webhook.sent == []
            await client.delete(f"/v1/subscriptions/{first}")
            await client.delete(f"/v1/jobs/{job}")
            await settle()
            children = (await client.get(f"/v1/events/{entry_id}")).json()["children"]
    assert [child["status"] for child in children] == ["error", "complete"]
    assert len(yard.webhook.sent) == 1
