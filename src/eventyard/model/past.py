"""What another system did before the hub took over from it: events with their deliveries, as they ended there.

It is history from the first moment on. Nothing of it is due, no stream brings it, and no replay takes it up; it is
found, shown and, delivery by delivery, retried like everything else that is on record.
"""

from msgspec import Struct

from eventyard.model.catalog import Application, Project, Source, Subscription, Target
from eventyard.model.event import Event
from eventyard.model.journal import HistoryLine
from eventyard.model.outcome import Attempt


class PastDelivery(Struct, frozen=True):
    """One delivery. ``history`` begins with the moment it was made at and ends with a final status.

    ``application`` is the subscription's.
    """

    application: Application
    subscription: Subscription
    target: Target
    history: tuple[HistoryLine, ...]
    attempts: tuple[Attempt, ...] = ()


class Past(Struct, frozen=True):
    """An event and what became of it. ``history`` begins with the moment it was received at; its last status is final.

    ``key`` is its name in that other system: what was taken over under a key once is not taken over again.
    A record whose ``number`` is 0 is in no catalog any more, and is only remembered by its name.
    """

    key: str
    event: Event
    project: Project
    application: Application
    source: Source
    history: tuple[HistoryLine, ...]
    deliveries: tuple[PastDelivery, ...] = ()
