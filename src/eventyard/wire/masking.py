"""Stars for secrets in what people are shown: values whose names are on a list, wherever in a text they stand.

What came over a wire is shown as it was, but for the values of those names in JSON (nested, and JSON within its
strings), forms and query strings, XML elements, headers and lines of the form ``name: value``. The text may be cut
anywhere: nothing here needs it to be whole, or well-formed.
"""

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from urllib.parse import unquote_plus

STARS = "****"

DEPTH = 5
"""How deep texts within strings of JSON are looked at; beyond, they are hidden whole."""

_MAY_TELL = re.compile(r"[=:<{\[\\]")
"""One of these is in every text that has something to hide."""
_SEPARATORS = re.compile(r"[-_.\s]")
_JSON_BEGINS = re.compile(r'[{\[]\s*["{\[]')
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[{}\[\]:,]|[^"{}\[\]:,]+', re.S)
_BROKEN_ESCAPE = re.compile(r"\\(?:u[0-9A-Fa-f]{0,3})?$")
_WORD = re.compile(r"(?<![\w.-])([\w.-]+)$")
_PAIR = re.compile(r"""(?<![\w.%+\[\]-])([\w.%+\[\]-]+)=("[^"]*"?|'[^']*'?|[^\s&;,#<>"']+)""")
_ELEMENT = re.compile(r"<((?:[\w.-]+:)?[\w.-]+)((?:\s[^<>]*)?)>([^<]+)")
_LINE = re.compile(r"(?<![\w.-])([\w.-]+)([ \t]*:[ \t]*)(?=\S)")
_PASSWORD = re.compile(r"(://[^\s/:@]*:)[^\s/@]+@")


class Masker:
    """Hides what is called by one of ``names``, in any case, with ``-``, ``_`` or nothing between words.

    ``*`` in a name stands for anything: ``*token`` hides ``access_token`` and ``X-Token``.
    """

    def __init__(self, names: Iterable[str]) -> None:
        plain = (".*".join(map(re.escape, _plain(name).split("*"))) for name in names)
        self._names = re.compile("|".join(f"(?:{name})" for name in plain if name) or r"(?!)")
        self.hides = lru_cache(1024)(self._hides)

    def _hides(self, name: str) -> bool:
        """Whether values of that name are not to be seen."""
        return self._names.fullmatch(_plain(name.rpartition(":")[2])) is not None

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Headers, or parameters, with stars."""
        return {name: STARS if self.hides(name) else self.text(value) for name, value in headers.items()}

    def text(self, text: str) -> str:
        """A body, a URL or a sentence with stars."""
        return self._text(text, DEPTH)

    def _text(self, text: str, depth: int) -> str:
        if not depth:
            return STARS
        begins = _JSON_BEGINS.search(text)
        at = len(text) if begins is None else begins.start()
        return self._plain_text(text[:at]) + self._json(text[at:], depth)

    # Text that is no JSON

    def _plain_text(self, text: str) -> str:
        text = _PASSWORD.sub(rf"\1{STARS}@", text)
        text = _ELEMENT.sub(self._element, text)
        text = _PAIR.sub(self._pair, text)
        return "".join(map(self._line, text.splitlines(keepends=True)))

    def _pair(self, pair: re.Match[str]) -> str:
        return f"{pair[1]}={STARS}" if self.hides(unquote_plus(pair[1])) else pair[0]

    def _element(self, element: re.Match[str]) -> str:
        return f"<{element[1]}{element[2]}>{STARS}" if self.hides(element[1]) else element[0]

    def _line(self, line: str) -> str:
        for label in _LINE.finditer(line):
            if self.hides(label[1]):
                return line[: label.end()] + STARS + line[len(line.rstrip("\r\n")) :]
        return line

    # JSON, whole or cut

    def _json(self, text: str, depth: int) -> str:
        """Token by token. ``last`` is what may turn out to be a name, once a colon follows it."""
        shown: list[str] = []
        last, hiding, inside = "", False, 0
        for token in _TOKEN.findall(text):
            if inside:
                inside += (token in "{[") - (token in "}]")
            elif token == ":":
                hiding = self.hides(last)
                shown.append(token)
            elif not token.strip():
                shown.append(token)
            elif hiding and token not in "}],":
                shown.append(_around(token, f'"{STARS}"'))
                hiding, inside = False, int(token in "{[")
            else:
                hiding, last = False, _name(token)
                shown.append(self._token(token, depth) if _MAY_TELL.search(token, 1) else token)
        return "".join(shown)

    def _token(self, token: str, depth: int) -> str:
        """A string of JSON may be a text of its own, with something to hide; so may what stands between."""
        if token[0] != '"':
            return self._plain_text(token)
        said = _said(token)
        masked = self._text(said, depth - 1)
        return token if masked == said else json.dumps(masked, ensure_ascii=False)


def _around(token: str, shown: str) -> str:
    """Something else in place of a token, with the white space that came with that."""
    bare = token.strip()
    return token.replace(bare, shown, 1)


def _plain(name: str) -> str:
    return _SEPARATORS.sub("", name.casefold())


def _name(token: str) -> str:
    """What a token is if it is a name: a string, or the last word of something else."""
    if token[0] == '"':
        return _said(token) if "\\" in token else token.strip('"')
    word = _WORD.search(token.rstrip())
    return "" if word is None else word[1]


def _said(token: str) -> str:
    """What a string of JSON says, as far as it is there."""
    inner = token[1:-1] if len(token) > 1 and token.endswith('"') and _ends(token) else token[1:]
    try:
        said: str = json.loads(f'"{_BROKEN_ESCAPE.sub("", inner)}"', strict=False)
    except ValueError:
        return inner
    return said


def _ends(token: str) -> bool:
    """Whether the quote at the end of a string of JSON is its end, and not escaped."""
    backslashes = len(token) - 1 - len(token[:-1].rstrip("\\"))
    return backslashes % 2 == 0
