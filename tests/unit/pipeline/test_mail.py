import io
import json
from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from eventyard.model.mail import Mail
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.letters import Failures, Letterhead, Letters
from eventyard.pipeline.mail import Mails
from eventyard.pipeline.outbox import Outbox
from eventyard.stores.memory import MemoryStore
from eventyard.telemetry.log import make_log
from eventyard.telemetry.metrics import Metrics
from eventyard.testing import builders
from eventyard.testing.builders import NOW
from eventyard.testing.fakes import HandClock, Postbox, settle

INTERVAL = 60_000
OPS = ("ops@example.com",)


class Told(Letters):
    """Letters that say what they were to tell."""

    async def write(self, failures: Failures) -> Mail | None:
        last = f"{failures.subscription_id} {failures.count} {failures.entry_id} {failures.since - NOW}"
        return builders.mail(id=failures.id, subject=last)


class Desk:
    """Mails over a postbox, and the subscriptions ``named`` and ``silent``."""

    async def start(self, *, bound: int = 100, default: tuple[str, ...] = (), server: bool = True) -> None:
        self.clock = HandClock()
        self.box = Postbox()
        self.stream = io.BytesIO()
        store, log = MemoryStore(self.clock), make_log("info", "json", self.stream)
        scene = await builders.saved(store)
        self.named = replace(scene.subscription, id="named", name="named", mail_to=OPS, number=0)
        await store.save([self.named, replace(scene.subscription, id="silent", name="silent", number=0)])
        self.catalog = Catalog(store)
        await self.catalog.start()
        outbox = Outbox(self.box, Metrics(), log, self.clock, bound=bound) if server else None
        ids = iter(range(10_000))
        letters = Told(self.catalog, store, Letterhead(default_recipients=default))
        self.mails = Mails(letters, outbox, log, self.clock, lambda: f"mail-{next(ids)}", interval_ms=INTERVAL)

    def fail(self, *entries: int, of: str = "named") -> None:
        for entry in entries:
            self.mails.failed(replace(builders.failed(entry, 1), subscription_id=of))

    async def told(self) -> list[str]:
        """Of which subscription, how many, which entry last, since when after the beginning."""
        await settle()
        return [mail.subject for mail in self.box.taken]

    async def later(self, wait_ms: int) -> None:
        self.clock.advance(wait_ms)
        self.mails.tick()
        await settle()

    def said(self) -> list[str]:
        return [json.loads(line)["event"] for line in self.stream.getvalue().splitlines()]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk()
    await desk.start()
    yield desk
    desk.box.let_go()
    await desk.mails.stop(0)


async def test_the_first_failure_is_told_at_once(desk):
    desk.fail(7)
    assert await desk.told() == ["named 1 7 0"]


async def test_a_thousand_failures_are_two_mails_of_which_the_second_counts_them(desk):
    desk.fail(*range(2, 1_002))
    assert await desk.told() == ["named 1 2 0"]
    await desk.later(INTERVAL - 1)
    assert len(await desk.told()) == 1
    await desk.later(1)
    assert await desk.told() == ["named 1 2 0", "named 999 1001 0"]


async def test_after_an_interval_without_failures_the_next_is_told_at_once_again(desk):
    desk.fail(7)
    await desk.later(INTERVAL)
    desk.fail(8)
    assert await desk.told() == ["named 1 7 0", f"named 1 8 {INTERVAL}"]


async def test_while_failures_go_on_there_is_a_mail_each_interval(desk):
    for entry in (2, 3, 4):
        desk.fail(entry)
        await desk.later(INTERVAL)
    assert await desk.told() == ["named 1 2 0", "named 1 3 60000", "named 1 4 120000"]


async def test_each_subscription_is_told_of_by_itself(desk):
    await desk.catalog.save(replace(desk.named, id="other", name="other", number=0))
    desk.fail(2, 3)
    desk.fail(4, of="other")
    assert await desk.told() == ["named 1 2 0", "other 1 4 0"]


async def test_where_nobody_is_to_know_nobody_is_told(desk):
    desk.fail(2, of="silent")
    await desk.later(INTERVAL)
    assert await desk.told() == []
    assert desk.said() == []


async def test_the_operators_recipients_are_told_where_a_subscription_names_nobody_and_when_it_is_gone():
    desk = Desk()
    await desk.start(default=("admin@example.com",))
    desk.fail(2, of="silent")
    desk.fail(3, of="deleted-meanwhile")
    assert await desk.told() == ["silent 1 2 0", "deleted-meanwhile 1 3 0"]
    await desk.mails.stop(0)


async def test_what_finds_the_outbox_full_is_told_later():
    desk = Desk()
    await desk.start(bound=1)
    desk.box.hold()
    await desk.catalog.save(replace(desk.named, id="other", name="other", number=0))
    desk.fail(2)
    desk.fail(3, 4, of="other")
    desk.box.let_go()
    assert await desk.told() == ["named 1 2 0"]
    await desk.later(INTERVAL)
    assert await desk.told() == ["named 1 2 0", "other 2 4 0"]
    await desk.mails.stop(0)


async def test_without_a_mail_server_the_log_says_once_that_one_is_needed():
    desk = Desk()
    await desk.start(server=False)
    desk.fail(2, of="silent")
    assert desk.said() == []
    desk.fail(3, 4)
    await settle()
    assert desk.said() == ["mail_not_set_up"]
    assert await desk.mails.stop(1_000) == 0


async def test_at_the_end_what_was_counted_is_told(desk):
    desk.fail(2, 3, 4)
    assert await desk.mails.stop(1_000) == 0
    assert await desk.told() == ["named 1 2 0", "named 2 4 0"]


async def test_at_the_end_what_cannot_be_told_is_logged():
    desk = Desk()
    await desk.start(bound=1)
    desk.box.hold()
    desk.fail(2, 3)
    await settle()
    assert await desk.mails.stop(0) == 1
    await settle()
    assert desk.said() == ["failures_untold", "mails_unsent"]
