"""The names that are the hub's own: of the topics it makes itself, as exchanges for the clients of its streams.

``project.{id}`` carries what happens to a project's entities and ``application.{id}`` what concerns an application;
names with ``amq.`` are those of AMQP 0-9-1 (section 3.1.3). Nobody else makes, changes or removes anything under such a
name. Into each such topic, and into any that a client of AMQP declares, there is a source of the scheme
:data:`INTERNAL`, which lets nobody in from outside. Making them is the business of ``pipeline/publish.py``.
"""

from typing import Any

from eventyard.model.catalog import Application, Project, Source, Subscription, Topic
from eventyard.model.errors import Forbidden
from eventyard.model.rules import MADE_BY_RULE

INTERNAL = "internal"
"""The scheme of the sources through which the hub itself publishes, and the clients of its streams."""

RESERVED = PROJECT, APPLICATION, AMQ = "project.", "application.", "amq."
"""How these names begin."""

UNTOLD = frozenset({"amqpproperties", "amqpexpiration"})
"""Extension attributes in which the streams keep what they alone have a use for; no CloudEvent goes out with them."""

CAUSE_ID, CAUSE_ENTRY, CAUSE_DEPTH, CAUSE_PATH = "causeid", "causeentry", "causedepth", "causepath"
"""Extension attributes of an event that a target's answer became: the id of the event that was delivered, the number
of the delivery, how many answers led here, and the numbers of the sources gone through, the event's own last."""

ATTRIBUTES = UNTOLD | {"deaths", CAUSE_ID, CAUSE_ENTRY, CAUSE_DEPTH, CAUSE_PATH}
"""Extension attributes that the hub gives to events itself. Nobody else may."""


def is_reserved(name: str) -> bool:
    """Whether a name is kept for the hub's own topics and sources."""
    return name.startswith(RESERVED)


def need_free(name: str) -> None:
    """Raise ``Forbidden`` (``reserved_name``) for a name that nobody but the hub may give."""
    if is_reserved(name):
        raise Forbidden(
            "reserved_name",
            f"the name {name!r} is the hub's own",
            pointer="/name",
            hint=f"choose a name that does not begin with {PROJECT}, {APPLICATION} or {AMQ}",
        )


def need_not_ours(record: Topic | Source) -> None:
    """Raise ``Forbidden`` (``reserved_name``) for a topic or source that the hub keeps itself."""
    if is_reserved(record.name):
        what = type(record).__name__.lower()
        raise Forbidden("reserved_name", f"{what} {record.name!r} is the hub's own, and stays as it is")


def is_hub_made(record: Any) -> bool:
    """Whether the hub made this record by itself: nobody is told of it, and it goes with what it was made for."""
    if isinstance(record, Source):
        return record.scheme == INTERNAL
    if isinstance(record, Subscription):
        return record.id.startswith(MADE_BY_RULE)
    return isinstance(record, Topic) and is_reserved(record.name)


def exchange_of(record: Project | Application) -> str:
    """The name of the topic that tells of a project or an application."""
    return (PROJECT if isinstance(record, Project) else APPLICATION) + record.id
