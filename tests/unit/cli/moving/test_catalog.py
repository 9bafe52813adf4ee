import pytest

from eventyard.cli.moving import rows
from eventyard.cli.moving.boxes import Boxes
from eventyard.cli.moving.catalog import Catalogue
from eventyard.cli.moving.draft import Draft, id_of
from eventyard.model.catalog import Application, Mode, Source, Subscription, Target, Topic
from eventyard.ports import Egress
from eventyard.targets.request import RequestTarget
from eventyard.testing import builders as b
from tests.moving.original import CRYPTO_KEY, boxed
from tests.unit.cli.moving.others import THEN, VAULT, action, again, contract, draft, event, original, system, told

BOXES = Boxes(CRYPTO_KEY)
KIND = RequestTarget(Egress())


HTTP = boxed({"url": "https://t.example/", "method": "post", "headers": {}, "data": {}, "params": {}})
OAUTH2 = boxed({"url": "https://l.example/", "data": {"client_id": "me", "client_secret": "s3cr3t"}})


def planned(plan: Draft, there: rows.Original, boxes: Boxes | None = BOXES) -> Catalogue:
    catalogue = Catalogue(plan, there)
    catalogue.systems()
    catalogue.events()
    catalogue.actions(boxes, KIND)
    catalogue.contracts()
    return catalogue


def test_everything_keeps_its_identifier_and_what_it_hangs_on() -> None:
    plan = draft()
    there = original(
        systems=[system(client_id=9), system(2, class_="consumer", type="ERP")],
        events=[event(description="Somebody ordered")],
        actions=[action(system_id=2, http=HTTP, reply_to="event-1")],
        securities=[rows.Security(1, "oauth2_client", THEN + 7, OAUTH2)],
        contracts=[contract(order=3, mail_recipients_on_error="a@b.example; c@d.example,")],
    )
    catalogue = planned(plan, there)
    shop, billing = plan.all(Application)
    assert (shop.name, shop.title, shop.labels) == ("system-1", "System 1", {"class": "producer", "type": "API"})
    assert catalogue.clients() == {9: shop.id}
    [source], [topic] = plan.all(Source), plan.all(Topic)
    assert (source.name, source.title, source.scheme) == ("event-1", "Event 1", "access-key")
    assert (source.application_id, source.topic_id, topic.name) == (shop.id, topic.id, "event-1")
    assert (source.labels, source.description) == ({"operation": "new"}, "Somebody ordered")
    [target] = plan.all(Target)
    assert (target.name, target.title, target.type, target.timeout_ms) == ("action-1", "Action 1", "request", 70_000)
    assert target.labels == {"operation": "new", "application": billing.id}
    assert (target.settings["reply_to"], target.updated_at) == ("event-1", THEN + 7)
    assert [VAULT.open(sealed, target.id) for sealed in target.secrets["client_secret"]] == ["s3cr3t"]
    [made] = plan.all(Subscription)
    assert (made.name, made.title, made.application_id) == ("contract-1", "Contract 1", billing.id)
    assert (made.source_id, made.topic_ids, made.target_id) == (source.id, (topic.id,), target.id)
    assert (made.order, made.mode, made.mail_to) == (3, Mode.ENABLED, ("a@b.example", "c@d.example"))
    assert made.retry is not None and made.retry.attempts == 1
    second = again(plan)
    planned(second, there)
    assert {verb for verb, *_ in told(second)} == {"keep"}
    assert second.saved == []


def test_an_inactive_contract_moves_and_stays_so() -> None:
    plan = draft()
    planned(
        plan,
        original(systems=[system()], events=[event()], actions=[action(http=HTTP)], contracts=[contract(active=False)]),
    )
    assert [made.mode for made in plan.all(Subscription)] == [Mode.DISABLED]


