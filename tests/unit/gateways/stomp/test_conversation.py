"""A conversation: who is let in, what is done in which order, what an ERROR says, and how it ends."""

import asyncio
from typing import Any

import pytest

from eventyard.gateways.stomp.conversation import LOGIN_S
from eventyard.model.access import Scope
from eventyard.model.catalog import ApiKey, Project
from eventyard.model.errors import Unavailable
from eventyard.pipeline.keys import digest_of
from eventyard.testing.builders import NOW
from eventyard.testing.hub import Yard, memory_hub
from eventyard.wire.stomp.frames import Frame
from tests.unit.gateways.stomp.around import Client, settled, turn


async def test_a_key_is_the_passcode_of_any_login(yard: Yard) -> None:
    client = Client(yard)
    connected = await client.login(login="whoever", heart_beat="0,0")
    assert connected.command == "CONNECTED"
    assert connected.headers["version"] == "1.2"
    assert connected.headers["server"].startswith("Eventyard/")
    assert len(connected.headers["session"]) == len("session-") + 22
    [link] = yard.hub.streams.links(yard.security.bearer(yard.key))
    assert (link.protocol, link.peer) == ("stomp", "127.0.0.1:5")


async def test_a_user_comes_in_with_their_password() -> None:
    async with memory_hub(password="a secret") as yard:
        client = Client(yard)
        client.say("STOMP", login="admin", passcode="a secret", accept_version="1.1")
        assert (await client.hear()).headers["version"] == "1.1"


async def test_a_wrong_passcode_is_told_so_and_the_connection_ends(yard: Yard) -> None:
    client = Client(yard)
    client.say("CONNECT", accept_version="1.2", login="me", passcode="wrong")
    refusal = await client.hear()
    assert (refusal.command, refusal.headers["message"]) == ("ERROR", "Bad CONNECT")
    assert refusal.body.startswith(b"Access refused for user 'me'")
    assert client.wire.ended
    client.raw(b"SEND\ndestination:/topic/a\n\n\0")
    await turn()
    assert not yard.hub.streams._links


async def test_without_a_passcode_nobody_comes_in(yard: Yard) -> None:
    client = Client(yard)
    client.say("CONNECT", accept_version="1.2")
    assert (await client.error())[0] == "unauthenticated"


async def test_a_host_that_is_a_project_of_the_callers_chooses_it(yard: Yard) -> None:
    second = Project("second-id", yard.project.organization_id, "second", NOW, NOW)
    await yard.hub.catalog.save(second)
    client, other, stray = Client(yard), Client(yard), Client(yard)
    await client.login(host="second")
    await other.login(host="second-id")
    await stray.login(host="events.example.com")
    links = yard.hub.streams.links(yard.security.bearer(yard.key))
    assert [link.project.name for link in links] == ["second", "second", "default"]


