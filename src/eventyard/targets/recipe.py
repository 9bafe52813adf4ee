"""What the settings of a ``request`` target make of an event: method, URL, headers and body. Compiled once per target.

Mistakes in the settings are found here when they are written. Pure: who evaluates a mapping or function, where the
token comes from, and what is sent to whom, is ``request.py``'s.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from eventyard.matching.json_templates import Node, compile_json
from eventyard.matching.mapping import check_mapping
from eventyard.matching.paths import Path
from eventyard.matching.pointer import pointer
from eventyard.matching.templates import Missing, Scene, Text, Unrenderable, compile_text, on_one_line, wrong
from eventyard.matching.url_templates import Url, compile_url, encoded
from eventyard.model.errors import Invalid
from eventyard.model.event import Event, is_json_type
from eventyard.targets.headers import CONNECTION, not_here
from eventyard.wire.cloudevents import encode_binary

ROOM_BYTES = 4 * 1024 * 1024
"""How much larger than its event a request may become."""

OURS = ("eventyard-", "eventhosstartdate", "proxy-")
"""Beginnings of the names of headers that no target sets."""

_BODILESS = frozenset({"GET", "HEAD"})
"""Methods whose requests have a body only if a target makes one; with others, the event's goes on."""

_FORM = "application/x-www-form-urlencoded"
_OAUTH = "oauthResponse"


class Recipe(Struct, frozen=True):
    """The settings of a target, compiled."""

    method: str
    url: Url
    headers: Mapping[str, Text]
    """By names in lower case."""
    query: Mapping[str, Text]
    body: Node | None
    mapping: str | None
    function: str | None
    missing: Missing
    roots: frozenset[str]
    """What its templates speak of; everything, with a mapping or function."""
    places_token: bool
    """Whether a header of its own shows the access token."""

    def document(self, event: Event) -> dict[str, Any]:
        """What the templates are filled in from, without what none of them speaks of."""
        request = event.request
        document: dict[str, Any] = {}
        if "headers" in self.roots:
            # What the event came with, and what it would be sent with: so its type and id can be spoken of, too.
            document["headers"] = {**encode_binary(event)[0], **(request.headers if request else {})}
        if "query" in self.roots:
            document["query"] = dict(request.query) if request else {}
        if "url" in self.roots:
            document["url"] = request.url if request else ""
        if "body" in self.roots:
            document["body"] = data_of(event)
        return document

    def scene(self, document: Mapping[str, Any], event: Event) -> Scene:
        """What one request is rendered from."""
        return Scene(document, self.missing, room=ROOM_BYTES + len(event.data))

    def url_of(self, scene: Scene) -> str:
        """Where it goes, with its query. Raises :class:`Unrenderable`, as all here do."""
        url = self.url.render(scene)
        given = [(name, text.render(scene)) for name, text in self.query.items()]
        query = "&".join(f"{encoded(name)}={encoded(value)}" for name, value in given if value is not None)
        return f"{url}{'&' if '?' in url else '?'}{query}" if query else url

    def headers_of(self, scene: Scene) -> dict[str, str]:
        """The headers of its own."""
        given = [(name, text.render(scene)) for name, text in self.headers.items()]
        return {name: on_one_line(value) for name, value in given if value is not None}

    def forwarded(self, event: Event) -> bytes:
        """The body, where none is made: the event's, if the method has one."""
        return b"" if self.method in _BODILESS else event.data


def read_recipe(settings: Mapping[str, Any]) -> Recipe:
    """Compile settings. Raises :class:`Invalid` (``invalid_settings``) with a pointer to what is wrong."""
    made_by = [name for name in ("body", "mapping", "function") if settings.get(name) is not None]
    if len(made_by) > 1:
        raise wrong(f"the body is made by {made_by[0]} already", f"/settings/{made_by[1]}", "give one of them")
    url = compile_url(settings["url"], "/settings/url")
    headers = _texts(settings, "headers")
    for name in headers:
        if name.lower() in CONNECTION or name.lower().startswith(OURS):
            raise not_here(name)
    if len({name.lower() for name in headers}) < len(headers):
        raise wrong("a header is given twice, in different letters", "/settings/headers", "give it once")
    query = _texts(settings, "query")
    body = compile_json(settings["body"], "/settings/body") if "body" in made_by else None
    if "mapping" in made_by:
        check_mapping(settings["mapping"], "/settings/mapping")
    paths = {
        "url": [*url.paths],
        "headers": [path for text in headers.values() for path in text.paths],
        "query": [path for text in query.values() for path in text.paths],
        "body": [*body.paths] if body else [],
    }
    if "oauth2" not in settings:
        _without_token(paths)
    roots = {str(path.steps[0]) for found in paths.values() for path in found}
    if settings.get("mapping") or settings.get("function"):
        roots = {"headers", "query", "url", "body", _OAUTH}
    return Recipe(
        settings.get("method", "POST").upper(),
        url,
        {name.lower(): text for name, text in headers.items()},
        query,
        body,
        settings.get("mapping"),
        settings.get("function"),
        Missing(settings.get("missing", "drop")),
        frozenset(roots),
        any(path.steps[0] == _OAUTH for path in paths["headers"]),
    )


def data_of(event: Event) -> Any:
    """The data of an event as a JSON value: a text, if it is no JSON; an empty object, if there is none.

    Raises :class:`Unrenderable` for a number that would not come out as it went in.
    """
    if not event.data:
        return {}
    if event.is_json:
        try:
            return msgspec.json.decode(event.data)
        except msgspec.ValidationError as error:
            raise Unrenderable(f"the event's data holds a number beyond all bounds: {error}") from None
        except (ValueError, RecursionError):
            pass
    return event.data.decode(errors="replace")


def written(body: bytes, content_type: str) -> bytes:
    """A body that was made as JSON, as its content type wants it.

    An object becomes a form (WHATWG URL, 5.2: a list is its values one by one, other values than strings are JSON), and
    a string stands for itself where the type is not JSON's. Raises :class:`Unrenderable`.
    """
    if is_json_type(content_type) or not body:
        return body
    value = msgspec.json.decode(body)
    if isinstance(value, str):
        return value.encode()
    if content_type.partition(";")[0].strip().lower() != _FORM:
        return body
    if not isinstance(value, dict):
        raise Unrenderable("a form can only be made of an object")
    return urlencode([*_fields(value)]).encode()


def _fields(form: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in form.items():
        for one in value if isinstance(value, list) else [value]:
            yield name, one if isinstance(one, str) else msgspec.json.encode(one).decode()


def _texts(settings: Mapping[str, Any], setting: str) -> dict[str, Text]:
    given: Mapping[str, Any] = settings.get(setting) or {}
    texts = {
        name: value if isinstance(value, str) else msgspec.json.encode(value).decode() for name, value in given.items()
    }
    return {name: compile_text(text, pointer(f"/settings/{setting}", name)) for name, text in texts.items()}


def _without_token(paths: Mapping[str, list[Path]]) -> None:
    for setting, found in paths.items():
        if any(path.steps[0] == _OAUTH for path in found):
            message = f"{setting}: a template speaks of {_OAUTH}, and there is none without the setting oauth2"
            raise Invalid("invalid_settings", message, pointer=f"/settings/{setting}", hint="add oauth2")
