"""Clients are let in within bounds, seen by those who may, and let out when their credentials end."""

import pytest

from eventyard.model.access import Scope
from eventyard.model.catalog import Organization, User
from eventyard.model.errors import Forbidden, HubError, NotFound, Unauthenticated, Unavailable
from eventyard.model.identity import Client
from eventyard.model.streams import Queue
from eventyard.pipeline.streams.link import Link
from eventyard.testing.builders import NOW
from eventyard.testing.hub import Yard
from tests.unit.pipeline.streams.around import Reader
from tests.unit.pipeline.streams.conftest import connect, ended


async def test_a_client_is_in_the_project_it_names_or_in_its_first(yard: Yard) -> None:
    assert connect(yard).project.name == "default"
    assert connect(yard, project="default").project.name == "default"
    with pytest.raises(NotFound):
        connect(yard, project="elsewhere")


async def test_connections_are_seen_by_those_who_may(yard: Yard, link: Link) -> None:
    admin = yard.hub.keys.by_key(yard.key)
    stranger = yard.hub.keys.by_key(await yard.stranger_key())
    reader = yard.hub.keys.by_key(await yard.key_for(Scope.EVENTS_READ))
    streams = yard.hub.streams
    assert list(streams.links(admin)) == [link]
    assert list(streams.links(stranger)) == []
    with pytest.raises(Forbidden):
        streams.links(reader)


async def test_beyond_the_bounds_nobody_gets_more(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    from msgspec.structs import replace  # noqa: PLC0415

    streams = yard.hub.streams
    monkeypatch.setattr(streams, "limits", replace(streams.limits, connections=1, queues=1, consumers=1))
    only = connect(yard)
    with pytest.raises(Unavailable, match="1 connections"):
        connect(yard)
    queue = await only.declare_queue("q")
    with pytest.raises(Unavailable, match="1 queues"):
        await only.declare_queue("r")
    await only.consume(queue, Reader().consumer)
    with pytest.raises(Unavailable, match="1 consumers"):
        await only.consume(queue, Reader().consumer)


async def test_newer_credentials_take_over_if_they_reach_as_far(yard: Yard, link: Link) -> None:
    fresh = yard.hub.keys.by_key(await yard.key_for(Scope.EVENTS_READ))
    link.renew(fresh)
    assert link.who is fresh
    with pytest.raises(Unauthenticated):
        link.renew(yard.hub.keys.by_key(await yard.stranger_key()))
    assert link.who is fresh


async def test_everybody_is_told_when_the_hub_stops(yard: Yard) -> None:
    ended.clear()
    one = connect(yard)
    one.end = lambda error: (ended.append(error.code), yard.hub.streams.leave(one))  # type: ignore[assignment, func-returns-value]
    await yard.hub.streams.say_goodbye()
    assert ended == ["shutting_down"]
    assert not list(yard.hub.streams.links(yard.hub.keys.by_key(yard.key)))


async def test_a_project_takes_its_queues_and_connections_along(yard: Yard) -> None:
    ended.clear()
    admin, hub = yard.hub.keys.by_key(yard.key), yard.hub
    project = await hub.projects.create(admin, name="brief")
    application = await hub.projects.add_application(admin, project_id=project.id, name="a")
    queue = await connect(yard, project="brief").declare_queue("q", durable=True)
    await hub.projects.remove_application(admin, application.id)
    await hub.projects.remove(admin, project.id)
    while hub.streams.queues.tasks:
        await next(iter(hub.streams.queues.tasks))
    assert queue.gone
    assert ended == ["access_ended"]
    assert not list(hub.catalog.all(Queue))


async def test_a_key_that_was_revoked_after_it_was_proven_opens_no_connection(yard: Yard) -> None:
    hub, text = yard.hub, await yard.key_for(Scope.EVENTS_READ)
    proven = hub.keys.by_key(text)
    assert proven.key_id is not None
    await hub.keys.revoke(hub.keys.by_key(yard.key), proven.key_id)
    with pytest.raises(Unauthenticated, match="revoked"):
        hub.streams.connect(proven, protocol="test", peer="here", name="", end=lambda _: None)


@pytest.mark.parametrize("end", ["revoke", "remove"])
async def test_a_connection_ends_when_its_client_or_user_is_let_in_no_more(yard: Yard, end: str) -> None:
    admin, identity = yard.hub.keys.by_key(yard.key), yard.hub.identity
    said: list[tuple[str, str]] = []
    client, _ = await identity.clients.create(admin, name="ci")
    ada = await identity.users.create(admin, name="ada", password="x")

    def connect_as(who: Client | User) -> None:
        yard.hub.streams.connect(
            identity.rights.principal(who), protocol="test", peer="here", name="",
            end=lambda error: said.append((who.name, error.code)),
        )  # fmt: skip

    connect_as(client)
    connect_as(ada)
    await identity.clients.change(admin, client.id, {"title": "CI"})
    assert said == []
    await getattr(identity.clients, end)(admin, client.id)
    await identity.users.remove(admin, ada.id)
    assert said == [("ci", "access_ended"), ("ada", "access_ended")]


async def test_reading_ends_with_credentials_that_do_not_allow_it(yard: Yard, link: Link) -> None:
    queue, reader = await link.declare_queue("q"), Reader()
    await link.consume(queue, reader.consumer)
    link.renew(yard.hub.keys.by_key(await yard.key_for(Scope.EVENTS_PUBLISH)))
    assert reader.cancelled == ["forbidden"]
    assert not queue.consumers
    assert not link.consumers


@pytest.mark.parametrize("categories", [("a",), ("a", "b"), None])
async def test_a_connection_ends_when_its_user_may_see_other_categories(
    yard: Yard, categories: tuple[str, ...] | None
) -> None:
    from msgspec.structs import replace  # noqa: PLC0415

    [organization] = yard.hub.catalog.all(Organization)
    user = User("u-1", organization.id, "ada", "$argon2id$made-up", (Scope.ADMIN,), NOW, categories=("b",))
    await yard.hub.catalog.save(user)
    who, reasons = yard.hub.identity.rights.principal(user), list[HubError]()

    def come_in() -> Link:
        return yard.hub.streams.connect(who, protocol="stomp", peer="192.0.2.1:1", name="", end=reasons.append)

    link = come_in()
    await yard.hub.catalog.save(replace(user, title="Countess"))
    assert reasons == []
    await yard.hub.catalog.save(replace(user, categories=categories))
    assert [(reason.code, reason.message) for reason in reasons] == [
        ("access_ended", "who has this connection may see other categories now")
    ]
    assert link.paused
    with pytest.raises(Unauthenticated, match="other categories"):
        come_in()
