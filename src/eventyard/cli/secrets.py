"""``eventyard secrets``: the key that secrets are encrypted with.

A new key is put in front of the key file before anything is sealed with it, so that a crash at any moment leaves every
secret readable.
"""

import asyncio
import secrets
from collections.abc import Iterable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from eventyard.cli import talk
from eventyard.cli.examples import examples
from eventyard.cli.failure import explained
from eventyard.cli.serve import ConfigFile, DataDir
from eventyard.cli.verbs import group

if TYPE_CHECKING:
    from eventyard.config import Settings
    from eventyard.model.catalog import Record, Source, Target
    from eventyard.model.identity import SigningKey
    from eventyard.model.sealed import Sealed
    from eventyard.pipeline.vault import Vault

app = group("The key that stored secrets are encrypted with.", "eventyard secrets rotate --data /var/lib/eventyard")


@app.command(epilog=examples("eventyard secrets rotate", "eventyard secrets rotate --forget"))
def rotate(
    config: ConfigFile = None,
    data: DataDir = None,
    forget: Annotated[
        bool, typer.Option("--forget", help="Drop the old keys; older backups of the journal then cannot be read.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout, for programs.")] = False,
) -> None:
    """Make a new key and seal every secret with it. The hub must not run meanwhile."""
    with explained():
        from eventyard.config import load  # noqa: PLC0415 - other commands do without the hub

        settings = load(config, {"data": data})
        resealed, keys = asyncio.run(rotated(settings, forget=forget))
    talk.say(f"{resealed} secrets are sealed with a new key; the key file holds {keys}")
    if as_json:
        talk.data({"resealed": resealed, "keys": keys})


async def rotated(settings: "Settings", *, forget: bool) -> tuple[int, int]:
    """Rotate; how many secrets were sealed anew, and how many keys the key file holds now."""
    from eventyard.app import open_store  # noqa: PLC0415
    from eventyard.keyfile import KEY_FILE, read_keys, write_keys  # noqa: PLC0415
    from eventyard.pipeline.vault import KEY_BYTES, Vault  # noqa: PLC0415

    path = settings.data / KEY_FILE
    async with AsyncExitStack() as stack:
        store = open_store(settings)
        await store.start(stack)
        keys = [secrets.token_bytes(KEY_BYTES), *read_keys(path)]
        write_keys(path, keys)
        changed, count = resealed(await store.load(), Vault(keys))
        if changed:
            await store.save(changed)
        if forget:
            keys = keys[:1]
            write_keys(path, keys)
    return count, len(keys)


def resealed(records: "Iterable[Record]", vault: "Vault") -> "tuple[list[Source | Target | SigningKey], int]":
    """The records that hold secrets, these sealed with the vault's newest key; and how many secrets that are."""
    import msgspec  # noqa: PLC0415

    from eventyard.model.catalog import Source, Target  # noqa: PLC0415
    from eventyard.model.identity import SigningKey  # noqa: PLC0415

    count = 0

    def anew(sealed: "tuple[Sealed, ...]", owner: str) -> "tuple[Sealed, ...]":
        nonlocal count
        count += len(sealed)
        return tuple(vault.seal(vault.open(one, owner), owner, one.expires_at) for one in sealed)

    changed: list[Source | Target | SigningKey] = []
    for record in records:
        if isinstance(record, Source) and record.secrets:
            changed.append(msgspec.structs.replace(record, secrets=anew(record.secrets, record.id)))
        elif isinstance(record, Target) and record.secrets:
            sealed = {name: anew(old, record.id) for name, old in record.secrets.items()}
            changed.append(msgspec.structs.replace(record, secrets=sealed))
        elif isinstance(record, SigningKey):
            [private] = anew((record.private,), record.id)
            changed.append(msgspec.structs.replace(record, private=private))
    return changed, count
