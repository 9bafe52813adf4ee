from eventyard.dialects.informatica.profiles import CIH, DIH
from eventyard.dialects.informatica.rendering import event_shown, history_shown
from eventyard.model.journal import HistoryLine, Story
from eventyard.model.lifecycle import Kind, Status
from tests.unit.dialects.informatica.placed import lines, read

HISTORY = tuple(lines(("2026-01-02T03:04:05.678Z", Status.PENDING, "")))


def test_an_event_of_dih_that_has_nothing_to_say():
    assert event_shown(DIH, Story(read(), HISTORY)) == {
        "eventId": 7,
        "eventTypeName": "Publication",
        "eventStatusName": "Processing",
        "startTime": "2026-01-02T03:04:05.678Z",
        "delayedTime": 0,
        "descendantsEventState": "NONE",
        "childEvents": [],
        "eventHistory": [
            {"eventId": 7, "timeStamp": "2026-01-02T03:04:05.678Z", "eventStatusName": "Pending", "comments": ""}
        ],
    }


def test_an_event_of_cih_that_has_nothing_to_say():
    assert event_shown(CIH, Story(read(), ())) == {
        "eventId": 7,
        "createTime": "2026-01-02T03:04:05.678Z",
        "eventType": "PUBLICATION",
        "eventStatus": "Processing",
        "descendantState": "NONE",
        "sourceSuccessCount": 0,
        "sourceFailedCount": 0,
        "targetSuccessCount": 0,
        "targetFailedCount": 0,
        "eventHistory": [],
    }


def test_every_kind_has_its_names():
    shown = [[event_shown(p, Story(read(kind), ()))[p.kind_field] for kind in Kind] for p in (DIH, CIH)]
    assert shown == [
        [
            "Publication", "Subscription", "Compound Publication", "Compound Subscription", "Aggregated Subscription",
            "Unbound Subscription", "System",
        ],
        [
            "PUBLICATION", "SUBSCRIPTION", "COMPOUND_PUBLICATION", "COMPOUND_SUBSCRIPTION", "AGGREGATED_SUBSCRIPTION",
            "UNBOUND_SUBSCRIPTION", "SYSTEM",
        ],
    ]  # fmt: skip


def test_children_are_whole_events_however_deep():
    grandchild = Story(read(id=9, parent_id=8), ())
    story = Story(read(), (), (Story(read(id=8, parent_id=7), (), (grandchild,)),))
    for profile in (DIH, CIH):
        [child] = event_shown(profile, story)["childEvents"]
        assert child["parentEventId"] == 7
        assert child["childEvents"] == [event_shown(profile, grandchild)]


def test_the_hub_keeps_who_did_what_to_itself():
    [line] = history_shown(7, [HistoryLine(0, Status.DISCARDED, "enough", "user:admin")])
    assert line == {
        "eventId": 7, "timeStamp": "1970-01-01T00:00:00.000Z", "eventStatusName": "Discarded", "comments": "enough",
    }  # fmt: skip
