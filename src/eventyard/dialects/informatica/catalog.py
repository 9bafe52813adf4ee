"""``GET catalog/topics``: what may be subscribed to: topics with their publications and subscriptions.

What the caller may not see is not there, nor are the topics in which the hub tells of itself.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import APIRouter, Response

from eventyard.dialects.informatica.answers import InformaticaRoute, answer
from eventyard.dialects.informatica.call import Calling
from eventyard.dialects.informatica.profiles import Profile
from eventyard.dialects.informatica.shapes import topics_of
from eventyard.dialects.informatica.tables import tables_in
from eventyard.model.access import Scope
from eventyard.model.catalog import Application, Project, Source, Subscription, Target, Topic
from eventyard.model.reserved import is_reserved
from eventyard.pipeline.view import View

API = "API"
"""How what is published comes."""


def catalog_router(profile: Profile) -> APIRouter:
    """The list of topics."""
    router = APIRouter(tags=["Catalog"], route_class=InformaticaRoute)

    @router.get(
        "/catalog/topics",
        operation_id=f"{profile.name.lower()}_list_topics",
        summary="List topics with their publications and subscriptions",
        responses={200: topics_of()},
    )
    async def topics(call: Calling) -> Response:
        """In the order they were made in, project by project."""
        view = View(call.hub.catalog, call.who).need(Scope.CATALOG_READ)
        return answer([topic for project in view.projects() for topic in _topics(view, profile, project)])

    return router


def _topics(view: View, profile: Profile, project: Project) -> Iterator[dict[str, Any]]:
    sources, subscriptions = defaultdict(list), defaultdict(list)
    for source in reversed(view.list(Source, project)):
        sources[source.topic_id].append(source)
    for subscription in reversed(view.list(Subscription, project)):
        for topic_id in subscription.topic_ids:
            subscriptions[topic_id].append(subscription)
    targets = {target.id: target.name for target in view.list(Target, project)}
    for topic in reversed(view.list(Topic, project)):
        if not is_reserved(topic.name):
            yield {
                "topicName": topic.name,
                "topicDesc": topic.description,
                "topicType": profile.topic_type,
                "topicTables": tables_in(view.catalog.topic_schema(topic)),
                "publications": list(_publications(view, sources[topic.id])),
                "subscriptions": list(_subscriptions(view, subscriptions[topic.id], targets)),
            }


def _publications(view: View, sources: Iterable[Source]) -> Iterator[dict[str, Any]]:
    for source in sources:
        yield {
            "publicationName": source.name,
            "publicationDesc": source.description,
            "applicationName": view.catalog.get(Application, source.application_id).name,
            "publicationSourceType": API,
        }


def _subscriptions(
    view: View, subscriptions: Iterable[Subscription], targets: dict[str, str]
) -> Iterator[dict[str, Any]]:
    for one in subscriptions:
        connection = targets.get(one.target_id)
        yield {
            "subscriptionName": one.name,
            "subscriptionDesc": one.description,
            "applicationName": view.catalog.get(Application, one.application_id).name,
            "subscriptionTargetType": one.target_type,
            **({} if connection is None else {"subscriptionConnectionName": connection}),
        }
