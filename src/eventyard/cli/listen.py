"""``eventyard listen``: what a subscription would get, on this machine, for as long as one looks.

Makes a target and a subscription of its own, receives the deliveries here, prints them, hands them on to a local URL if
asked, and removes both however it is ended. The hub must be able to reach this machine, and must be allowed to.
"""

import http.client
import json
import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from eventyard.cli import sources, subscriptions, talk, targets
from eventyard.cli.examples import examples
from eventyard.cli.inputs import json_of, web_url_of
from eventyard.cli.remote import Remote, remote

LOOK_S = 2.0
"""How often to look whether the hub could not reach us."""

FORWARDED = ("content-type", "ce-", "webhook-", "authorization", "x-")


app = typer.Typer(add_completion=False)


@app.command(
    epilog=examples(
        "eventyard listen --source github",
        'eventyard listen --topic orders --filter \'{"eq": [["country", "CH"]]}\' --json',
        "eventyard listen --source github --forward http://127.0.0.1:3000/webhooks",
    )
)
@remote
def listen(
    hub: Remote,
    source: Annotated[str | None, typer.Option(help="Events of this source, by name or id.")] = None,
    topic: Annotated[list[str] | None, typer.Option(help="Events of this topic; may be repeated.")] = None,
    pattern: Annotated[str | None, typer.Option(help="Only with such a routing key.")] = None,
    filter: Annotated[Any, typer.Option(parser=json_of, metavar="JSON|@FILE|-", help="Only with such data.")] = None,
    forward: Annotated[
        str | None,
        typer.Option(parser=web_url_of, metavar="URL", help="Hand each on to this URL, and answer as it does."),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to receive on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port to receive on; 0 takes a free one.")] = 0,
    reach: Annotated[
        str | None, typer.Option(metavar="URL", help="How the hub reaches this machine, if not by that address.")
    ] = None,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many.")] = None,
) -> None:
    """Print the deliveries that a subscription would get, until Ctrl-C."""
    from eventyard.cli.receiver import Received, Receiver, new_secret  # noqa: PLC0415 - pulls in the hub's verifiers

    if source is None and not topic:
        raise typer.BadParameter("name a source or a topic", param_hint="--source")
    ending: SimpleQueue[None] = SimpleQueue()
    printed = 0

    def answer(received: Received) -> int:
        nonlocal printed
        status = _forwarded(forward, received) if forward else 200
        printed += 1
        _print(hub, received, status, forward)
        if count is not None and printed >= count:
            ending.put(None)
        return status

    wish = {"source_id": hub.id_of(sources.PATH, source) if source else None, "topics": topic or None}
    with Receiver(new_secret(), answer, host=host, port=port) as receiver:
        settings = {"url": reach or receiver.url, "secret": receiver.secret}
        with told_to_end(ending), subscribed(hub, settings, {**wish, "pattern": pattern, "filter": filter}) as name:
            hub.say(f"receiving on {receiver.url}; Ctrl-C ends")
            while not _is_told(ending):
                _complain_of_errors(hub, name)
            hub.say(f"{printed} received")


@contextmanager
def told_to_end(ending: "SimpleQueue[None]") -> Iterator[None]:
    """Put something into the queue when the process is interrupted, is to end, or loses its terminal.

    An exception instead, as Ctrl-C raises, would break off what is just asked of the hub, and then nothing could be
    removed. A second signal does: the hub may not answer. Who ignores a signal, as ``nohup`` does, goes on.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    taken = {number: handler for number, handler in before.items() if handler is not signal.SIG_IGN}

    def restore() -> None:
        for number, handler in taken.items():
            signal.signal(number, handler)

    def told(*_: object) -> None:
        ending.put(None)  # a handler may do this at any moment, and set no Event
        restore()

    for number in taken:
        signal.signal(number, told)
    try:
        yield
    finally:
        restore()


def _is_told(ending: "SimpleQueue[None]") -> bool:
    """Wait a while for what ends it; whether that came."""
    with suppress(Empty):
        ending.get(timeout=LOOK_S)
        return True
    return False


@contextmanager
def subscribed(hub: Remote, settings: dict[str, Any], wish: dict[str, Any]) -> Iterator[str]:
    """A webhook target and a subscription to it, both gone at the end; the name of the subscription."""
    name = f"listen-{secrets.token_hex(4)}"
    retry = {"schedule_ms": [], "max_attempts": 1}
    target = hub.post(
        targets.PATH, hub.in_project({"name": name, "type": "webhook", "settings": settings, "retry": retry})
    )
    try:
        fields = {"name": name, "target_id": target["id"], **wish}
        subscription = hub.post(subscriptions.PATH, hub.in_project(fields))
        try:
            yield name
        finally:
            hub.client.call("DELETE", f"{subscriptions.PATH}/{subscription['id']}")
    finally:
        hub.client.call("DELETE", f"{targets.PATH}/{target['id']}")


def _complain_of_errors(hub: Remote, name: str) -> None:
    """Say why deliveries do not arrive here, if the hub made some and could not."""
    failed = hub.list("/v1/deliveries", 1, name=name, status="error")
    if failed:
        attempts = hub.get(f"/v1/events/{failed[0]['entry_id']}")["attempts"]
        talk.say(
            f"the hub could not deliver entry {failed[0]['entry_id']}: {attempts[-1]['error'] if attempts else ''}"
        )
        talk.say("  a hub on this machine needs EVENTYARD_TARGETS__ALLOW_PRIVATE=true; one elsewhere needs --reach")


def _forwarded(url: str, received: Any) -> int:
    """Hand a delivery on; the status that came back, 502 if none did."""
    parts = urlsplit(url)
    make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = make(parts.hostname or "", parts.port, timeout=30)
    headers = {name: value for name, value in received.headers.items() if name.startswith(FORWARDED)}
    try:
        connection.request(
            "POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), received.body, headers
        )
        return connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        talk.say(f"{url} does not answer: {error}")
        return 502
    finally:
        connection.close()


def _print(hub: Remote, received: Any, status: int, forward: str | None) -> None:
    headers = received.headers
    try:
        body = json.loads(received.body)
    except ValueError:
        body = received.body.decode(errors="replace")
    if hub.as_json:
        talk.data(
            {"headers": dict(headers), "data": body, "verified": received.verified, "status": status}, indent=None
        )
        return
    mark = "signature ok" if received.verified else "SIGNATURE WRONG"
    where = f", {forward} answered {status}" if forward else ""
    talk.line(f"{headers.get('ce-type', 'event')}  {headers.get('ce-id', '')}  {mark}{where}")
    talk.line(json.dumps(body, indent=2, ensure_ascii=False))
