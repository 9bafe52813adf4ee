"""Stars for secrets, in whatever is kept of a request and its answer.

Many a receiver under test sends back what it was sent, and what was sent is on record for people to read. So before an
outcome leaves a target type, every secret that went into it is replaced, in each of the forms it can have there.
"""

import json
from collections.abc import Iterable, Sequence
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

_SCHEMES = frozenset({"basic", "bearer", "token", "apikey"})
"""Words that stand before a credential, and are no part of it."""


@lru_cache(maxsize=512)
def stars_for(*secrets: str) -> "Stars":
    """The stars for the secrets of a delivery, which as a rule are those of the one before."""
    return Stars(secrets)


class Stars:
    """Knows the secrets of one delivery. The last word of one counts, too: a receiver may tell a token alone."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._forms = sorted({form for secret in secrets for form in _forms(secret)}, key=len, reverse=True)
        self._as_bytes = [form.encode() for form in self._forms]

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
    begun = (form[:size] for form in forms if may_be_cut for size in range(len(form) - 1, LEAST_TOLD, -1))
    beginning = next((start for start in begun if text.endswith(start)), None)
    return text if beginning is None else text[: -len(beginning)] + stars


def _forms(secret: str) -> tuple[str, ...]:
    """A secret, its last word and its key alone: as they are, in JSON (``/`` escaped or not), in URLs and forms."""
    scheme, space, _ = secret.partition(" ")
    words = {secret.rpartition(" ")[2]} if space and scheme.lower() in _SCHEMES else {secret, secret.rpartition(" ")[2]}
    words |= {word.removeprefix(WEBHOOK_SECRET_PREFIX) for word in words}
    return tuple(
        form
        for word in words - {""}
        for json_form in [json.dumps(word)[1:-1]]
        for form in (word, json_form, json_form.replace("/", "\\/"), quote(word, safe=""), quote_plus(word))
    )
