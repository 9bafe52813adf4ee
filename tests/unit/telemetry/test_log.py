import asyncio
import io
import json
from datetime import UTC, datetime

import pytest

from eventyard.telemetry.log import LineSink, make_log, soon
from eventyard.telemetry.wide import AcceptLine


def test_a_fact_is_one_json_line_with_its_moment_and_level():
    stream = io.BytesIO()
    make_log("info", "json", stream).info("accepted", source="shop", ms=3)
    line = json.loads(stream.getvalue())
    assert (line["event"], line["level"], line["source"], line["ms"]) == ("accepted", "info", "shop", 3)
    assert line["at"].endswith("+00:00")


def test_what_is_below_the_level_costs_no_line():
    stream = io.BytesIO()
    log = make_log("warning", "json", stream)
    log.info("accepted")
    log.debug("detail")
    log.warning("careful")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["careful"]


def test_for_people_a_line_is_words():
    stream = io.BytesIO()
    make_log("info", "console", stream).info("accepted", source="shop", error=None)
    line = stream.getvalue().decode()
    assert "accepted" in line
    assert line.endswith("source=shop\n")


def test_a_value_json_does_not_know_is_written_as_text():
    stream = io.BytesIO()
    make_log("info", "json", stream).info("odd", what={1})
    assert json.loads(stream.getvalue())["what"] == "{1}"


async def test_the_lines_of_one_turn_of_the_loop_leave_in_one_write():
    class Stream(io.BytesIO):
        writes = 0

        def write(self, data):
            self.writes += 1
            return super().write(data)

    stream = Stream()
    sink = LineSink(stream)
    sink.msg(b"one")
    sink.msg(b"two")
    assert stream.writes == 0
    sink.flush()
    assert (stream.writes, stream.getvalue()) == (1, b"one\ntwo\n")


@pytest.mark.parametrize("failure", [BrokenPipeError(), ValueError("closed")])
def test_a_stream_that_is_gone_loses_lines_and_harms_nobody(failure):
    class Gone(io.BytesIO):
        def write(self, data):
            raise failure

    LineSink(Gone()).msg(b"one")


def accept_line(entry_id=1):
    return AcceptLine(
        at=datetime(2026, 1, 2, tzinfo=UTC), source="shop", project="p", entry_id=entry_id, event_id="e", type="t",
        bytes=3, deliveries=0, duplicate=False, ms=1,
    )  # fmt: skip


def test_wide_lines_are_written_many_at_a_time():
    stream = io.BytesIO()
    make_log("info", "json", stream).wide([accept_line(1), accept_line(2)])
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["event"], line["entry_id"]) for line in lines] == [("accepted", 1), ("accepted", 2)]


def test_for_people_wide_lines_are_words_and_below_the_level_nothing():
    stream = io.BytesIO()
    make_log("info", "console", stream).wide([accept_line()])
    make_log("warning", "console", stream).wide([accept_line()])
    assert stream.getvalue().count(b"\n") == 1
    assert b"accepted         source=shop" in stream.getvalue()


async def test_soon_is_the_end_of_this_turn_and_without_a_loop_at_once():
    called = []
    soon(lambda: called.append("later"))
    assert called == []
    await asyncio.to_thread(soon, lambda: called.append("now"))
    assert sorted(called) == ["later", "now"]


def test_no_wide_line_carries_a_body_a_header_or_a_secret():
    assert not {"data", "body", "headers", "secret", "signature"} & set(AcceptLine.__struct_fields__)
