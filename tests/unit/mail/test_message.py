import email
import email.policy
from email.message import EmailMessage

import pytest

from eventyard.mail.message import SUBJECT_CHARS, message_of, sender_of
from eventyard.testing import builders
from tests.mailserver import words_of


def as_read(**fields) -> EmailMessage:
    """The message as its reader has it, after its way over the wire."""
    mail = builders.mail(**fields)
    sent = message_of(mail, sender_of("Eventyard <hub@example.org>"), mail.to).as_bytes()
    return email.message_from_bytes(sent, policy=email.policy.default)


def test_a_message_says_the_same_in_text_and_in_html():
    read = as_read(text="Grüße\n", html="<p>Grüße</p>\n")
    assert words_of(read, "plain") == "Grüße\n"
    assert words_of(read, "html") == "<p>Grüße</p>\n"


def test_a_message_says_from_whom_to_whom_and_when():
    read = as_read(id="0190-7", to=("ops@example.com", "dev@example.com"), subject="Grüße")
    assert read["From"] == "Eventyard <hub@example.org>"
    assert read["To"] == "ops@example.com, dev@example.com"
    assert read["Subject"] == "Grüße"
    assert read["Date"] == "Fri, 02 Jan 2026 03:04:05 +0000"
    assert read["Message-ID"] == "<0190-7@example.org>"


def test_nobody_answers_that_they_are_on_holiday():
    assert as_read()["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\u2028", "\x85", "\x00"])
def test_a_subject_ends_no_header(end):
    read = as_read(subject=f"Delivery failed: a{end}Bcc: other@example.com")
    assert read["Subject"] == "Delivery failed: a Bcc: other@example.com"
    assert read["Bcc"] is None


def test_a_long_subject_is_cut():
    assert as_read(subject="x" * 1000)["Subject"] == "x" * SUBJECT_CHARS


def test_what_utf_8_cannot_say_is_replaced():
    read = as_read(text="\ud800 half\n", subject="\udfff")
    assert words_of(read, "plain") == "? half\n"
    assert read["Subject"] == "?"


def test_a_sender_may_have_a_name():
    assert sender_of("hub@bücher.example").addr_spec == "hub@xn--bcher-kva.example"
    assert sender_of('"Hub, the" <hub@example.org>').display_name == "Hub, the"


@pytest.mark.parametrize("text", ["", "Eventyard", "jürg@example.org"])
def test_a_sender_has_an_address_that_every_server_takes(text):
    with pytest.raises(ValueError, match=r"is not a mail address|has to be ASCII"):
        sender_of(text)
