import msgspec
import pytest

from eventyard.model.ids import EntryId
from eventyard.model.lifecycle import Kind, Status
from eventyard.model.rules import Sighting
from eventyard.pipeline.letters import Letterhead
from eventyard.pipeline.monitoring.tidings import Tidings, condition_of, key_of
from eventyard.pipeline.throttle import Gathered
from eventyard.testing.builders import NOW, rule

HOSTILE = "x</pre><script>\u2028Bcc: other@example.com\x85<b>"


@pytest.fixture
def tidings(scene):
    return Tidings(scene.hub.catalog, Letterhead(alias="test", masked=("*token",)))


def seen(scene, comment="500 Internal Server Error", entry_id=7, **fields) -> Sighting:
    fields = {"kind": Kind.SUBSCRIPTION, "status": Status.ERROR, "name_id": scene.book.id} | fields
    return Sighting(entry_id=EntryId(entry_id), project_id=scene.yard.project.id, comment=comment, **fields)


def wish(scene, **fields):
    return rule(project_id=scene.yard.project.id, **fields)


async def test_a_mail_says_which_rule_how_many_since_when_and_shows_the_first(tidings, scene):
    one = seen(scene)
    mail = tidings.mail(wish(scene), Gathered(NOW, 999, (one, one), one), "m", NOW + 1)
    assert (mail.id, mail.at, mail.to) == ("m", NOW + 1, ("ops@example.com",))
    assert mail.subject == "[test] failures: 999 entries"
    assert mail.text == (
        "A monitoring rule has something to tell.\n\n"
        "Rule:      failures\n"
        "Project:   default\n"
        "Condition: Error\n"
        "Entries:   999\n"
        "Since:     2026-01-02T03:04:05.678Z\n\n"
        "--- The first of them ---\n"
        "7  error  book  500 Internal Server Error\n"
        "7  error  book  500 Internal Server Error\n\n"
        "… and 997 more\n"
    )


async def test_secrets_in_comments_are_masked_and_comments_are_cut(tidings, scene):
    one = seen(scene, '{"access_token": "s3cr3t"} ' + "x" * 900)
    mail = tidings.mail(wish(scene), Gathered(NOW, 1, (one,), one), "m", NOW)
    assert "s3cr3t" not in mail.text + mail.html
    assert len(mail.text) < 700


async def test_names_cannot_begin_lines_nor_become_markup(tidings, scene):
    await scene.hub.subscriptions.change(scene.who, scene.book.id, {"title": HOSTILE})
    one = seen(scene, HOSTILE)
    mail = tidings.mail(wish(scene, name=HOSTILE), Gathered(NOW, 1, (one,), one), "m", NOW)
    assert "\nBcc" not in mail.text
    assert "<script>" not in mail.html


async def test_what_is_gone_is_called_so(tidings, scene):
    entries = (seen(scene, name_id="gone"), seen(scene, kind=Kind.PUBLICATION, name_id=scene.source.id))
    mail = tidings.mail(wish(scene), Gathered(NOW, 2, entries, entries[1]), "m", NOW)
    assert "7  error  deleted meanwhile" in mail.text
    assert "7  error  shop" in mail.text


async def test_an_event_says_the_same_to_programs(tidings, scene):
    one = seen(scene)
    made = wish(scene, id="r", statuses=(Status.PENDING,), stuck_ms=90_000)
    event = tidings.event(made, Gathered(NOW, 3, (one,), one), "e", NOW)
    assert (event.id, event.type, event.subject, event.routing_key) == ("e", "eventyard.rule.told", "r", "rules.r.told")
    assert event.source == f"/projects/{scene.yard.project.id}"
    told = msgspec.json.decode(event.data)
    assert (told["count"], told["condition"]) == (3, "Pending for longer than 1 min 30 s")
    assert event.routing_key == key_of(made)


def test_a_condition_names_kinds_if_it_is_about_some_of_them_only():
    some = rule(kinds=(Kind.SUBSCRIPTION,), statuses=(Status.ERROR, Status.DISCARDED))
    assert condition_of(some) == "Subscription that is Error, Discarded"
    week = rule(statuses=(Status.DELAYED,), stuck_ms=7 * 86_400_000 + 3_600_000)
    assert condition_of(week) == "Delayed for longer than 7 d 1 h"
