"""The life of a connection as a table: in which state what may happen, and where it leads.

What does not stand here is an error of the client (504), or of our own code. What is said when a step is taken is in
``connection.py``.
"""

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """Where a connection is. In the three marked *decision* nothing is read until the gateway has answered."""

    NEW = "new"
    STARTED = "started"
    AUTHENTICATING = "authenticating"
    """Decision: who is it?"""
    TUNING = "tuning"
    TUNED = "tuned"
    OPENING = "opening"
    """Decision: may they use this virtual host?"""
    RUNNING = "running"
    LEAVING = "leaving"
    """Decision: the client said goodbye; is all of its done away with?"""
    CLOSING = "closing"
    """We closed; everything is ignored but the goodbye."""
    CLOSED = "closed"


class Trigger(StrEnum):
    """What can happen: the client's methods by their names, then what we do."""

    HEADER = "protocol header"
    OTHER_HEADER = "other header"
    START_OK = "connection.start-ok"
    TUNE_OK = "connection.tune-ok"
    OPEN = "connection.open"
    UPDATE_SECRET = "connection.update-secret"
    CLOSE = "connection.close"
    CLOSE_OK = "connection.close-ok"
    LOGIN_ACCEPTED = "login accepted"
    OPEN_ACCEPTED = "open accepted"
    GONE = "client let go"
    FAILED = "connection closed by us"
    ABANDONED = "connection dropped by us"


_CONVERSING = (State.STARTED, State.TUNING, State.TUNED, State.RUNNING)

TRANSITIONS: Mapping[tuple[State, Trigger], State] = {
    (State.NEW, Trigger.HEADER): State.STARTED,
    (State.NEW, Trigger.OTHER_HEADER): State.CLOSED,
    (State.STARTED, Trigger.START_OK): State.AUTHENTICATING,
    (State.AUTHENTICATING, Trigger.LOGIN_ACCEPTED): State.TUNING,
    (State.TUNING, Trigger.TUNE_OK): State.TUNED,
    (State.TUNED, Trigger.OPEN): State.OPENING,
    (State.OPENING, Trigger.OPEN_ACCEPTED): State.RUNNING,
    (State.RUNNING, Trigger.UPDATE_SECRET): State.RUNNING,
    **{(state, Trigger.CLOSE): State.LEAVING for state in _CONVERSING},
    (State.LEAVING, Trigger.GONE): State.CLOSED,
    **{(state, Trigger.FAILED): State.CLOSING for state in (*_CONVERSING, State.AUTHENTICATING, State.OPENING)},
    (State.CLOSING, Trigger.CLOSE): State.CLOSING,
    (State.CLOSING, Trigger.CLOSE_OK): State.CLOSED,
    **{(state, Trigger.ABANDONED): State.CLOSED for state in State if state is not State.CLOSED},
}

LISTENING = frozenset({State.NEW, *_CONVERSING, State.CLOSING})
"""States in which what comes in is read."""
