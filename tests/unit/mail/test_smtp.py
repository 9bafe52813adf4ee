import asyncio
import ssl

import pytest

from eventyard.mail.smtp import SmtpMailer, SmtpServer
from eventyard.model.mail import MailError
from eventyard.testing import builders
from tests.mailserver import PASSWORD, USER, MailServer, contexts, mail_server, silent_server

OPS, DEV = "ops@example.com", "dev@example.com"


def mailer(server: MailServer, **fields) -> SmtpMailer:
    return SmtpMailer(SmtpServer(**{"host": server.host, "port": server.port, "sender": "Hub <hub@example.org>",
                                    "security": "none"} | fields))  # fmt: skip


async def refusal(mailer: SmtpMailer, *to: str) -> MailError:
    with pytest.raises(MailError) as refused:
        await mailer.send(builders.mail(to=to or (OPS,)))
    return refused.value


async def test_the_envelope_names_the_sender_without_its_name():
    async with mail_server() as server:
        await mailer(server).send(builders.mail(to=(OPS, DEV)))
    [taken] = server.taken
    assert (taken.sender, taken.to, taken.encrypted) == ("hub@example.org", (OPS, DEV), False)


async def test_starttls_comes_before_the_mail_and_the_login(tmp_path):
    tls = contexts(tmp_path)
    async with mail_server(starttls=tls["server"], login=True) as server:
        await mailer(server, security="starttls", trust=tls["client"], user=USER, password=PASSWORD).send(
            builders.mail()
        )
    [taken] = server.taken
    assert (taken.encrypted, taken.user) == (True, USER)


async def test_tls_may_be_there_from_the_first_byte(tmp_path):
    tls = contexts(tmp_path)
    async with mail_server(tls=tls["server"]) as server:
        await mailer(server, security="tls", trust=tls["client"]).send(builders.mail())
    assert server.taken[0].encrypted


async def test_a_server_without_starttls_gets_neither_mail_nor_password():
    async with mail_server(login=True) as server:
        error = await refusal(mailer(server, security="starttls", user=USER, password=PASSWORD))
    assert "STARTTLS" in error.message
    assert server.tried == 0


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_of_somebody_else_gets_nothing(tmp_path, security):
    tls = contexts(tmp_path)
    async with mail_server(**{security: tls["server"]}) as server:
        error = await refusal(mailer(server, security=security, trust=ssl.create_default_context()))
    assert "CERTIFICATE_VERIFY_FAILED" in error.message
    assert not server.taken


async def test_a_wrong_password_is_for_good():
    async with mail_server(login=True) as server:
        error = await refusal(mailer(server, user=USER, password="wrong"))
    assert "refused the login: 535" in error.message
    assert not error.temporary
    assert "wrong" not in error.message


async def test_a_greylisted_mail_may_be_taken_later():
    async with mail_server() as server:
        server.at_data = "451 4.7.1 greylisted, come back"
        error = await refusal(mailer(server))
    assert error.message == "451 4.7.1 greylisted, come back"
    assert error.again == (OPS,)


async def test_only_who_may_be_reached_later_is_named_for_another_try():
    async with mail_server() as server:
        server.replies = {OPS: "450 greylisted", DEV: "550 no such user"}
        error = await refusal(mailer(server), OPS, "third@example.com", DEV)
    assert [taken.to for taken in server.taken] == [("third@example.com",)]
    assert error.again == (OPS,)
    assert error.message == f"{OPS}: 450 greylisted; {DEV}: 550 no such user"


async def test_nobody_of_all_being_taken_is_told_one_by_one():
    async with mail_server() as server:
        server.replies = {OPS: "450 greylisted", DEV: "550 no such user"}
        error = await refusal(mailer(server), OPS, DEV)
    assert error.again == (OPS,)


async def test_a_refused_mail_is_for_good():
    async with mail_server() as server:
        server.at_data = "554 no"
        assert not (await refusal(mailer(server))).temporary


async def test_a_name_beyond_ascii_reaches_a_server_that_takes_it():
    async with mail_server() as server:
        await mailer(server).send(builders.mail(to=("jürg@bücher.example",)))
    [taken] = server.taken
    assert taken.to == ("jürg@xn--bcher-kva.example",)


async def test_a_name_beyond_ascii_keeps_no_mail_from_the_others():
    async with mail_server(utf8=False) as server:
        error = await refusal(mailer(server), "jürg@example.com", OPS)
    assert "jürg@example.com" in error.message
    assert not error.temporary
    assert [taken.to for taken in server.taken] == [(OPS,)]


async def test_a_server_that_says_nothing_is_left():
    async with silent_server() as (port, _):
        error = await refusal(mailer(MailServer(), port=port, timeout_s=0.05))
    assert error.message == "the server took more than 0.05 s"
    assert error.again == (OPS,)


async def test_who_is_told_to_stop_leaves_a_server_that_says_nothing():
    async with silent_server() as (port, called):
        sending = asyncio.create_task(mailer(MailServer(), port=port).send(builders.mail()))
        await called.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending


async def test_a_mail_that_was_taken_stays_taken_however_the_server_parts():
    async with mail_server() as server:
        server.handle_QUIT = lambda *_: _hang_up()
        await mailer(server).send(builders.mail())
    assert len(server.taken) == 1


async def _hang_up() -> str:
    raise ConnectionResetError
