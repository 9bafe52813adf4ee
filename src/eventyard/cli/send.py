"""``eventyard send``: an event to a source, with an API key or signed as a sender would sign it."""

import time
import uuid
from typing import Annotated, Any

import typer

from eventyard.cli import sources, talk
from eventyard.cli.client import JSON, Refused, segment
from eventyard.cli.examples import examples
from eventyard.cli.inputs import header_of, text_of
from eventyard.cli.remote import Remote, given, remote
from eventyard.cli.signing import SIGNERS, signed_headers

SENDER = "/eventyard/send"
"""The ``source`` attribute of the CloudEvents made here."""


app = typer.Typer(add_completion=False)


@app.command(
    epilog=examples(
        'eventyard send orders --data \'{"id": 1, "country": "CH"}\'',
        "eventyard send orders --data @order.json --type order.created --id 4711",
        "cat payload.json | eventyard send github --scheme github-sha256 --secret it5-a-secret "
        "--header X-GitHub-Event=push",
        "eventyard send orders --data '{}' --count 1000",
    )
)
@remote
def send(
    hub: Remote,
    source: Annotated[str, typer.Argument(help="Name or id of the source.")],
    data: Annotated[
        str, typer.Option(parser=text_of, metavar="JSON|@FILE|-", help="The event's data; stdin if not given.")
    ] = "-",
    type: Annotated[str | None, typer.Option(help="The event's type, and routing key.")] = None,
    id: Annotated[str | None, typer.Option(help="The event's id; sent twice it is one event.")] = None,
    subject: Annotated[str | None, typer.Option(help="The event's subject.")] = None,
    scheme: Annotated[
        str | None, typer.Option(help=f"Post to the source's own URL, proven by: {', '.join(SIGNERS)}.")
    ] = None,
    secret: Annotated[
        str,
        typer.Option(
            parser=text_of,
            metavar="TEXT|@FILE",
            help="The scheme's secret; USER:PASSWORD for basic.",
            show_default=False,
        ),
    ] = "",
    header: Annotated[
        list[Any] | None, typer.Option(parser=header_of, metavar="NAME=VALUE", help="A header more; may be repeated.")
    ] = None,
    content_type: Annotated[str, typer.Option(help="What the data is.")] = JSON,
    count: Annotated[int, typer.Option(min=1, help="Send it so many times, each time as an event of its own.")] = 1,
) -> None:
    """Send an event, and print the receipt."""
    if scheme is not None and scheme not in SIGNERS:
        raise typer.BadParameter(f"there is no scheme {scheme!r}", param_hint="--scheme")
    if not data.strip():
        raise typer.BadParameter("there is nothing to send; an event without data has --data null", param_hint="--data")
    path = "/v1/events/dispatch" if scheme is None else f"/in/{segment(hub.id_of(sources.PATH, source))}"
    described = scheme is None or type is not None or id is not None or subject is not None
    body = data.encode()
    started = time.perf_counter()
    for number in range(1, count + 1):
        message_id = str(uuid.uuid4()) if id is None else id if count == 1 else f"{id}-{number}"
        headers = {"content-type": content_type, **dict(header or ())}
        if described:
            attributes = {"ce-specversion": "1.0", "ce-source": SENDER, "ce-type": type or source, "ce-id": message_id}
            headers |= {**attributes, **given({"ce-subject": subject})}
        if scheme is None:
            headers["x-event-source"] = source
        else:
            headers |= signed_headers(scheme, secret, body, message_id=message_id, seconds=int(time.time()))
        receipt = _sent(hub, path, body, headers, keyless=scheme is not None)
        if count == 1:
            hub.show(receipt)
        elif hub.as_json:
            talk.data(receipt, indent=None)
    if count > 1:
        seconds = time.perf_counter() - started
        hub.say(f"{count} events accepted in {seconds:.2f} s, {count / seconds:.0f}/s, one after the other")


def _sent(hub: Remote, path: str, body: bytes, headers: dict[str, str], *, keyless: bool) -> Any:
    query = None if keyless else {"project_id": hub.project}
    answer = hub.client.request("POST", path, query=query, body=body, headers=headers, keyless=keyless)
    if answer.status >= 400:
        raise Refused(answer)
    return answer.body
