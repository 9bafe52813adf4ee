"""One HTTP/1.1 answer, read out of bytes as they come (RFC 9112), and no more of it than is kept. Pure.

The grammar is llhttp's. Decided here is what an answer is to us: interim answers (1xx) are passed over, trailers too;
from the end of the final head on there is an answer, whatever becomes of its body. What an answer means to a delivery
is told in ``outcomes.py``; where the bytes come from, in ``client.py``.
"""

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

BODY_KEPT = 16 * 1024
"""Bytes of an answer's body that are kept unless more are asked for; the rest is not even read."""

ANSWER_READ = 64 * 1024
"""Bytes that are read of one answer before the rest is left: heads, interim answers and the frames of chunks count.
Where more of the body is kept, twice as much more is read."""

_MEASURES = {b"content-length", b"transfer-encoding"}
"""Headers by which a body says where it ends; without them the end of the connection does (RFC 9112, 6.3)."""


class NotHttp(Exception):
    """What came is no HTTP answer, or has a head without end. The text says what is wrong."""


class Answer:
    """An answer that is being read. ``status`` is 0 until the final head has come; then it stands.

    ``reusable`` is true once it was read to its end and another may follow on the same connection. ``bodiless`` is the
    answer to a HEAD, which ends with its head (RFC 9112, 6.3); as some send a body all the same, nothing follows it.
    ``most`` bytes of the body are kept, and ``whole`` is true once there is certainly no more of it.
    """

    def __init__(self, *, bodiless: bool = False, most: int = BODY_KEPT) -> None:
        self._bodiless = bodiless
        self._most = most
        self._most_read = ANSWER_READ + 2 * (most - BODY_KEPT)
        self.whole = False
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = bytearray()
        self.reusable = False
        self._ended = False
        self._read = 0
        self._parser = HttpResponseParser(self)
        # As lenient as browsers are; all else stays forbidden.
        self._parser.set_dangerous_leniencies(
            lenient_headers=True, lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
        )

    def feed(self, data: bytes) -> bool:
        """Take what came; true when nothing more is wanted, and then nothing more may come.

        Raises :class:`NotHttp` unless the answer stands.
        """
        self._read += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            self._ended, self.reusable = True, False
        except HttpParserError as error:
            if not self.status:
                raise NotHttp(f"the receiver does not speak HTTP/1: {error}") from None
            self._ended, self.reusable = True, False
        if self._read >= ANSWER_READ and not self.status:
            raise NotHttp(f"the head of the answer is longer than {ANSWER_READ} bytes")
        over = self._ended or len(self.body) >= self._most or self._read >= self._most_read
        if over:
            del self._parser  # it refers to us: as a circle, both would wait for the collector
        return over

    def hung_up(self) -> None:
        """The connection was closed in order, which is how a body ends that does not say where."""
        if self.status and len(self.body) < self._most:
            self.whole = self.whole or not any(name.lower() in _MEASURES for name, _ in self.headers)

    # What the parser calls

    def on_message_begin(self) -> None:
        """An answer begins: an interim one, the final one, or one that nobody asked for."""
        self.reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer."""
        if not self.status:
            self.headers.append((name, value.strip()))

    def on_headers_complete(self) -> None:
        """A head is complete; 101 is final, as nothing that is HTTP follows it."""
        if self.status:
            return
        status = self._parser.get_status_code()
        if 100 <= status < 200 and status != 101:
            self.headers.clear()
        else:
            self.status = status
            self._ended = self.whole = self._bodiless

    def on_body(self, body: bytes) -> None:
        """A piece of the body, without its frames."""
        if not self._ended:
            self.body += body[: self._most - len(self.body)]

    def on_message_complete(self) -> None:
        """An answer is over."""
        if self.status and not self._ended:
            self._ended, self.reusable = True, self._parser.should_keep_alive()
            self.whole = len(self.body) < self._most