async def test_who_says_nothing_is_asked_to_leave(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    timers: list[tuple[float, Any]] = []
    monkeypatch.setattr(asyncio.get_running_loop(), "call_later", lambda s, c, *a: timers.append((s, c)) or Timer())
    client = Client(yard)
    [(seconds, ring)] = timers
    assert seconds == LOGIN_S
    ring()
    assert (await client.error()) == ("unauthenticated", "no CONNECT came within 10 s")
    assert client.wire.ended


class Timer:
    def cancel(self) -> None:
        pass


async def test_a_receipt_of_a_send_comes_once_it_is_on_disk(yard: Yard, client: Client) -> None:
    client.say("SEND", b"x", destination="/topic/a", receipt="r")
    assert b"RECEIPT" not in client.wire.written
    assert await client.hear() == Frame("RECEIPT", {"receipt-id": "r"})
    assert await yard.store.newest() > 0


async def test_commands_wait_for_what_was_sent_before_them(client: Client) -> None:
    client.say("SEND", b"x", destination="/topic/a", receipt="1")
    client.say("SUBSCRIBE", id="1", destination="/topic/a", receipt="2")
    client.say("BEGIN", transaction="t", receipt="3")
    client.say("UNSUBSCRIBE", id="1", receipt="4")
    client.say("ABORT", transaction="t", receipt="5")
    client.say("DISCONNECT", receipt="6")
    receipts = [(await client.hear()).headers["receipt-id"] for _ in range(6)]
    assert receipts == ["1", "2", "3", "4", "5", "6"]
    assert client.wire.ended


async def test_nothing_is_read_while_something_is_done(client: Client) -> None:
    client.say("SUBSCRIBE", id="1", destination="/topic/a", receipt="1")
    assert not client.wire.reading
    await client.hear()
    await turn()
    assert client.wire.reading


async def test_bytes_that_come_all_the_same_are_kept(client: Client) -> None:
    client.raw(b"SUBSCRIBE\nid:1\ndestination:/topic/a\nreceipt:1\n\n\0BEG")
    client.raw(b"IN\ntransaction:t\nreceipt:2\n\n\0")
    assert [(await client.hear()).headers["receipt-id"] for _ in range(2)] == ["1", "2"]


async def test_an_error_says_why_for_which_frame_and_is_the_end(yard: Yard, client: Client) -> None:
    client.say("SUBSCRIBE", id="1", destination="/exchange/nothing/#", receipt="r")
    error = await client.hear()
    assert (error.command, error.headers["message"], error.headers["receipt-id"]) == ("ERROR", "not_found", "r")
    assert error.body == b"no exchange 'nothing'"
    assert client.wire.ended
    await settled(yard)
    assert not yard.hub.streams._links


async def test_a_client_that_wants_to_goes_on_after_a_wrong_command(yard: Yard) -> None:
    client = Client(yard)
    await client.login(x_continue_on_error="true")
    client.say("SUBSCRIBE", id="1", destination="/nowhere/a")
    assert (await client.error())[0] == "invalid_parameter"
    client.say("SUBSCRIBE", id="1", destination="/topic/a", x_stream_offset="soon")
    assert (await client.error())[0] == "invalid_parameter"
    await client.subscribe("/topic/a")
    assert not client.wire.ended


async def test_bytes_that_are_no_frame_are_the_end_in_any_case(yard: Yard) -> None:
    client = Client(yard)
    await client.login(x_continue_on_error="true")
    client.raw(b"SEND\nno colon\n\n\0")
    assert (await client.error())[0] == "invalid_frame"
    assert client.wire.ended


async def test_a_frame_may_be_large_only_once_the_client_is_known(yard: Yard) -> None:
    stranger = Client(yard)
    stranger.raw(b"CONNECT\npasscode:" + b"x" * 70_000)
    assert (await stranger.error())[0] == "frame_too_large"
    client = Client(yard)
    await client.login()
    await client.send("/topic/a", b"x" * 200_000)


async def test_what_was_sent_before_the_client_went_is_still_committed(yard: Yard, client: Client) -> None:
    client.say("SEND", b"x", destination="/topic/a")
    await client.leave()
    assert await yard.store.newest() > 0


async def test_what_was_asked_before_the_client_went_is_still_done(yard: Yard, client: Client) -> None:
    client.say("BEGIN", transaction="t")
    client.say("SEND", b"2", destination="/topic/a", transaction="t")
    client.say("SEND", b"1", destination="/topic/a")
    client.say("COMMIT", transaction="t")
    await client.leave()
    assert await yard.store.newest() == 2


async def test_nobody_subscribes_who_has_gone(yard: Yard, client: Client) -> None:
    client.say("SUBSCRIBE", id="1", destination="/topic/a")
    await client.leave()
    assert not list(yard.hub.streams.queues)


async def test_after_a_message_that_was_refused_nothing_is_done(yard: Yard, client: Client) -> None:
    client.say("SEND", b"1", destination="/exchange/nothing/a")
    client.say("SUBSCRIBE", id="1", destination="/queue/a", receipt="r")
    assert (await client.error())[0] == "not_found"
    await settled(yard)
    assert not list(yard.hub.streams.queues)
    assert b"RECEIPT" not in client.wire.written


async def test_a_token_is_renewed_on_a_living_connection(yard: Yard) -> None:
    short = await yard.key_for(Scope.ADMIN, expires_at=yard.clock.now + 60_000)
    client = Client(yard)
    await client.login(short)
    client.say("SEND", yard.key.encode(), destination="/token", receipt="r")
    assert (await client.hear()).headers["receipt-id"] == "r"
    [link] = yard.hub.streams._links.values()
    assert link.who.until is None


async def test_a_token_that_does_not_count_ends_it(client: Client) -> None:
    client.say("SEND", b"nonsense", destination="/token", receipt="r")
    assert (await client.error())[0] == "unauthenticated"
    assert client.wire.ended


async def test_a_key_that_is_revoked_ends_its_connections_with_the_reason(yard: Yard) -> None:
    key = await yard.key_for(Scope.EVENTS_READ)
    client = Client(yard)
    await client.login(key)
    await client.subscribe("/topic/a")
    who = yard.security.bearer(yard.key)
    record = next(record for record in yard.hub.catalog.all(ApiKey) if record.digest == digest_of(key))
    await yard.hub.keys.revoke(who, record.id)
    assert await client.error() == ("access_ended", "the key of this connection was revoked")
    assert client.wire.ended


async def test_after_its_end_no_message_comes(yard: Yard, client: Client, other: Client) -> None:
    await client.subscribe("/topic/a")
    [link, _] = yard.hub.streams._links.values()
    link.end(Unavailable("shutting_down", "the hub is stopping"))
    assert (await client.error())[0] == "shutting_down"
    written = len(client.wire.written)
    await other.send("/topic/a")
    client.socket.resume_writing()
    await turn()
    assert len(client.wire.written) == written


async def test_what_goes_wrong_on_our_side_is_told_without_details(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("a secret")

    conversation: Any = client.socket.conversation
    monkeypatch.setattr(conversation._subscriptions, "add", broken)
    client.say("SUBSCRIBE", id="1", destination="/topic/a", receipt="r")
    assert await client.error() == ("internal", "something went wrong here; the hub's log has the details")


class Clocks:
    """The timers of a conversation, to be moved on by hand."""

    def __init__(self, client: Client) -> None:
        conversation: Any = client.socket.conversation
        self._clocks = conversation._clocks
        self.seconds = [clock._seconds for clock in self._clocks]

    def tick(self, place: int) -> None:
        self._clocks[place]._callback()


async def test_signs_of_life_are_sent_when_nothing_else_is(yard: Yard) -> None:
    client = Client(yard)
    connected = await client.login(heart_beat="0,4000")
    assert connected.headers["heart-beat"] == "4000,0"
    clocks = Clocks(client)
    assert clocks.seconds == [1.8]
    clocks.tick(0)  # CONNECTED was sent since
    await turn()
    written = len(client.wire.written)
    clocks.tick(0)
    await turn()
    clocks.tick(0)
    await turn()
    assert client.wire.written[written:] == b"\n\n"
    await client.leave()


async def test_a_client_that_breaks_its_promise_is_given_up(yard: Yard) -> None:
    client = Client(yard)
    await client.login(heart_beat="4000,0")
    clocks = Clocks(client)
    assert clocks.seconds == [4.0]
    clocks.tick(0)
    clocks.tick(0)
    client.raw(b"\n")
    clocks.tick(0)
    clocks.tick(0)
    assert not client.wire.aborted
    clocks.tick(0)
    assert client.wire.aborted
    await client.leave()
    assert not yard.hub.streams._links


async def test_nobody_is_given_up_for_what_was_not_read(yard: Yard) -> None:
    client = Client(yard)
    await client.login(heart_beat="4000,0")
    clocks = Clocks(client)
    client.say("SUBSCRIBE", id="1", destination="/topic/a", receipt="r")
    for _ in range(5):
        clocks.tick(0)
    assert not client.wire.aborted
    await client.hear()
    await client.leave()


async def test_a_client_that_takes_nothing_is_told_and_closed(yard: Yard, client: Client) -> None:
    conversation: Any = client.socket.conversation
    conversation.too_slow()
    assert (await client.error())[0] == "too_slow"
    assert client.wire.ended


async def test_too_many_connections_are_refused(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise Unavailable("too_many", "2 connections are open, which is the bound")

    monkeypatch.setattr(yard.hub.streams, "connect", full)
    client = Client(yard)
    client.say("CONNECT", accept_version="1.2", passcode=yard.key)
    assert (await client.error())[0] == "too_many"


async def test_the_rate_of_a_key_counts_for_its_logins(yard: Yard) -> None:
    key = await yard.key_for(Scope.EVENTS_READ, rate_limit=1.0)
    first, second = Client(yard), Client(yard)
    await first.login(key)
    second.say("CONNECT", accept_version="1.2", passcode=key)
    assert (await second.error())[0] == "rate_limited"


async def test_a_transaction_is_done_whole_or_not_at_all(yard: Yard, client: Client, other: Client) -> None:
    await other.subscribe("/topic/#")
    client.say("BEGIN", transaction="t")
    client.say("SEND", b"1", destination="/topic/a", transaction="t")
    client.say("SEND", b"2", destination="/topic/b", transaction="t")
    await turn()
    assert await yard.store.newest() == 0
    client.say("COMMIT", transaction="t", receipt="r")
    assert (await client.hear()).headers["receipt-id"] == "r"
    assert [(await other.hear()).body for _ in range(2)] == [b"1", b"2"]
    client.say("BEGIN", transaction="t")
    client.say("SEND", b"3", destination="/topic/a", transaction="t")
    client.say("SEND", b"4", destination="/exchange/nothing/b", transaction="t")
    newest = await yard.store.newest()
    client.say("COMMIT", transaction="t", receipt="r")
    assert (await client.error())[0] == "not_found"
    assert await yard.store.newest() == newest


async def test_nothing_of_a_transaction_is_done_that_settles_what_it_cannot(yard: Yard, client: Client) -> None:
    await client.subscribe("/topic/a", ack="client-individual")
    await client.send("/topic/a")
    message = await client.hear()
    newest = await yard.store.newest()
    client.say("BEGIN", transaction="t")
    client.say("SEND", b"1", destination="/topic/b", transaction="t")
    client.say("ACK", id=message.headers["ack"], transaction="t")
    client.say("ACK", id=message.headers["ack"])
    client.say("COMMIT", transaction="t", receipt="r")
    assert (await client.error())[1].startswith("message 1 is not waiting")
    assert await yard.store.newest() == newest
