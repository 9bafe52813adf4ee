from collections.abc import Sequence

from eventyard.cli.moving import rows
from eventyard.cli.moving.boxes import Boxes
from eventyard.cli.moving.catalog import Catalogue
from eventyard.cli.moving.log import Chronicle, bring, resume
from eventyard.model.catalog import Application, Source
from eventyard.model.lifecycle import Status
from eventyard.model.outcome import Result
from eventyard.model.past import Past
from eventyard.ports import Egress
from eventyard.stores.memory import MemoryStore
from eventyard.targets.request import RequestTarget
from eventyard.testing import builders as b
from eventyard.testing.fakes import HandClock
from tests.moving.original import CRYPTO_KEY, boxed
from tests.unit.cli.moving.others import action, contract, draft, event, original, system

AT = 1_709_287_200_000
TIMES = {"startTime": "2024-03-01T10:00:01.250Z", "endTime": "2024-03-01T10:00:01.750Z"}


def chronicle() -> Chronicle:
    """Of an event, an action and a contract that are deleted there."""
    plan = draft()
    catalogue = Catalogue(
        plan,
        original(
            systems=[system()], events=[event(deleted=True)], actions=[action(deleted=True)],
            contracts=[contract(deleted=True)],
        ),
    )  # fmt: skip
    catalogue.systems()
    catalogue.events()
    catalogue.actions(None, RequestTarget(Egress()))
    catalogue.contracts()
    return Chronicle(catalogue.moved, b.project(number=1), plan.saved, Boxes(CRYPTO_KEY))


def received(id: int = 7, request: str | None = None) -> rows.Received:
    return rows.Received(id, 1, boxed({"body": {"n": id}}) if request is None else request, AT)


def executed(state: str, status: object = 500, **fields: object) -> rows.Executed:
    response = boxed({"status": status, "statusText": "said", **TIMES})
    return rows.Executed(1, 7, state, request=boxed({"method": "post"}), response=response, **fields)  # type: ignore[arg-type]


def test_a_received_event_is_a_publication_of_its_own_time() -> None:
    past = chronicle().past(received(), [])
    assert past.key == "eventhos/7"
    assert (past.event.data, past.event.type, past.event.time) == (b'{"n":7}', "event-1", AT)
    assert past.event.source == "/sources/event-1"
    assert [(line.at, line.status, line.comment) for line in past.history] == [
        (AT, Status.COMPLETE, "received by eventhos as number 7")
    ]
    assert (past.source.name, past.source.number, past.application.name) == ("event-1", 0, "system-1")


def test_what_was_executed_ends_as_it_did_there() -> None:
    past = chronicle().past(
        received(),
        [
            executed("processed", 201, reply_from="reply-1"),
            executed("error"),
            executed("error", attempts=1),
            executed("error", is_aborted=True),
        ],
    )
    ends = [[(line.at - AT, line.status) for line in delivery.history] for delivery in past.deliveries]
    began, error = (1_250, Status.PROCESSING), (1_750, Status.ERROR)
    assert ends == [
        [began, (1_750, Status.COMPLETE)],
        [began, error],
        [began, error, (1_750, Status.REPROCESSED)],
        [began, error, (1_750, Status.DISCARDED)],
    ]
    assert past.deliveries[0].history[-1].comment == "its answer became the event reply-1"
    [attempt] = past.deliveries[1].attempts
    assert (attempt.number, attempt.started_at, attempt.duration_ms) == (1, AT + 1_250, 500.0)
    assert attempt.outcome.result is Result.FAILED


def test_what_cannot_be_decrypted_comes_without_what_it_said() -> None:
    lost = rows.Executed(1, 7, "error")
    past = chronicle().past(received(request="rubbish"), [lost])
    assert (past.event.data, past.event.request) == (b"", None)
    assert past.history[0].comment.endswith("; what it said could not be decrypted")
    assert past.deliveries[0].history[-1].comment == "what it said could not be decrypted"


class Rows:
    """A log of received events with these ids."""

    def __init__(self, ids: Sequence[int]) -> None:
        self.ids = ids

    def last(self) -> int:
        return max(self.ids, default=0)

    def first(self, least: int) -> rows.Received | None:
        return next((received(id) for id in self.ids if id >= least), None)


async def test_a_log_that_was_brought_in_part_is_gone_on_with_behind_it() -> None:
    store, made = MemoryStore(HandClock()), chronicle()
    await store.save([b.organization(), b.project()])
    ids = [2, 3, 5, 8, 13, 21]
    for brought in range(len(ids) + 1):
        there = Rows(ids)
        last = await resume(store, there, made, b.project(number=1))  # type: ignore[arg-type]
        assert last == (ids[brought - 1] if brought else 0)
        if brought < len(ids):
            await store.adopt([made.past(received(ids[brought]), [])])
    assert await resume(store, Rows([]), made, b.project(number=1)) == 0  # type: ignore[arg-type]


async def test_a_log_is_adopted_page_by_page() -> None:
    pages: list[list[str]] = []
    told: list[int] = []

    async def adopt(past: Sequence[Past]) -> int:
        pages.append([one.key for one in past])
        return len(past)

    log = [[(received(1), []), (received(2), [executed("processed")])], [(received(3), [])]]
    assert await bring(adopt, log, chronicle(), told.append) == 3
    assert pages == [["eventhos/1", "eventhos/2"], ["eventhos/3"]]
    assert told == [2, 1]


def test_those_who_moved_are_spoken_of_by_their_numbers() -> None:
    plan = draft()
    catalogue = Catalogue(plan, original(systems=[system()], events=[event()]))
    catalogue.systems()
    catalogue.events()
    numbered = [
        type(record)(**{**{f: getattr(record, f) for f in record.__struct_fields__}, "number": n})
        for n, record in enumerate(plan.saved, start=5)
        if isinstance(record, Application | Source)
    ]
    past = Chronicle(catalogue.moved, b.project(), numbered, Boxes(CRYPTO_KEY)).past(received(), [])
    assert past.application.number == 5
    assert past.source.number == 7
