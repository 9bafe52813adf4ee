"""Who may send an event."""

import pytest

from eventyard.dialects.eventhos.envelopes import EventhosError
from eventyard.dialects.eventhos.senders import Senders
from eventyard.testing import builders as b
from tests.unit.dialects.eventhos.sending import shop


@pytest.fixture
async def sold(yard):
    return await shop(yard)


@pytest.fixture
def senders(yard):
    return Senders(yard.hub, "default")


def refusal(senders, identifier, key):
    with pytest.raises(EventhosError) as refused:
        senders.prove(identifier, key)
    return refused.value.status, refused.value.code


async def test_the_client_of_the_system_is_let_in_by_its_short_lived_token(senders, sold):
    for _ in range(2):
        sender = senders.prove("sold-x1", sold.key)
        assert (sender.door.source.id, sender.client.id) == (sold.event.id, sold.client.id)


async def test_and_by_its_long_lived_one(senders, sold):
    key = await sold.long_token()
    assert senders.prove("sold-x1", key).client.id == sold.client.id


@pytest.mark.parametrize(
    ("identifier", "key"), [(None, "k"), ("", "k"), ("sold-x1", None), ("sold-x1", ""), (None, None)]
)
async def test_without_identifier_or_key_nothing_is_looked_for(senders, sold, identifier, key):
    assert refusal(senders, identifier, key) == (400, 400201)


async def test_an_event_that_is_not_there(senders, sold):
    assert refusal(senders, "sold-x2", sold.key) == (400, 400202)
    assert refusal(senders, "sold-x1\x00", sold.key) == (400, 400202)
    assert refusal(senders, "SOLD-X1", sold.key) == (400, 400202)


async def test_the_hubs_own_sources_are_no_events(yard, senders, sold):
    await yard.hub.catalog.save(b.source("hidden", scheme="internal", **sold.at(topic_id=sold.topic.id)))
    assert refusal(senders, "hidden", sold.key) == (400, 400202)


async def test_an_event_of_another_project_is_not_there(yard, sold):
    await yard.stranger_key()
    assert refusal(Senders(yard.hub, "project-elsewhere"), "sold-x1", sold.key) == (400, 400202)
    assert refusal(Senders(yard.hub, "nowhere"), "sold-x1", sold.key) == (400, 400202)
    assert Senders(yard.hub, sold.system.project_id).prove("sold-x1", sold.key)


async def test_a_system_without_a_client_has_no_senders(yard):
    sold = await shop(yard, client=False)
    assert refusal(Senders(yard.hub, "default"), "sold-x1", sold.key) == (404, 404201)


async def test_a_revoked_client_is_told_so_whatever_it_shows(senders, sold):
    await sold.revoke()
    assert refusal(senders, "sold-x1", sold.key) == (403, 403201)
    assert refusal(senders, "sold-x1", "nonsense") == (403, 403201)


@pytest.mark.parametrize("key", ["nonsense", "eyl_1_x", "é\udcff", "a.b.c", "x" * 10_000])
async def test_a_wrong_token(senders, sold, key):
    assert refusal(senders, "sold-x1", key) == (401, 401202)


async def test_a_token_of_another_client_is_a_wrong_one(senders, sold):
    assert refusal(senders, "sold-x1", (await sold.another_client("other"))[1]) == (401, 401202)


async def test_a_token_that_has_expired_is_a_wrong_one(yard, senders, sold):
    senders.prove("sold-x1", sold.key)
    yard.clock.now += 366 * 24 * 3_600_000
    assert refusal(senders, "sold-x1", sold.key) == (401, 401202)


async def test_where_there_is_a_long_lived_token_every_other_is_wrong(senders, sold):
    key = await sold.long_token()
    assert refusal(senders, "sold-x1", sold.key) == (401, 401201)
    assert refusal(senders, "sold-x1", key[:-1]) == (401, 401201)
    assert refusal(senders, "sold-x1", key + "x") == (401, 401201)
    assert refusal(senders, "sold-x1", (await sold.another_client("other"))[1]) == (401, 401201)


async def test_a_change_of_the_catalog_counts_from_the_next_event_on(yard, senders, sold):
    senders.prove("sold-x1", sold.key)
    await yard.hub.catalog.remove(sold.event)
    assert refusal(senders, "sold-x1", sold.key) == (400, 400202)


async def test_the_door_of_an_event_wants_no_proof(senders, sold):
    assert senders.door("sold-x1").source.id == sold.event.id
    for identifier, code in ((None, 400201), ("", 400201), ("x", 400202)):
        with pytest.raises(EventhosError) as refused:
            senders.door(identifier)
        assert refused.value.code == code
