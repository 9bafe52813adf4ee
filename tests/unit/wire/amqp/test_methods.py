import pytest
from pamqp import frame
from pamqp.base import Frame
from pamqp.commands import INDEX_MAPPING, Basic, Connection, Exchange, Queue

from eventyard.wire.amqp.errors import AmqpError, Level, ReplyCode
from eventyard.wire.amqp.methods import FROM_CLIENTS, decode, encode, make, name_of


def arguments(method: Frame) -> dict[str, object]:
    return {name: getattr(method, name) for name in method.__slots__}


def with_arguments(method: type[Frame]) -> Frame:
    """One of these with a value for each argument that is not the empty one."""
    values = {"octet": 9, "short": 5_672, "long": 131_072, "longlong": 2**40, "bit": True, "table": {"x-max": 5}}
    texts = {"shortstr": "größe", "longstr": "\0alice\0secret"}
    return make(method, **{name: (values | texts)[method.amqp_type(name)] for name in method.__slots__})


@pytest.mark.parametrize("method", sorted(FROM_CLIENTS, key=name_of), ids=name_of)
def test_every_method_of_clients_is_read_as_pamqp_reads_it(method: type[Frame]) -> None:
    sent = with_arguments(method)
    payload = encode(sent)
    assert arguments(decode(payload)) == arguments(sent)
    if method is not Basic.RecoverAsync:  # pamqp warns of it
        _, _, theirs = frame.unmarshal(b"\1\0\0" + len(payload).to_bytes(4, "big") + payload + b"\xce")
        assert isinstance(theirs, method)
        assert arguments(theirs) == arguments(sent)


def test_bits_share_octets() -> None:
    payload = encode(Exchange.Declare(exchange="e", exchange_type="topic", durable=True, nowait=True))
    assert payload == b"\0\x28\0\x0a\0\0\x01e\x05topic\x12\0\0\0\0"


def test_a_name_may_be_any_text() -> None:
    assert encode(make(Queue.DeclareOk, queue="größe?", message_count=1, consumer_count=2)) == (
        b"\0\x32\0\x0b\x08gr\xc3\xb6\xc3\x9fe?\0\0\0\x01\0\0\0\x02"
    )


@pytest.mark.parametrize(
    ("payload", "code", "ids"),
    [
        (b"\0\x1e\0\x0a", ReplyCode.NOT_IMPLEMENTED, (0, 0)),  # access.request, of 0-9
        (b"\0\x3c\0\x63", ReplyCode.NOT_IMPLEMENTED, (0, 0)),
        (b"\0\x3c\0\x3c", ReplyCode.COMMAND_INVALID, (60, 60)),  # basic.deliver
        (b"\0\x0a\0\x15\0\0\0\0", ReplyCode.COMMAND_INVALID, (10, 21)),  # connection.secure-ok
        (b"\0\x32\0\x0a\0\0\x05q", ReplyCode.SYNTAX_ERROR, (50, 10)),
        (b"\0\x14\0\x29\0", ReplyCode.SYNTAX_ERROR, (20, 41)),
        (b"\0\x3c\0\x50\0", ReplyCode.SYNTAX_ERROR, (60, 80)),
        (b"\0\x3c", ReplyCode.FRAME_ERROR, (0, 0)),
    ],
)
def test_what_cannot_be_read_ends_the_connection(payload: bytes, code: ReplyCode, ids: tuple[int, int]) -> None:
    with pytest.raises(AmqpError) as refused:
        decode(payload)
    assert refused.value.code is code
    assert code.level is Level.CONNECTION
    assert (refused.value.class_id, refused.value.method_id) == ids


def test_what_clients_and_servers_send_is_all_there_is() -> None:
    from_servers = set(INDEX_MAPPING.values()) - FROM_CLIENTS
    assert {name_of(method) for method in from_servers if not name_of(method).endswith("ok")} == {
        "connection.start", "connection.secure", "connection.tune", "connection.blocked", "connection.unblocked",
        "basic.return", "basic.deliver", "basic.getempty",
    }  # fmt: skip
    assert Connection.Close in FROM_CLIENTS
