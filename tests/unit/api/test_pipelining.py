import pytest

from eventyard.api.pipelining import WAITING, Flow, end_of_some

HEAD = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "begun", "end"),
    [
        (b"", 0, 0),
        (b"a body", 0, 6),
        (HEAD, 0, len(HEAD)),
        (HEAD * (WAITING - 1) + b"GET /", 0, len(HEAD) * (WAITING - 1) + 5),
        (HEAD * (WAITING + 1), 0, len(HEAD) * WAITING),
        (HEAD * (WAITING + 1), len(HEAD) * WAITING, len(HEAD) * (WAITING + 1)),
    ],
)
def test_some_heads_end_where_the_last_of_them_does(data, begun, end):
    assert end_of_some(data, begun) == end


class Transport:
    def __init__(self):
        self.reads = True

    def pause_reading(self):
        self.reads = False

    def resume_reading(self):
        self.reads = True


async def test_what_is_held_does_not_go_on():
    transport = Transport()
    flow = Flow(transport)
    flow.held = True
    flow.pause_reading()
    flow.resume_reading()
    assert not transport.reads
    flow.held = False
    flow.resume_reading()
    assert transport.reads
