"""``eventyard targets``: what subscriptions drive."""

from typing import Annotated, Any

import typer

from eventyard.cli import talk
from eventyard.cli.examples import examples
from eventyard.cli.inputs import KeepOld, duration_of, retry_of, setting_of, text_of
from eventyard.cli.remote import Remote, given, remote
from eventyard.cli.verbs import add_verbs, group

PATH = "/v1/targets"
COLUMNS = (
    ("ID", "id"),
    ("NAME", "name"),
    ("TYPE", "type"),
    ("ENABLED", "enabled"),
    ("BREAKER", "breaker.state"),
    ("URL", "settings.url"),
    ("REASON", "disabled_reason"),
)

app = group(
    "Targets: what subscriptions drive.",
    "eventyard targets create billing --set url=https://billing.example.com/hooks",
    "eventyard targets list",
)
add_verbs(app, path=PATH, word="target", columns=COLUMNS, example="billing")

Named = Annotated[str, typer.Argument(help="Name or id of the target.", metavar="NAME")]
Description = Annotated[str | None, typer.Option(help="What it is.")]
Settings = Annotated[
    list[Any] | None,
    typer.Option(
        "--set",
        parser=setting_of,
        metavar="NAME=VALUE",
        help="A setting of its type, secrets included; may be repeated.",
    ),
]
Concurrency = Annotated[int | None, typer.Option(min=1, help="Attempts at once, at most.")]
Timeout = Annotated[
    int | None, typer.Option(parser=duration_of, metavar="DURATION", help="How long one attempt may take, as 20s.")
]
Retry = Annotated[
    str | None, typer.Option(metavar="WAITS", help="Waits between attempts, as 1s,10s,5m; none: one attempt.")
]


@app.command(
    epilog=examples(
        "eventyard targets create billing --set url=https://billing.example.com/hooks",
        "eventyard targets create billing --set url=https://billing.example.com/hooks --set secret=@secret.txt "
        "--concurrency 4 --timeout 5s --retry 1s,10s,5m",
        "eventyard targets types",
    )
)
@remote
def create(
    hub: Remote,
    name: Annotated[str, typer.Argument(help="Its name.")],
    type: Annotated[str, typer.Option(help="Its type; see: eventyard targets types.")] = "webhook",
    setting: Settings = None,
    description: Description = None,
    concurrency: Concurrency = None,
    timeout: Timeout = None,
    retry: Retry = None,
) -> None:
    """Make a target."""
    fields = {
        "name": name,
        "type": type,
        "settings": dict(setting or ()),
        "description": description,
        "concurrency": concurrency,
        "timeout_ms": timeout,
        "retry": retry_of(retry),
    }
    hub.show(hub.post(PATH, hub.in_project(fields)))


@app.command(
    epilog=examples("eventyard targets update billing --concurrency 8 --set url=https://new.example.com/hooks")
)
@remote
def update(
    hub: Remote,
    name: Named,
    rename: Annotated[str | None, typer.Option(help="A new name.")] = None,
    setting: Settings = None,
    description: Description = None,
    concurrency: Concurrency = None,
    timeout: Timeout = None,
    retry: Retry = None,
) -> None:
    """Change a target. Settings that are not named stay."""
    fields = {
        "name": rename,
        "settings": dict(setting) if setting else None,
        "description": description,
        "concurrency": concurrency,
        "timeout_ms": timeout,
        "retry": retry_of(retry),
    }
    hub.show(hub.client.call("PATCH", hub.one(PATH, name), given(fields)))


@app.command("rotate-secret", epilog=examples("eventyard targets rotate-secret billing @new-secret.txt --keep-old 2h"))
@remote
def rotate_secret(
    hub: Remote,
    name: Named,
    secret: Annotated[str, typer.Argument(parser=text_of, metavar="TEXT|@FILE|-", help="The new secret.")],
    setting: Annotated[str, typer.Option(help="Which of its secret settings.")] = "secret",
    keep_old: KeepOld = "24h",  # type: ignore[assignment]
) -> None:
    """Put a new secret in front; for a while the old one signs too."""
    body = {"setting": setting, "secret": secret, "keep_old_seconds": keep_old // 1000}
    hub.show(hub.post(f"{hub.one(PATH, name)}/rotate-secret", body))


@app.command(epilog=examples("eventyard targets enable billing"))
@remote
def enable(hub: Remote, name: Named) -> None:
    """Switch a target on again, with its circuit breaker closed."""
    hub.show(hub.post(f"{hub.one(PATH, name)}/enable"))


@app.command(epilog=examples("eventyard targets disable billing"))
@remote
def disable(hub: Remote, name: Named) -> None:
    """Switch a target off; its deliveries wait."""
    hub.show(hub.client.call("PATCH", hub.one(PATH, name), {"enabled": False}))


@app.command(epilog=examples("eventyard targets types", "eventyard targets types --json"))
@remote
def types(hub: Remote) -> None:
    """List the target types of the hub, and the settings each takes."""
    found = hub.get("/v1/target-types")
    if hub.as_json:
        talk.data(found)
        return
    for kind in found:
        talk.line(f"{kind['type']}: {kind['summary']}")
        if not kind["settings"]:
            continue
        talk.table(
            [{**setting, "notes": _notes(setting)} for setting in kind["settings"]],
            (("  SETTING", "name"), ("", "notes"), ("DEFAULT", "default"), ("WHAT IT DOES", "help")),
        )


def _notes(setting: dict[str, Any]) -> str:
    return ", ".join(note for note in ("required", "secret") if setting.get(note))
