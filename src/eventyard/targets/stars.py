"""Stars for secrets, in whatever is kept of a request and its answer.

Many a receiver under test sends back what it was sent, and what was sent is on record for people to read. So before an
outcome leaves a target type, every secret that went into it is replaced, in each of the forms it can have there.
"""

import json
import re
from binascii import a2b_base64
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import AnyStr
from urllib.parse import quote, quote_plus

from msgspec import structs

from eventyard.model.outcome import Outcome, Sent
from eventyard.targets.outcomes import HEADER_KEPT
from eventyard.wire.signatures import WEBHOOK_SECRET_PREFIX

STARS = "***"

LEAST_TOLD = 4
"""How many characters of a secret may be told at the end of a text that was cut there."""

LEAST_PART = 6
"""How many characters what is read out of a secret has at least: anything shorter is in many a text by chance."""

_BASIC = "basic"
_SCHEMES = frozenset({_BASIC, "bearer", "token", "apikey"})
"""Words that stand before a credential, and are no part of it."""

_URL_SAFE = str.maketrans("+/", "-_")


@lru_cache(maxsize=512)
def stars_for(*secrets: str) -> "Stars":
    """The stars for the secrets of a delivery, which as a rule are those of the one before."""
    return Stars(secrets)


class Stars:
    """Knows the secrets of one delivery. The last word of one counts, too: a receiver may tell a token alone."""

    def __init__(self, secrets: Iterable[str]) -> None:
        words = {word for secret in secrets for word in _words(secret)}
        forms = {form for word in words if isinstance(word, str) for form in _forms(word)}
        raw = {word for word in words if isinstance(word, bytes)}
        self._forms = sorted(forms, key=len, reverse=True)
        self._as_bytes = sorted(raw | {form.encode() for form in forms}, key=len, reverse=True)

    def text(self, text: str) -> str:
        """The text without secrets."""
        return _starred(text, self._forms, STARS)

    def data(self, data: bytes) -> bytes:
        """The bytes without secrets."""
        return _starred(data, self._as_bytes, STARS.encode())

    def sent(self, sent: Sent) -> Sent:
        """What was sent, without secrets."""
        headers = {name: self.text(value) for name, value in sent.headers.items()}
        return structs.replace(sent, url=self.text(sent.url), headers=headers, body=self.data(sent.body))

    def outcome(self, outcome: Outcome) -> Outcome:
        """What an attempt came to, without secrets."""
        if not self._forms:
            return outcome
        return structs.replace(
            outcome,
            response_body=self.data(outcome.response_body),
            reply=outcome.reply and self.data(outcome.reply),
            response_headers={name: self.text(value) for name, value in outcome.response_headers.items()},
            error=outcome.error and self.text(outcome.error),
            sent=outcome.sent and self.sent(outcome.sent),
        )


def _starred(text: AnyStr, forms: Sequence[AnyStr], stars: AnyStr) -> AnyStr:
    """Without any of the forms, and without the beginning of one where the text may have been cut."""
    may_be_cut = len(text) >= HEADER_KEPT
    for form in forms:
        text = text.replace(form, stars)
    if not may_be_cut:
        return text
    begun = min((_begun(text, form) for form in forms), default=len(text))
    return text if begun == len(text) else text[:begun] + stars


def _begun(text: AnyStr, form: AnyStr) -> int:
    """Where the beginning of the form is that the text ends with; at its end if none is, or too little of one."""
    head = form[: LEAST_TOLD + 1]
    at = text.find(head, max(0, len(text) - len(form) + 1))
    while at >= 0 and not form.startswith(text[at:]):
        at = text.find(head, at + 1)
    return len(text) if at < 0 else at


def _forms(word: str) -> tuple[str, ...]:
    """A word as it is, in JSON, in URLs and forms."""
    return word, *_in_json(word), quote(word, safe=""), quote_plus(word)


def _in_json(word: str) -> Iterator[str]:
    """A word in a JSON string: in ASCII or not, and with all that one program or another escapes, or nothing of it."""
    for ascii_only in (True, False):
        form = json.dumps(word, ensure_ascii=ascii_only)[1:-1]
        yield from (form, form.replace("/", "\\/"), form.translate(_AS_GO))
        if ascii_only:
            yield _ESCAPE.sub(lambda found: "\\u" + found[1].upper(), form.replace('\\"', "\\u0022")).translate(_AS_NET)


_ESCAPE = re.compile(r"\\u([0-9a-f]{4})")
_AS_GO = {ord(char): f"\\u{ord(char):04x}" for char in "<>&"}
_AS_NET = {ord(char): f"\\u{ord(char):04X}" for char in "<>&'+`"}


def _words(secret: str) -> set[str | bytes]:
    """A secret, its last word and its key alone, and what can be read out of a key and of the credentials of Basic."""
    scheme, space, _ = secret.partition(" ")
    scheme, last = scheme.lower() if space else "", secret.rpartition(" ")[2]
    words = {last} if scheme in _SCHEMES else {secret, last}
    keys = {word.removeprefix(WEBHOOK_SECRET_PREFIX) for word in words if word.startswith(WEBHOOK_SECRET_PREFIX)}
    parts = {part for key in keys for part in _parts(key)}
    if scheme == _BASIC:
        parts |= set(_parts(last, b":"))
    return (words | keys | {part for part in parts if len(part) >= LEAST_PART}) - {""}


def _parts(encoded: str, mark: bytes | None = None) -> Iterator[str | bytes]:
    """A base64 text with and without padding, url-safe or not; what it encodes, and of that what is after the mark."""
    bare = encoded.rstrip("=")
    padding = "=" * (-len(bare) % 4)
    try:
        whole = a2b_base64(bare + padding, strict_mode=True)
    except ValueError:
        return
    for text in (bare, bare.translate(_URL_SAFE)):
        yield from (text, text + padding)
    for raw in (whole,) if mark is None else (whole, whole.partition(mark)[2]):
        yield from (raw, raw.hex(), raw.hex().upper())
        try:
            yield raw.decode()
        except UnicodeDecodeError:
            # As JavaScript's atob() has it.
            yield raw.decode("latin-1")
