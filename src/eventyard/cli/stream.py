"""Server-sent events as a command reads them: event by event, connecting again where it was when the stream breaks.

What is read here is written by ``gateways/sse.py``; the format is that of WHATWG HTML, section 9.2.6.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from eventyard.cli import talk
from eventyard.cli.client import Client, Refused, segment
from eventyard.cli.failure import Failure

PATH = "/v1/streams/"

AGAIN_S = 1.0
"""Seconds before another try to connect; twice as long after each that fails, up to :data:`LONGEST_S`."""

LONGEST_S = 15.0


class ServerSent(NamedTuple):
    """One event: ``id`` is where the stream goes on after it, ``name`` is ``message`` unless it is something else."""

    id: str
    name: str
    data: str


def parse(lines: Iterable[bytes]) -> Iterator[ServerSent]:
    """The events in the lines of a stream, also those that bring an id and nothing else. A last one that is not whole
    is left out.
    """
    id, name, data = "", "message", list[str]()
    fresh = False
    for raw in lines:
        line = raw.decode(errors="replace").rstrip("\r\n")
        if not line:
            if data or fresh:
                yield ServerSent(id, name, "\n".join(data))
            name, data, fresh = "message", [], False
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match field:
            case "id":
                id, fresh = value, True
            case "event":
                name = value
            case "data":
                data.append(value)


def follow(client: Client, exchange: str, query: Mapping[str, Any]) -> Iterator[ServerSent]:
    """The messages of an exchange, for ever. Raises :class:`Failure` if there is no such stream, or no more."""
    last, wait = "", AGAIN_S
    while True:
        headers = {"accept": "text/event-stream", **({"last-event-id": last} if last else {})}
        try:
            for event in parse(client.lines(PATH + segment(exchange), query=query, headers=headers)):
                wait = AGAIN_S
                last = event.id or last
                if event.name == "end":
                    talk.say(f"the hub ended the stream: {event.data}")
                elif event.data:
                    yield event
        except Failure as failure:
            if not last or (isinstance(failure, Refused) and failure.status < 500):
                raise
        talk.say(f"connecting again in {wait:g} s, after event {last}")
        time.sleep(wait)
        wait = min(2 * wait, LONGEST_S)
