"""A mail, as the hub wants it sent, and how sending one can fail."""

from collections.abc import Sequence

from msgspec import Struct

from eventyard.model.ids import Millis


class Mail(Struct, frozen=True):
    """One mail to everybody in ``to``, saying the same in ``text`` and in ``html``.

    ``id`` is the same each time this mail is tried, and no other's; ``at`` is the moment it speaks of.
    """

    id: str
    at: Millis
    to: tuple[str, ...]
    subject: str
    text: str
    html: str


class MailError(Exception):
    """A mail did not reach everybody. ``again`` are those whom a later try may reach; the others it never will."""

    def __init__(self, message: str, *, again: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.again = tuple(again)

    @property
    def temporary(self) -> bool:
        """Whether another try is worth it."""
        return bool(self.again)
