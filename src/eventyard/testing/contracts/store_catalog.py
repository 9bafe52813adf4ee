"""What a store keeps of the catalog: records as they were, numbers that stay, and no two under one name."""

import pytest
from msgspec.structs import replace

from eventyard.model.catalog import Mode, Record, Topic
from eventyard.model.errors import Conflict
from eventyard.model.ids import EntryId
from eventyard.model.journal import Change, Committed
from eventyard.model.lifecycle import Kind, Status
from eventyard.model.products import Failure, Family, ProductState, Terms, Version
from eventyard.model.retry import RetryPolicy
from eventyard.model.rules import Act
from eventyard.model.schedule import DeliveryScope, ReleaseState, Schedule, When
from eventyard.model.sealed import Sealed
from eventyard.model.streams import Binding, Overflow, QueueOptions
from eventyard.ports import Store
from eventyard.testing import builders as b

FULL: tuple[Record, ...] = (
    b.organization(),
    b.project(description="Größe"),
    b.application(),
    b.topic(schema_version=2, locked=True),
    b.topic_schema({"type": "object"}),
    b.topic_schema(True, version=2),
    b.source(schema={"required": ["id"]}, settings={"header": "x"}, secrets=(Sealed("a"), Sealed("b", b.NOW))),
    b.target(secrets={"key": (Sealed("c"),)}, enabled=False, disabled_reason="gone", retry=RetryPolicy(max_attempts=2)),
    b.subscription(filter={"eq": ["a", 1]}, pattern="a.*", mode=Mode.PAUSED, retry=RetryPolicy(schedule_ms=None)),
    b.subscription("nightly", schedule=Schedule(When.CRON, "0 2 * * *"), delivery_scope=DeliveryScope.LATEST),
    b.api_key(rate_limit=2.5, expires_at=b.NOW),
    b.user(),
    b.queue(
        bindings=(Binding("topic-orders", "eu.#", {"x": 1}, EntryId(4), EntryId(9)), Binding("topic-orders", "")),
        options=QueueOptions(ttl_ms=5, overflow=Overflow.REJECT_PUBLISH, arguments={"x-message-ttl": 5}),
        auto_delete=True,
        key_id="key-ci",
    ),
    ProductState(
        id="a/provisioning/p", application_id="a", family=Family.PROVISIONING, subject_id="p", state="failed",
        changed_at=b.NOW, version=Version("1", "1.0"), actor=("keys", "k"), failure=Failure("quota"),
        terms=Terms(plan="gold"),
    ),
    ReleaseState("subscription-fulfilment", EntryId(7), b.NOW, "released", "ada"),
    b.rule(kinds=(Kind.SUBSCRIPTION,), statuses=(Status.PENDING,), stuck_ms=60_000, act=Act.PAUSE, reached=b.NOW),
)  # fmt: skip
"""A record of every type, with what is unusual in it."""

CLASHES: tuple[tuple[Record, Record, str], ...] = (
    (b.project(), b.project(id="2"), "default"),
    (b.application(), b.application(id="2"), "default"),
    (b.topic(), b.topic(id="2"), "orders"),
    (b.source(), b.source(id="2"), "shop"),
    (b.target(), b.target(id="2"), "receiver"),
    (b.subscription(source_id="s"), b.subscription("two", source_id="s"), "target-receiver"),
    (b.api_key(), b.api_key("two", digest="digest-of-ci"), "key"),
    (b.user(), b.user(id="2"), "admin"),
    (b.queue(), b.queue(id="2"), "inbox"),
)


def _number(record: Record) -> int:
    number: int = getattr(record, "number", 0)
    return number


