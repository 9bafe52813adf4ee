"""Small builders of records and events, so that a test states only what it is about.

Every builder takes the interesting fields by keyword and fills in the rest; ids follow from names
(``source("orders").id == "source-orders"``) and every moment is :data:`NOW` unless given. Nothing here is random and
nothing is shared between calls. :class:`Scene` is one of everything, tied together: what most tests begin with.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from eventyard.model.access import Scope
from eventyard.model.catalog import (
    ApiKey,
    Application,
    Organization,
    Project,
    Record,
    Source,
    Subscription,
    Target,
    Topic,
    TopicSchema,
    User,
)
from eventyard.model.event import Event
from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import HistoryLine, Idempotency, NewDelivery, NewPublication, Recording
from eventyard.model.lifecycle import Status
from eventyard.model.mail import Mail
from eventyard.model.outcome import Attempt, Outcome, Result
from eventyard.model.past import Past, PastDelivery
from eventyard.model.rules import Rule
from eventyard.model.streams import Queue
from eventyard.ports import Store

NOW: Millis = 1_767_323_045_678
"""The moment at which tests happen: 2026-01-02T03:04:05.678Z."""


Made = TypeVar("Made")


def _made(make: Callable[..., Made], defaults: dict[str, Any], fields: dict[str, Any]) -> Made:
    return make(**(defaults | fields))


def organization(name: str = "default", **fields: Any) -> Organization:
    """An organization."""
    return _made(Organization, {"id": f"organization-{name}", "name": name, "created_at": NOW}, fields)


def project(name: str = "default", **fields: Any) -> Project:
    """A project of the organization ``organization-default``."""
    return _made(Project, _named("project", name) | {"organization_id": "organization-default"}, fields)


def application(name: str = "default", **fields: Any) -> Application:
    """An application of ``project-default``."""
    return _made(Application, _named("application", name) | _in_project(), fields)


def topic(name: str = "orders", **fields: Any) -> Topic:
    """A topic of ``project-default``, without schema."""
    return _made(Topic, _named("topic", name) | _in_project(), fields)


def topic_schema(schema: Any, version: int = 1, **fields: Any) -> TopicSchema:
    """One schema version of ``topic-orders``."""
    defaults = {"topic_id": "topic-orders", "version": version, "schema": schema, "created_at": NOW}
    return _made(TopicSchema, defaults, fields)


def source(name: str = "shop", **fields: Any) -> Source:
    """A source of ``application-default`` into ``topic-orders``, which proves nobody (scheme ``none``)."""
    defaults = _named("source", name) | _in_project() | _in_application() | {"topic_id": "topic-orders"}
    return _made(Source, defaults, fields)


def target(name: str = "receiver", **fields: Any) -> Target:
    """A webhook target."""
    defaults = _named("target", name) | _in_project()
    defaults |= {"type": "webhook", "settings": {"url": "https://receiver.example/hook"}}
    return _made(Target, defaults, fields)


def subscription(name: str = "fulfilment", **fields: Any) -> Subscription:
    """A subscription to everything of ``topic-orders``, driving ``target-receiver``."""
    defaults = _named("subscription", name) | _in_project() | _in_application()
    defaults |= {"topic_ids": ("topic-orders",), "target_type": "webhook", "target_id": "target-receiver"}
    return _made(Subscription, defaults, fields)


def rule(name: str = "failures", **fields: Any) -> Rule:
    """A rule that tells ``ops@example.com`` of every delivery that fails."""
    defaults = _named("rule", name) | _in_project()
    return _made(Rule, defaults | {"all_subscriptions": True, "mail_to": ("ops@example.com",)}, fields)


def api_key(name: str = "ci", **fields: Any) -> ApiKey:
    """An administrator's key whose digest is made up."""
    defaults = {
        "id": f"key-{name}",
        "organization_id": "organization-default",
        "name": name,
        "digest": f"digest-of-{name}",
        "hint": "…abcd",
        "scopes": (Scope.ADMIN,),
        "created_at": NOW,
    }
    return _made(ApiKey, defaults, fields)


def user(name: str = "admin", **fields: Any) -> User:
    """An administrator whose password hash is made up."""
    defaults = {
        "id": f"user-{name}",
        "organization_id": "organization-default",
        "name": name,
        "password_hash": "$argon2id$made-up",
        "scopes": (Scope.ADMIN,),
        "created_at": NOW,
    }
    return _made(User, defaults, fields)


def queue(name: str = "inbox", **fields: Any) -> Queue:
    """A durable queue of ``project-default`` to which nothing is bound."""
    defaults = {"id": f"queue-{name}", "name": name, "created_at": NOW} | _in_project()
    return _made(Queue, defaults, fields)


def event(data: bytes = b'{"order": 1}', **fields: Any) -> Event:
    """An event of type ``order.created``."""
    defaults = {"id": "event-1", "source": "/shop", "type": "order.created", "time": NOW, "data": data}
    defaults |= {"routing_key": fields.get("type", "order.created")}
    return _made(Event, defaults, fields)


def mail(**fields: Any) -> Mail:
    """A mail to ``ops@example.com``."""
    defaults = {"id": "mail-1", "at": NOW, "to": ("ops@example.com",), "subject": "Delivery failed"}
    defaults |= {"text": "Something failed.\n", "html": "<p>Something failed.</p>\n"}
    return _made(Mail, defaults, fields)


def delivery(subscription: Subscription, target: Target, **fields: Any) -> NewDelivery:
    """A delivery due at once, which nobody has leased."""
    defaults = {"subscription": subscription, "target": target, "status": Status.PROCESSING, "due_at": NOW}
    return _made(NewDelivery, defaults, fields)


