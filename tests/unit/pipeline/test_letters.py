from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from eventyard.model.catalog import Subscription
from eventyard.model.errors import NotFound
from eventyard.model.ids import EntryId
from eventyard.model.mail import Mail
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.letters import Failures, Letterhead, Letters
from eventyard.stores.memory import MemoryStore
from eventyard.testing import builders
from eventyard.testing.builders import NOW
from eventyard.testing.fakes import HandClock

OPS = ("ops@example.com", "dev@example.com")


class Office:
    """A delivery of the scene that failed, entry 2 below publication 1."""

    async def start(self) -> None:
        self.store = MemoryStore(HandClock())
        scene = await builders.saved(self.store)
        self.subscription = replace(scene.subscription, mail_to=OPS, title="Order to CRM")
        self.target = scene.target
        await self.store.save([self.subscription])
        event = builders.event(b'{"order": 1, "card": {"pin": "1234"}}')
        await self.store.append(scene.publication(event, [scene.delivery(lease_until=NOW + 1)]))
        await self.store.record(builders.failed(2, 1))
        self.catalog = Catalog(self.store)
        await self.catalog.start()

    async def write(self, *, count: int = 1, entry: int = 2, **head) -> Mail | None:
        letters = Letters(self.catalog, self.store, Letterhead(**head))
        failures = Failures("mail-1", self.subscription.id, EntryId(entry), count, NOW)
        return await letters.write(failures)

    async def mail(self, **fields) -> Mail:
        mail = await self.write(**fields)
        assert mail is not None
        return mail


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    office = Office()
    await office.start()
    yield office


async def test_a_mail_says_what_failed_where_and_why(office):
    mail = await office.mail()
    assert (mail.id, mail.at, mail.to) == ("mail-1", NOW, OPS)
    assert mail.subject == "Delivery failed: Order to CRM (default)"
    assert mail.text == (
        "A delivery failed, and is not tried again.\n\n"
        "Subscription:  Order to CRM\n"
        "Application:   default\n"
        "Source:        shop\n"
        "Target:        receiver\n"
        "When:          2026-01-02T03:04:05.678Z\n"
        "Why:           gave up\n"
        "Attempts:      1\n"
        "Journal entry: 2\n"
        "Event:         event-1\n\n"
        "--- The event ---\n"
        "order.created event-1\n"
        "content-type: application/json\n\n"
        '{"order": 1, "card": {"pin": "1234"}}\n\n'
        "--- What came back ---\n"
        "500 after 12 ms: 500 Internal Server Error\n"
    )


async def test_html_says_it_too(office):
    html = (await office.mail()).html
    for fact in ("Order to CRM", "shop", "receiver", "gave up", "500 Internal Server Error", "&quot;order&quot;: 1"):
        assert fact in html


async def test_a_mail_about_many_says_how_many_and_shows_the_last(office):
    mail = await office.mail(count=999)
    assert mail.subject == "999 deliveries failed: Order to CRM (default)"
    assert mail.text.startswith(
        "999 deliveries failed since 2026-01-02T03:04:05.678Z, and are not tried again. This is the last of them.\n"
    )


async def test_the_hubs_alias_comes_first(office):
    assert (await office.mail(alias="prod")).subject.startswith("[prod] Delivery failed:")


async def test_a_link_leads_to_the_entry(office):
    mail = await office.mail(public_url="https://hub.example/")
    assert "See:           https://hub.example/v1/events/2\n" in mail.text
    assert '<a href="https://hub.example/v1/events/2">' in mail.html


async def test_what_has_a_secret_name_is_not_shown(office):
    mail = await office.mail(masked=("pin",))
    assert '"card": {"pin": "****"}' in mail.text
    assert "1234" not in mail.text + mail.html


async def test_the_operators_recipients_are_told_where_a_subscription_names_nobody(office):
    await office.catalog.save(replace(office.subscription, mail_to=()))
    assert await office.write() is None
    assert (await office.mail(default_recipients=("admin@example.com",))).to == ("admin@example.com",)


async def test_what_is_gone_meanwhile_is_called_as_it_was(office):
    await office.catalog.remove(office.catalog.get(Subscription, office.subscription.id))
    await office.catalog.remove(office.target)
    mail = await office.mail(default_recipients=("admin@example.com",))
    assert mail.subject == "Delivery failed: fulfilment (default)"
    assert "Target:        deleted meanwhile\n" in mail.text


async def test_nothing_is_said_of_an_entry_that_is_not_there(office):
    with pytest.raises(NotFound):
        await office.store.detail(EntryId(99))
    assert await office.write(entry=99) is None