def test_of_an_event_and_an_action_there_may_be_several_contracts() -> None:
    plan = draft()
    there = original(
        systems=[system()], events=[event()], actions=[action(http=HTTP)], contracts=[contract(1), contract(2, order=1)]
    )
    planned(plan, there)
    assert [bool(made.source_id) for made in plan.all(Subscription)] == [True, False]
    assert len({made.topic_ids for made in plan.all(Subscription)}) == 1
    second = again(plan)
    planned(second, there)
    assert second.saved == []


def test_an_application_of_the_same_name_takes_the_place_of_a_system() -> None:
    plan = draft(b.application("system-1"))
    planned(plan, original(systems=[system()], events=[event()]))
    assert told(plan)[0] == ("keep", "system", "system-1", "an application of that name is here, and takes its place")
    assert [made.application_id for made in plan.all(Source)] == ["application-system-1"]


@pytest.mark.parametrize(
    ("tables", "left"),
    [
        ({"systems": [system(deleted=True)]}, ("system", "system-1", "deleted in eventhos")),
        ({"systems": [system(identifier="a\tb")]}, ("system", "a\tb", "its identifier cannot be a name here")),
        (
            {"systems": [system(deleted=True)], "events": [event()]},
            ("event", "event-1", "its system 'system-1' does not move"),
        ),
        ({"systems": [system()], "events": [event(deleted=True)]}, ("event", "event-1", "deleted in eventhos")),
        (
            {"systems": [system()], "events": [event(identifier="project.x")]},
            ("event", "project.x", "the name 'project.x' is the hub's own"),
        ),
        (
            {"systems": [system()], "events": [event(identifier="shop")]},
            ("event", "shop", "the project has a source of its own of that name"),
        ),
        (
            {"systems": [system()], "actions": [action(identifier="receiver", http=HTTP)]},
            ("action", "receiver", "the project has a target of its own of that name"),
        ),
        (
            {"systems": [system()], "actions": [action(http="rubbish")]},
            ("action", "action-1", "it cannot be decrypted with this key: no initialisation vector"),
        ),
    ],
)  # fmt: skip
def test_what_cannot_move_is_told_of(tables: dict[str, object], left: tuple[str, str, str]) -> None:
    plan = draft(b.source(), b.target())
    planned(plan, original(**tables))  # type: ignore[arg-type]
    assert ("leave", *left) in told(plan)


def test_without_the_key_actions_stay_behind_and_their_contracts_with_them() -> None:
    plan = draft()
    there = original(systems=[system()], events=[event()], actions=[action(http=HTTP)], contracts=[contract()])
    planned(plan, there, None)
    assert told(plan)[2:] == [
        ("leave", "action", "action-1", "it is encrypted: needs --crypto-key"),
        ("leave", "contract", "contract-1", "its action 'action-1' does not move"),
    ]


def test_what_stays_behind_has_a_record_for_the_log_to_speak_of() -> None:
    plan = draft()
    there = original(
        systems=[system(deleted=True)], events=[event(deleted=True)], actions=[action(deleted=True)],
        contracts=[contract(deleted=True)],
    )  # fmt: skip
    moved = planned(plan, there).moved
    assert plan.saved == []
    assert moved.subscriptions[1].id == id_of("contract", "contract-1")
    assert moved.targets[1].labels["application"] == moved.applications[1].id
    assert (moved.sources[1].name, moved.sources[1].number) == ("event-1", 0)


def test_a_reply_to_an_event_that_is_not_there_and_an_address_that_is_none_are_left_out_and_told_of() -> None:
    plan = draft()
    there = original(
        systems=[system()], events=[event()], actions=[action(http=HTTP, reply_to="nowhere")],
        contracts=[contract(mail_recipients_on_error="nobody, a@b.example")],
    )  # fmt: skip
    planned(plan, there)
    assert [note.text for note in plan.notes] == [
        "it moves without reply_to: there is no event 'nowhere'",
        "it tells nobody at 'nobody', where no mail can be sent",
    ]
    assert [made.mail_to for made in plan.all(Subscription)] == [("a@b.example",)]
