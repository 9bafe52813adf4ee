"""Journal entries as events of either product: fields in the order of its examples, and its spellings.

A field that has nothing to say is left out, as the originals do; an empty comment is an empty text.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from eventyard.dialects.informatica.profiles import Profile
from eventyard.model.ids import EntryId
from eventyard.model.journal import Entry, HistoryLine, Story
from eventyard.model.lifecycle import Kind, label
from eventyard.wire.rfc3339 import format_millis


def event_shown(profile: Profile, story: Story) -> dict[str, Any]:
    """An event with its history and its children."""
    entry = story.entry
    children = [event_shown(profile, child) for child in story.children]
    told = {
        **(_cih if profile.counts else _dih)(profile, entry),
        "childEvents": children if children or profile.childless else None,
        "eventHistory": history_shown(entry.id, story.history),
    }
    return {name: value for name, value in told.items() if value is not None}


def _dih(profile: Profile, entry: Entry) -> dict[str, Any]:
    return {
        "eventId": entry.id,
        profile.kind_field: _kind(profile, entry.kind),
        profile.status_field: label(entry.status),
        "applicationName": entry.application,
        "topicName": entry.topic,
        "pubSubName": entry.name,
        **_times(profile, entry),
        "delayedTime": entry.delayed_ms,
        "parentEventId": entry.parent_id,
        profile.descendants_field: entry.descendants.name,
    }


def _cih(profile: Profile, entry: Entry) -> dict[str, Any]:
    return {
        "eventId": entry.id,
        **_times(profile, entry),
        "parentEventId": entry.parent_id,
        profile.kind_field: _kind(profile, entry.kind),
        profile.status_field: label(entry.status),
        profile.descendants_field: entry.descendants.name,
        "applicationName": entry.application,
        "pubSubName": entry.name,
        "topicName": entry.topic,
        "sourceSuccessCount": entry.counts.source_success,
        "sourceFailedCount": entry.counts.source_failed,
        "targetSuccessCount": entry.counts.target_success,
        "targetFailedCount": entry.counts.target_failed,
        "runId": entry.run_id,
    }


def _times(profile: Profile, entry: Entry) -> Mapping[str, Any]:
    end = None if entry.completed_at is None else format_millis(entry.completed_at)
    return {profile.start_field: format_millis(entry.created_at), profile.end_field: end}


def _kind(profile: Profile, kind: Kind) -> str:
    return kind.name if profile.kind_as_enum else label(kind)


def history_shown(entry_id: EntryId, history: Sequence[HistoryLine]) -> list[dict[str, Any]]:
    """The status changes of an event, oldest first."""
    return [
        {
            "eventId": entry_id,
            "timeStamp": format_millis(line.at),
            "eventStatusName": label(line.status),
            "comments": line.comment,
        }
        for line in history
    ]
