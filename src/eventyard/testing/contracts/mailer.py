"""What every way for a mail to leave keeps: the contract suite of :class:`eventyard.ports.Mailer`.

A mailer's test subclasses :class:`MailerContract` and gives three fixtures: ``mailer``; ``arrived``, which waits for
the mail that somebody took charge of and tells for whom it is, its subject and its text; and ``dead``, a mailer behind
which nobody is.
"""

from collections.abc import Awaitable, Callable

import pytest

from eventyard.model.mail import MailError
from eventyard.ports import Mailer
from eventyard.testing import builders

Arrived = Callable[[], Awaitable[tuple[tuple[str, ...], str, str]]]


class MailerContract:
    """Subclass it, and give ``mailer``, ``arrived`` and ``dead``."""

    async def test_a_mail_reaches_everybody_with_its_words(self, mailer: Mailer, arrived: Arrived) -> None:
        """Whatever alphabet they are in."""
        to = ("ops@example.com", "dev@example.com")
        await mailer.send(builders.mail(to=to, subject="Grüße 你好", text="Ещё\n"))
        assert await arrived() == (to, "Grüße 你好", "Ещё\n")

    async def test_a_subject_stays_one_line(self, mailer: Mailer, arrived: Arrived) -> None:
        """What stands after a line's end in it is no header."""
        await mailer.send(builders.mail(subject="a\r\nBcc: other@example.com"))
        assert await arrived() == (("ops@example.com",), "a Bcc: other@example.com", "Something failed.\n")

    async def test_who_has_no_address_keeps_no_mail_from_the_others(self, mailer: Mailer, arrived: Arrived) -> None:
        """And trying again would not help them."""
        with pytest.raises(MailError, match="nobody") as refused:
            await mailer.send(builders.mail(to=("nobody", "ops@example.com")))
        assert not refused.value.temporary
        assert (await arrived())[0] == ("ops@example.com",)

    async def test_where_nobody_is_a_later_try_may_find_somebody(self, dead: Mailer) -> None:
        """For every recipient."""
        with pytest.raises(MailError) as refused:
            await dead.send(builders.mail(to=("ops@example.com", "dev@example.com")))
        assert refused.value.again == ("ops@example.com", "dev@example.com")
