"""``eventyard import``: moving over from another hub.

Works on a data directory, as ``eventyard db`` does: what it brings (password hashes, digests of secrets, a log with its
times) no running hub takes from outside. ``database.py`` reads the other hub, ``draft.py`` with ``identities.py`` and
``catalog.py`` makes the plan, ``log.py`` the history, ``move.py`` carries it out.
"""

import asyncio
from typing import Annotated

import typer

from eventyard.cli import talk
from eventyard.cli.examples import examples
from eventyard.cli.failure import explained
from eventyard.cli.serve import ConfigFile, DataDir
from eventyard.cli.verbs import group

app = group(
    "Move over from another hub.",
    "eventyard import eventhos --from mysql://eventhos:secret@db:3306/eventhos --crypto-key K",
)


@app.command(
    epilog=examples(
        "eventyard import eventhos --from mysql://eventhos:secret@db:3306/eventhos --crypto-key K --jwt-secret S",
        "eventyard import eventhos --from mysql://eventhos:secret@db:3306/eventhos --crypto-key K --with-log --apply",
    )
)
def eventhos(
    source: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="URL",
            envvar="EVENTHOS_DATABASE",
            show_default=False,
            help="Its database, as mysql://user:password@host:3306/database; ?tls=true behind it for TLS.",
        ),
    ],
    crypto_key: Annotated[
        str | None,
        typer.Option(
            metavar="KEY",
            envvar="EVENTHOS_CRYPTO_KEY",
            show_default=False,
            help="The CRYPTO_KEY it runs with; without it no action, no client and no log can move.",
        ),
    ] = None,
    jwt_secret: Annotated[
        str | None,
        typer.Option(
            metavar="SECRET",
            envvar="EVENTHOS_JWT_SECRET",
            show_default=False,
            help="The JWT_SECRET it runs with; without it long-lived tokens must be made anew.",
        ),
    ] = None,
    with_log: Annotated[bool, typer.Option("--with-log", help="Its log too, as history.")] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Carry the plan out; without, it is only shown.")] = False,
    config: ConfigFile = None,
    data: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout, for programs.")] = False,
) -> None:
    """Bring the systems, events, actions, contracts, users, clients and roles of an eventhos into a stopped hub."""
    with explained():
        from eventyard.cli.moving import database, move, show  # noqa: PLC0415 - other commands do without
        from eventyard.config import load  # noqa: PLC0415

        settings = load(config, {"data": data})
        address = database.address_of(source)
        asked = move.Asked(crypto_key or None, jwt_secret or None, with_log, apply)
        with database.opened(address) as there:
            report = asyncio.run(move.move(settings, there, asked, show.bar))
    if as_json:
        talk.data(show.as_json(report, str(address)))
    else:
        show.tell(report, str(address))