class CatalogContract:
    """Records by id."""

    async def test_records_are_loaded_as_they_were_saved(self, store: Store) -> None:
        """Each type, each field."""
        assert await store.load() == []
        saved = await store.save(FULL)
        assert [replace(record, number=0) if _number(record) else record for record in saved] == list(FULL)
        loaded = await store.load()
        assert sorted(map(repr, loaded)) == sorted(map(repr, saved))

    async def test_numbers_are_given_once_and_stay(self, store: Store) -> None:
        """Through changes, and through a removal."""
        first, second = await store.save([b.source("one"), b.source("two")])
        (changed,) = await store.save([b.source("three", id="source-one")])
        assert 0 < _number(first) == _number(changed) != _number(second) > 0
        await store.remove([changed])
        assert await store.load() == [second]
        assert _number((await store.save([b.source("one")]))[0]) == _number(first)
        assert _number((await store.save([b.topic("new")]))[0]) not in (0, _number(first), _number(second))

    async def test_a_record_is_replaced_by_one_with_its_id(self, store: Store) -> None:
        """All of it."""
        await store.save([b.topic(description="old")])
        (saved,) = await store.save([b.topic("sales", id="topic-orders")])
        assert await store.load() == [saved]

    @pytest.mark.parametrize(("first", "second", "named"), CLASHES, ids=lambda value: type(value).__name__)
    async def test_what_must_be_unique_is_refused_the_second_time(
        self, store: Store, first: Record, second: Record, named: str
    ) -> None:
        """The refusal says what is taken, and nothing of the call is kept."""
        await store.save([first])
        with pytest.raises(Conflict, match=named) as refused:
            await store.save([b.organization(), second])
        assert refused.value.code == "duplicate"
        assert [type(record) for record in await store.load()] == [type(first)]
        await store.remove([first])
        assert len(await store.save([second])) == 1

    async def test_two_of_one_call_clash_as_well(self, store: Store) -> None:
        """All or none."""
        with pytest.raises(Conflict):
            await store.save([b.topic(), b.topic(id="2")])
        assert await store.load() == []

    async def test_names_are_unique_within_their_project_only(self, store: Store) -> None:
        """And subscriptions without a source not at all."""
        topics = (b.topic(), b.topic(id="2", project_id="project-north"))
        rest = (b.source("orders"), b.subscription(), b.subscription(id="2"))
        assert len(await store.save([*topics, *rest])) == 5

    async def test_removing_what_is_not_there_is_nothing(self, store: Store) -> None:
        """Neither is saving nothing."""
        await store.remove([b.topic()])
        assert await store.save([]) == []

    async def test_a_change_and_the_events_that_tell_of_it_are_committed_together(self, store: Store) -> None:
        """Saved, removed and appended; who watches is told as of any other event."""
        scene = await b.saved(store)
        watched: list[Committed] = []
        store.watch(watched.extend)
        other = b.topic("prices")
        told = (scene.publication(b.event(id="1")), scene.publication(b.event(id="2")))
        changed = await store.change(Change((other,), (scene.subscription,), told))
        assert [replace(record, number=0) for record in changed.saved if isinstance(record, Topic)] == [other]
        assert _number(changed.saved[0]) > 0
        loaded = await store.load()
        assert changed.saved[0] in loaded
        assert scene.subscription not in loaded
        assert [appended.event_id for appended in changed.appended] == ["1", "2"]
        assert [one.entry_id for one in watched] == [appended.entry_id for appended in changed.appended]
        assert (await store.detail(changed.appended[0].entry_id)).event == told[0].event

    async def test_a_change_that_is_refused_tells_nothing(self, store: Store) -> None:
        """Nothing of it is kept."""
        scene = await b.saved(store)
        before = await store.load()
        with pytest.raises(Conflict):
            await store.change(Change((b.topic(id="2"),), (scene.subscription,), (scene.publication(),)))
        assert await store.load() == before
        assert await store.newest() == 0
        assert (await store.change(Change((), (), ()))).appended == ()

    async def test_what_is_removed_makes_room_for_what_is_saved(self, store: Store) -> None:
        """Under the same name."""
        scene = await b.saved(store)
        changed = await store.change(Change((b.topic(id="2"),), (scene.topic,), ()))
        assert [record for record in await store.load() if isinstance(record, Topic)] == list(changed.saved)
