import pytest
from pamqp import frame
from pamqp.commands import Connection
from pamqp.encode import field_table

from eventyard.wire.amqp.errors import AmqpError, ReplyCode
from eventyard.wire.amqp.events import Login
from eventyard.wire.amqp.handshake import CAPABILITIES, Tuning, capabilities, login, start, tuned

MECHANISMS = ("PLAIN", "AMQPLAIN", "EXTERNAL")


def test_the_server_says_who_it_is_and_what_it_can() -> None:
    _, _, said = frame.unmarshal(frame.marshal(start(MECHANISMS), 0))
    assert isinstance(said, Connection.Start)
    assert (said.version_major, said.version_minor) == (0, 9)
    assert (said.mechanisms, said.locales) == ("PLAIN AMQPLAIN EXTERNAL", "en_US")
    assert said.server_properties["product"] == "Eventyard"
    assert said.server_properties["capabilities"] == dict.fromkeys(CAPABILITIES, True)
    assert {"publisher_confirms", "basic.nack", "consumer_cancel_notify"} <= set(CAPABILITIES)


@pytest.mark.parametrize(
    ("mechanism", "response", "user", "password"),
    [
        ("PLAIN", "\0alice\0öpen sesame", "alice", "öpen sesame"),
        ("PLAIN", "somebody\0\0token", "", "token"),
        ("AMQPLAIN", field_table({"LOGIN": "alice", "PASSWORD": "secret"})[4:].decode(), "alice", "secret"),
        ("EXTERNAL", "", None, None),
        ("EXTERNAL", "alice", "alice", None),
    ],
)
def test_a_response_is_read(mechanism: str, response: str, user: str | None, password: str | None) -> None:
    answer = Connection.StartOk({"product": "pika"}, mechanism, response)
    assert login(answer, MECHANISMS) == Login(mechanism, user, password, {"product": "pika"})


@pytest.mark.parametrize(
    ("mechanism", "response", "code"),
    [
        ("CRAM-MD5", "", ReplyCode.COMMAND_INVALID),
        ("plain", "\0a\0b", ReplyCode.COMMAND_INVALID),
        ("PLAIN", "alice", ReplyCode.SYNTAX_ERROR),
        ("PLAIN", "\0a\0b\0c", ReplyCode.SYNTAX_ERROR),
        ("AMQPLAIN", "\5LOGIN", ReplyCode.SYNTAX_ERROR),
        ("AMQPLAIN", "\5LOGINS\0\0\0\1a", ReplyCode.SYNTAX_ERROR),
    ],
)
def test_a_response_that_is_none_is_refused(mechanism: str, response: str, code: ReplyCode) -> None:
    with pytest.raises(AmqpError) as refused:
        login(Connection.StartOk({}, mechanism, response), MECHANISMS)
    assert refused.value.code is code
    assert (refused.value.class_id, refused.value.method_id) == (10, 11)


def test_only_what_a_client_says_is_true_counts_as_a_capability() -> None:
    assert capabilities({"capabilities": {"basic.nack": True, "connection.blocked": False}}) == {"basic.nack"}
    assert capabilities({"capabilities": "all"}) == capabilities({}) == frozenset()


@pytest.mark.parametrize(
    ("answer", "agreed"),
    [
        ((0, 0, 0), Tuning(2_047, 131_072, 0)),
        ((10, 4_096, 600), Tuning(10, 4_096, 600)),
        ((2_047, 131_072, 60), Tuning()),
    ],
)
def test_the_lower_bound_holds_and_the_clients_heartbeat(answer: tuple[int, int, int], agreed: Tuning) -> None:
    assert tuned(Tuning(), Connection.TuneOk(*answer)) == agreed


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((2_048, 0, 0), "negotiated channel_max = 2048 is not between 1 and 2047"),
        ((0, 131_073, 0), "negotiated frame_max = 131073 is not between 4096 and 131072"),
        ((0, 4_095, 0), "negotiated frame_max = 4095 is not between 4096 and 131072"),
    ],
)
def test_a_client_keeps_within_what_was_offered(answer: tuple[int, int, int], why: str) -> None:
    with pytest.raises(AmqpError) as refused:
        tuned(Tuning(), Connection.TuneOk(*answer))
    assert refused.value.text == f"NOT_ALLOWED - {why}"
