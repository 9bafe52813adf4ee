"""``/asyncapi`` as a page: a table of the document, made here, and what puts the viewer in its place.

The table is what a reader without JavaScript sees, or of a hub that was built without npm. The page has no inline
script and no inline style, and the content security policy lets none in. Not even the viewer may turn text into
script, although it was made to (``viewer/before.js``).
"""

import re
from collections.abc import Iterator
from html import escape
from typing import Any
from urllib.parse import quote, unquote

import msgspec

Json = dict[str, Any]

ICON = "data:image/svg+xml," + quote(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#1f7a5c"/>'
    '<path d="M3 5c3-3 7 3 10 0M3 8.5c3-3 7 3 10 0M3 12c3-3 7 3 10 0" stroke="#fff" stroke-width="1.6" fill="none" '
    'stroke-linecap="round"/></svg>'
)
"""Stands in the page, so that no browser asks for one."""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="{icon}">
{styles}
{scripts}
</head>
<body>
<header>
<nav><a href="/asyncapi.json">JSON</a> <a href="/asyncapi.yaml">YAML</a> <a href="/docs">HTTP API</a></nav>
<form id="ask" hidden>
<label>API key <input type="password" name="key" autocomplete="off" required></label>
<label hidden>Project <select name="project"></select></label>
<button>Show my project</button>
<output name="said" role="alert"></output>
</form>
</header>
<main>
{table}
</main>
<div id="viewer"></div>
</body>
</html>
"""


def page(document: Json, *, viewer: bool) -> str:
    """The page of a document, with the viewer if there is one."""
    styles = ["viewer.css", "style.css"] if viewer else ["style.css"]
    scripts = ["before.js", "viewer.js", "start.js"] if viewer else ["start.js"]
    return _PAGE.format(
        title=escape(document["info"]["title"]),
        icon=ICON,
        styles="\n".join(f'<link rel="stylesheet" href="/asyncapi/assets/{name}">' for name in styles),
        scripts="\n".join(f'<script src="/asyncapi/assets/{name}" defer></script>' for name in scripts),
        table="\n".join(_table(document)),
    )


def _table(document: Json) -> Iterator[str]:
    info = document["info"]
    yield f"<h1>{escape(info['title'])} <small>{escape(info['version'])}</small></h1>"
    yield from (f"<p>{_prose(paragraph)}</p>" for paragraph in info["description"].strip().split("\n\n"))
    yield '<h2>Servers</h2>\n<table class="servers">\n<tbody>'
    for server in document["servers"].values():
        url = f"{server['protocol']}://{server['host']}{server.get('pathname', '')}"
        yield f"<tr><th><code>{escape(url)}</code></th><td>{escape(server['description'])}</td></tr>"
    yield "</tbody>\n</table>\n<h2>Operations</h2>\n<table>\n<thead>"
    yield "<tr><th>Receive</th><th>What it tells</th><th>Message</th></tr>\n</thead>\n<tbody>"
    for operation in document["operations"].values():
        yield _operation(document, operation)
    yield "</tbody>\n</table>\n<h2>Messages</h2>\n<table>\n<thead>"
    yield "<tr><th>Name</th><th>What it is</th><th>Example</th></tr>\n</thead>\n<tbody>"
    for name, message in document["components"]["messages"].items():
        yield _message(name, message)
    yield "</tbody>\n</table>"


def _operation(document: Json, operation: Json) -> str:
    channel = resolved(document, operation["channel"])
    parameters = "".join(
        f"<dt><code>{escape(name)}</code></dt><dd>{escape(said['description'])}</dd>"
        for name, said in channel.get("parameters", {}).items()
    )
    told = _prose(channel.get("description", "")) + (f"<dl>{parameters}</dl>" if parameters else "")
    name = channel["messages"]["subscribe.message"]["$ref"].rpartition("/")[2]
    title = escape(resolved(document, channel["messages"]["subscribe.message"])["title"])
    return (
        f"<tr><th><code>{escape(channel['address'])}</code></th><td>{told}</td>"
        f'<td><a href="#{escape(name)}">{title}</a></td></tr>'
    )


def _message(name: str, message: Json) -> str:
    shown = "".join(
        f"<details><summary>{escape(example.get('name', 'as its schema has it'))}</summary>"
        f"<pre>{escape(_indented(example['payload']))}</pre></details>"
        for example in message.get("examples", [])
    )
    return (
        f'<tr id="{escape(name)}"><th><code>{escape(message["name"])}</code></th>'
        f"<td>{escape(message['title'])}<br>{escape(message['summary'])}</td><td>{shown}</td></tr>"
    )


def _prose(text: str) -> str:
    """A text with as much of Markdown as ours have: code, and links to web pages."""
    return _LINK.sub(r'<a href="\2">\1</a>', _CODE.sub(r"<code>\1</code>", escape(text)))


_CODE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\[([^\]]+)\]\((https?://[^\s()<>]+)\)")


def _indented(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def resolved(document: Json, reference: Json) -> Any:
    """What a reference within the document leads to."""
    found: Any = document
    for token in unquote(reference["$ref"].partition("#")[2]).split("/")[1:]:
        found = found[token.replace("~1", "/").replace("~0", "~")]
    return found
