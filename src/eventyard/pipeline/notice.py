"""What a mail about failed deliveries says: the facts, what was sent and what came back, masked and cut.

Pure: the journal's own words in, subject, text and HTML out. The text and the HTML say the same. When one is written,
and to whom it goes, is decided in ``mail.py``.
"""

from codecs import getincrementaldecoder
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import islice

from msgspec import Struct

from eventyard.model.event import Event
from eventyard.model.outcome import Attempt, Sent
from eventyard.wire.masking import Masker

BODY_BYTES = 8_192
"""Bytes of a body that are shown."""

HEADERS, LINE_CHARS = 40, 500
"""Headers that are shown, and characters of a line of them."""


class Part(Struct, frozen=True):
    """One half of an exchange: what was sent, or what came back."""

    title: str
    lines: Sequence[str]
    body: str


class Notice(Struct, frozen=True):
    """What there is to say. ``facts`` are pairs of a word and what it is."""

    lead: str
    facts: Sequence[tuple[str, str]]
    parts: Sequence[Part]

    def text(self) -> str:
        """All of it as plain text."""
        width = max(len(word) for word, _ in self.facts) + 2
        facts = [f"{word + ':':<{width}}{one_line(fact)}" for word, fact in self.facts]
        parts = [_block(f"--- {part.title} ---", *part.lines, "", part.body) for part in self.parts]
        return "\n\n".join([self.lead, _block(*facts), *parts]) + "\n"

    def html(self) -> str:
        """All of it as HTML."""
        rows = [f"<tr><th align=left>{escape(word)}</th><td>{_linked(fact)}</td></tr>" for word, fact in self.facts]
        parts = [
            f"<h3>{escape(part.title)}</h3>\n<pre>{escape(_block(*part.lines, '', part.body))}</pre>"
            for part in self.parts
        ]
        table = _block("<table>", *rows, "</table>")
        body = _block(f"<p>{escape(self.lead)}</p>", table, *parts)
        return f'<!doctype html>\n<html lang="en"><body>\n{body}\n</body></html>\n'


def parts_of(event: Event | None, attempt: Attempt | None, masker: Masker) -> Iterator[Part]:
    """What was sent and what came back in an attempt; the event, where nothing says what was made of it."""
    if attempt is not None and attempt.outcome.sent is not None:
        yield _sent(attempt.outcome.sent, masker)
    elif event is not None:
        lines = [f"{event.type} {event.id}", f"content-type: {event.content_type}"]
        yield Part("The event", [*map(one_line, lines)], shown(event.data, masker))
    if attempt is not None:
        yield _came_back(attempt, masker)


def shown(body: bytes, masker: Masker) -> str:
    """A body as people may see it: masked, cut, and only named where it is no text."""
    try:
        text = getincrementaldecoder("utf-8")().decode(body[:BODY_BYTES])
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        return f"({len(body)} bytes that are no text)"
    more = f"\n… and {len(body) - BODY_BYTES} bytes more" if len(body) > BODY_BYTES else ""
    return masker.text(text) + more


def _sent(sent: Sent, masker: Masker) -> Part:
    lines = [one_line(f"{sent.method} {masker.text(sent.url)}")[:LINE_CHARS], *_headers(sent.headers, masker)]
    return Part("What was sent", lines, shown(sent.body, masker))


def _came_back(attempt: Attempt, masker: Masker) -> Part:
    outcome = attempt.outcome
    result = f"{outcome.status_code or outcome.result.name.lower().replace('_', ' ')}"
    why = f": {masker.text(outcome.error)}" if outcome.error else ""
    lines = [one_line(f"{result} after {attempt.duration_ms:.0f} ms{why}")[:LINE_CHARS]]
    lines += _headers(outcome.response_headers, masker)
    return Part("What came back", lines, shown(outcome.response_body, masker))


def _headers(headers: Mapping[str, str], masker: Masker) -> list[str]:
    masked = islice(masker.headers(headers).items(), HEADERS)
    return [one_line(f"{name}: {value}")[:LINE_CHARS] for name, value in masked]


def one_line(text: str) -> str:
    """Text that cannot begin a line of its own."""
    return " ".join(text.splitlines())


def _block(*lines: str) -> str:
    return "\n".join(lines).rstrip()


def _linked(fact: str) -> str:
    safe = escape(fact)
    return f'<a href="{safe}">{safe}</a>' if fact.startswith(("http://", "https://")) else safe
