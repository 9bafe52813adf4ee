import asyncio
import io
import json
from collections.abc import AsyncIterator

import pytest

from eventyard.model.errors import Unavailable
from eventyard.model.mail import Mail, MailError
from eventyard.pipeline.outbox import WAITS_MS, Outbox
from eventyard.telemetry.log import make_log
from eventyard.telemetry.metrics import Metrics
from eventyard.testing import builders
from eventyard.testing.fakes import HandClock, Postbox, settle

OPS, DEV = "ops@example.com", "dev@example.com"


class Counter:
    """A post office: an outbox, the mailer behind it, and what it says of itself."""

    def __init__(self, bound: int = 3) -> None:
        self.clock = HandClock()
        self.box = Postbox()
        self.metrics = Metrics()
        self._stream = io.BytesIO()
        self.out = Outbox(self.box, self.metrics, make_log("info", "json", self._stream), self.clock, bound=bound)

    def put(self, name: str = "1", *, to: tuple[str, ...] = (OPS,)) -> bool:
        async def write() -> Mail:
            return builders.mail(id=name, to=to)

        return self.out.put(write)

    def count(self, result: str) -> float:
        return self.metrics.registry.get_sample_value("eventyard_mails_total", {"result": result}) or 0

    def said(self) -> list[str]:
        return [json.loads(line)["event"] for line in self._stream.getvalue().splitlines()]

    async def later(self, wait_ms: int) -> None:
        self.clock.advance(wait_ms)
        self.out.tick()
        await settle()


@pytest.fixture
async def post() -> AsyncIterator[Counter]:
    post = Counter()
    yield post
    post.box.let_go()
    await post.out.stop(0)


async def test_mails_go_out_in_their_order(post):
    assert [post.put("1"), post.put("2")] == [True, True]
    await settle()
    assert [mail.id for mail in post.box.taken] == ["1", "2"]
    assert post.count("sent") == 2
    assert post.out.waiting == 0


async def test_nobody_waits_for_a_mail_server_that_does_not_answer(post):
    post.box.hold()
    assert post.put()
    await settle()
    assert (post.box.asked, post.box.taken, post.out.waiting) == (1, [], 1)


async def test_no_more_mails_wait_than_may(post):
    post.box.hold()
    assert [post.put(str(number)) for number in range(5)] == [True, True, True, False, False]
    post.box.let_go()
    await settle()
    assert post.put("5")


async def test_a_mail_that_may_be_taken_later_is_tried_again_after_waits_that_grow(post):
    post.box.refusals.extend([MailError("450 greylisted", again=[OPS])] * 2)
    post.put()
    await settle()
    await post.later(WAITS_MS[0] - 1)
    assert post.box.asked == 1
    await post.later(1)
    await post.later(WAITS_MS[1] - 1)
    assert post.box.asked == 2
    await post.later(1)
    assert [mail.id for mail in post.box.taken] == ["1"]
    assert (post.count("postponed"), post.count("sent")) == (2, 1)
    assert list(WAITS_MS) == sorted(WAITS_MS)


async def test_only_who_did_not_get_it_is_written_to_again(post):
    post.box.refusals.append(MailError("450 greylisted", again=[DEV]))
    post.put(to=(OPS, DEV))
    await settle()
    await post.later(WAITS_MS[0])
    assert [mail.to for mail in post.box.taken] == [(DEV,)]


async def test_a_mail_is_given_up_in_the_end(post):
    post.box.refusals.extend([MailError("no connection", again=[OPS])] * 9)
    post.put()
    await settle()
    for wait in WAITS_MS:
        await post.later(wait)
    assert (post.out.waiting, post.box.asked, post.count("failed")) == (0, 1 + len(WAITS_MS), 1)
    assert post.said() == ["mail_postponed"] * len(WAITS_MS) + ["mail_failed"]


async def test_a_mail_that_nobody_will_take_is_not_tried_again(post):
    post.box.refusals.append(MailError("550 no such user"))
    post.put()
    await settle()
    await post.later(sum(WAITS_MS))
    assert (post.box.asked, post.count("failed"), post.said()) == (1, 1, ["mail_failed"])


async def test_a_mail_with_nothing_left_to_say_is_not_sent(post):
    async def nothing() -> None:
        return None

    post.out.put(nothing)
    await settle()
    assert (post.box.asked, post.out.waiting) == (0, 0)


async def test_a_mail_that_cannot_be_written_now_is_written_later(post):
    disk = [Unavailable("store_unavailable", "the disk is gone")]

    async def write() -> Mail:
        if disk:
            raise disk.pop()
        return builders.mail(to=(OPS, DEV))

    post.out.put(write)
    await settle()
    await post.later(WAITS_MS[0])
    assert [mail.to for mail in post.box.taken] == [(OPS, DEV)]


async def test_a_bug_in_one_mail_does_not_keep_the_others(post):
    post.box.refusals.append(LookupError("a bug"))
    post.put("1")
    post.put("2")
    await settle()
    assert [mail.id for mail in post.box.taken] == ["2"]
    assert post.count("failed") == 1


async def test_at_the_end_what_waits_is_tried_once_more(post):
    post.box.refusals.extend([MailError("450 greylisted", again=[OPS])] * 2)
    post.put("1")
    post.put("2")
    await settle()
    post.put("3")
    assert await post.out.stop(1_000) == 0
    assert [mail.id for mail in post.box.taken] == ["3", "1", "2"]
    assert not post.put("4")


async def test_at_the_end_what_is_refused_again_is_given_up(post):
    post.box.refusals.extend([MailError("450 greylisted", again=[OPS])] * 2)
    post.put()
    await settle()
    await post.out.stop(1_000)
    assert (post.out.waiting, post.count("failed")) == (0, 1)


async def test_at_the_end_nobody_waits_longer_than_told(post):
    post.box.hold()
    post.put("1")
    post.put("2")
    await settle()
    assert await post.out.stop(0) == 2
    await settle()
    assert post.said() == ["mails_unsent"]
    assert not [task for task in asyncio.all_tasks() if "_work" in repr(task)]
