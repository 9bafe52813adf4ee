"""Templates in a URL: behind its host they are filled in, percent-encoded; or one template is the whole URL.

So whoever writes the target decides where its requests go, and no event can, unless the target says so in as many
words. Whether the hub may go there at all is asked for each request (``targets/destinations.py``).
"""

import re
from collections.abc import Iterator
from urllib.parse import quote, unquote

from msgspec import Struct

from eventyard.matching.paths import Path
from eventyard.matching.templates import Scene, Text, Unrenderable, compile_text, wrong

_AUTHORITY = re.compile(r"[Hh][Tt][Tt][Pp][Ss]?://[^/?#]+")


class Url(Struct, frozen=True):
    """A compiled URL. ``head`` is its scheme, host and port, empty if one template is the whole of it."""

    head: str
    rest: Text

    @property
    def paths(self) -> Iterator[Path]:
        """Every path in it."""
        return self.rest.paths

    @property
    def sample(self) -> str | None:
        """What it may look like; ``None`` if its host is not known."""
        rest = "".join(part if isinstance(part, str) else "x" for part in self.rest.parts)
        return self.head + rest if self.head else None

    def render(self, scene: Scene) -> str:
        """The URL with its values filled in.

        Raises :class:`Unrenderable` also when one would lead to another directory, as ``..`` does.
        """
        if not self.head:
            return self.rest.render(scene) or ""
        rest = self.rest.render(scene, encoded) or ""
        path = unquote(rest.partition("?")[0])
        if any(self.rest.paths) and not {".", ".."}.isdisjoint(re.split(r"[/\\]", path)):
            raise Unrenderable("a value in the URL's path would lead to another directory")
        return self.head + rest


def compile_url(text: str, at: str) -> Url:
    """A URL with templates. Raises :class:`eventyard.model.errors.Invalid` (``invalid_settings``)."""
    compiled = compile_text(text, at)
    if compiled.alone is not None:
        return Url("", compiled)
    first = compiled.parts[0] if compiled.parts else ""
    authority = _AUTHORITY.match(first) if isinstance(first, str) else None
    if authority is None:
        raise wrong(
            f"{text[:100]!r} is no http or https URL", at, "begin with https:// and a host, or let one template be all"
        )
    assert isinstance(first, str)
    rest = first[authority.end() :]
    if not rest and len(compiled.parts) > 1:
        raise wrong("a template cannot be a part of the host or port", at, "let one template be the whole URL")
    return Url(authority[0], Text((rest, *compiled.parts[1:])) if rest else Text(()))


def encoded(value: str) -> str:
    """A value in a URL: whatever could end its segment or parameter is percent-encoded (RFC 3986, 2.4)."""
    return quote(value, safe="", errors="replace")
