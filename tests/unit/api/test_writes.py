import asyncio

from eventyard.api.writes import AT_ONCE, JoinedWrites


class Wire:
    """A transport that remembers its writes."""

    def __init__(self):
        self.writes = []
        self.closed = False
        self.left = 0
        self.aborted = asyncio.Event()

    def write(self, data):
        self.writes.append(data)

    def close(self):
        self.closed = True

    def is_closing(self):
        return self.closed

    def get_write_buffer_size(self):
        return self.left

    def abort(self):
        self.aborted.set()

    def get_extra_info(self, name):
        return f"the wire's {name}"


def joined():
    wire = Wire()
    return wire, JoinedWrites(wire, asyncio.get_running_loop(), patience_s=0)


async def turn():
    """Wait until this turn of the loop is over."""
    over = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(over.set_result, None)
    await over


async def test_what_is_written_in_one_turn_leaves_together_and_in_order():
    wire, transport = joined()
    transport.write(b"head ")
    transport.write(b"body")
    assert wire.writes == []
    await turn()
    assert wire.writes == [b"head body"]
    transport.write(b"next")
    await turn()
    assert wire.writes == [b"head body", b"next"]


async def test_much_leaves_at_once():
    wire, transport = joined()
    transport.write(b"x" * (AT_ONCE + 1))
    assert wire.writes == [b"x" * (AT_ONCE + 1)]
    await turn()
    assert len(wire.writes) == 1


async def test_closing_sends_what_is_kept_first():
    wire, transport = joined()
    transport.write(b"last words")
    transport.close()
    assert (wire.writes, wire.closed, transport.is_closing()) == ([b"last words"], True, True)


async def test_who_does_not_take_what_was_written_is_cut_off_in_the_end():
    wire, transport = joined()
    transport.write(b"last words")
    wire.left = 10
    transport.close()
    transport.relax()  # as when most of it is taken, and the rest is not
    assert (wire.closed, wire.aborted.is_set()) == (True, False)
    await wire.aborted.wait()


class Reader(Wire):
    """A wire whose client takes a byte each time that somebody looks."""

    def get_write_buffer_size(self):
        self.left -= 1
        return self.left


async def test_who_takes_it_slowly_has_all_the_time_that_takes():
    wire = Reader()
    wire.left = 100
    transport = JoinedWrites(wire, asyncio.get_running_loop(), patience_s=0)
    transport.hurry()
    while wire.left > 0:
        assert not wire.aborted.is_set()
        await turn()
    transport.relax()
    await turn()
    assert not wire.aborted.is_set()


async def test_of_a_client_that_is_gone_nothing_is_expected():
    wire, transport = joined()
    transport.hurry()
    transport.forget()
    await turn()
    assert not wire.aborted.is_set()


async def test_unwrapped_it_is_the_transport_with_nothing_kept_back():
    wire, transport = joined()
    transport.write(b"first")
    assert transport.unwrap() is wire
    assert wire.writes == [b"first"]


async def test_a_whole_answer_leaves_at_once_behind_what_is_kept():
    wire, transport = joined()
    transport.write(b"first ")
    transport.write_at_once(b"second")
    assert wire.writes == [b"first ", b"second"]


async def test_to_a_client_that_is_gone_nothing_is_written():
    wire, transport = joined()
    transport.write(b"too late")
    wire.closed = True
    await turn()
    transport.write_at_once(b"later still")
    assert wire.writes == []


async def test_everything_else_is_the_transports_own():
    _, transport = joined()
    assert transport.get_extra_info("peername") == "the wire's peername"