def idempotency(key: str = "key-1", expires_at: Millis = NOW + 3_600_000, **fields: Any) -> Idempotency:
    """A promise for an hour."""
    return _made(Idempotency, {"key": key, "expires_at": expires_at}, fields)


def line(status: Status, comment: str = "", *, at: Millis = NOW, actor: str | None = None) -> HistoryLine:
    """A history line."""
    return HistoryLine(at, status, comment, actor)


def outcome(result: Result = Result.DELIVERED, **fields: Any) -> Outcome:
    """The end of an attempt: delivered with 200, or whatever is given."""
    defaults = {"result": result} | ({"status_code": 200} if result is Result.DELIVERED else {})
    return _made(Outcome, defaults, fields)


def attempt(number: int = 1, result: Result = Result.DELIVERED, *, started_at: Millis = NOW, **fields: Any) -> Attempt:
    """An attempt that took 12.5 ms; ``fields`` are those of its outcome."""
    return Attempt(number, started_at, 12.5, outcome(result, **fields))


def delivered(entry_id: int, publication_id: int, *, number: int = 1, at: Millis = NOW) -> Recording:
    """The recording of a successful attempt."""
    return Recording(
        EntryId(entry_id), EntryId(publication_id), attempt(number, started_at=at), line(Status.COMPLETE, at=at)
    )


def failed(
    entry_id: int, publication_id: int, *, number: int = 1, at: Millis = NOW, again_at: Millis | None = None
) -> Recording:
    """The recording of a failed attempt: the last one, or with another due at ``again_at``."""
    last = line(Status.ERROR, "gave up", at=at) if again_at is None else None
    made = attempt(number, Result.FAILED, started_at=at, status_code=500, error="500 Internal Server Error")
    return Recording(EntryId(entry_id), EntryId(publication_id), made, last, again_at)


class Scene(Struct, frozen=True):
    """One of everything, tied together. :func:`scene` gives it numbers 1 to 6; :func:`saved` those of a store."""

    organization: Organization
    project: Project
    application: Application
    topic: Topic
    source: Source
    target: Target
    subscription: Subscription

    @property
    def records(self) -> tuple[Record, ...]:
        """All of it, in an order in which it can be saved."""
        return (
            self.organization, self.project, self.application, self.topic, self.source, self.target, self.subscription,
        )  # fmt: skip

    def delivery(self, **fields: Any) -> NewDelivery:
        """A delivery for the scene's subscription to its target."""
        return delivery(**({"subscription": self.subscription, "target": self.target} | fields))

    def publication(
        self, event: Event | None = None, deliveries: Sequence[NewDelivery] = (), **fields: Any
    ) -> NewPublication:
        """An accepted event of the scene's source."""
        defaults = {
            "event": event or _event(),
            "source": self.source,
            "project_number": self.project.number,
            "application_number": self.application.number,
            "topic_number": self.topic.number,
            "received_at": NOW,
            "deliveries": tuple(deliveries),
        }
        return _made(NewPublication, defaults, fields)

    def past(
        self, key: str, event: Event | None = None, deliveries: Sequence[PastDelivery] = (), *, at: Millis = NOW
    ) -> Past:
        """An event that the scene's source has sent somewhere else; without one, at that moment."""
        event = event or _event(id=f"old-{key}", time=at)
        history = (line(Status.COMPLETE, "taken over", at=event.time),)
        return Past(key, event, self.project, self.application, self.source, history, tuple(deliveries))

    def past_delivery(
        self, history: Sequence[HistoryLine] = (), attempts: Sequence[Attempt] = (), **fields: Any
    ) -> PastDelivery:
        """A delivery of it to the scene's target, complete at once unless its history tells otherwise."""
        records = {"application": self.application, "subscription": self.subscription, "target": self.target}
        lines = tuple(history) or (line(Status.COMPLETE),)
        return PastDelivery(**(records | fields), history=lines, attempts=tuple(attempts))


def scene(project_name: str = "default") -> Scene:
    """A scene in a project of that name, with made-up numbers from 1 to 6."""
    at = f"project-{project_name}"
    suffix = "" if project_name == "default" else f"-{project_name}"
    app, topic_, source_, target_ = (f"{kind}{suffix}" for kind in ("default", "orders", "shop", "receiver"))
    made_application = application(app, project_id=at, number=2)
    made_topic = topic(topic_, project_id=at, number=3)
    made_target = target(target_, project_id=at, number=5)
    owner = {"project_id": at, "application_id": made_application.id}
    return Scene(
        organization=organization(),
        project=project(project_name, id=at, number=1),
        application=made_application,
        topic=made_topic,
        source=source(source_, topic_id=made_topic.id, number=4, **owner),
        target=made_target,
        subscription=subscription(
            f"fulfilment{suffix}", topic_ids=(made_topic.id,), target_id=made_target.id, number=6, **owner
        ),
    )


async def saved(store: Store, made: Scene | None = None) -> Scene:
    """A scene saved in a store, with the numbers the store gave."""
    made = made or scene()
    names = Scene.__struct_fields__
    return replace(made, **dict(zip(names, await store.save(made.records), strict=True)))


def publication(deliveries: Sequence[NewDelivery] = (), **fields: Any) -> NewPublication:
    """An accepted event of the scene with made-up numbers."""
    return scene().publication(deliveries=deliveries, **fields)


_event = event


def _named(kind: str, name: str) -> dict[str, Any]:
    return {"id": f"{kind}-{name}", "name": name, "created_at": NOW, "updated_at": NOW}


def _in_project() -> dict[str, Any]:
    return {"project_id": "project-default"}


def _in_application() -> dict[str, Any]:
    return {"application_id": "application-default"}
