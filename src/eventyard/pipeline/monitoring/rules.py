"""Rules: making, changing and removing what the operator wants to be told of or have done.

A rule that tells a target does so through a subscription of its own, to the events that rules publish on the exchange
of their project (``tidings.py``): so what it tells is on record, signed, and tried again as every delivery is. The
subscription comes, changes and goes with the rule, in the same transaction.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from eventyard.model.access import Principal, Scope
from eventyard.model.addresses import check_addresses
from eventyard.model.catalog import Application, Project, Record, Source, Subscription, Target, Topic
from eventyard.model.errors import Forbidden, NotFound
from eventyard.model.ids import Millis
from eventyard.model.reserved import exchange_of
from eventyard.model.rules import Rule
from eventyard.pipeline.catalog import Catalog, in_turn
from eventyard.pipeline.monitoring.tidings import key_of
from eventyard.pipeline.projects import changed_fields
from eventyard.pipeline.publish import Publishing
from eventyard.pipeline.subscriptions import free_name
from eventyard.pipeline.view import View
from eventyard.ports import Clock


class Rules:
    """What an operator does with rules."""

    def __init__(self, catalog: Catalog, publishing: Publishing, clock: Clock, new_id: Callable[[], str]) -> None:
        self._catalog = catalog
        self._publishing = publishing
        self._clock = clock
        self._new_id = new_id

    async def create(self, who: Principal, project_id: str | None, name: str, fields: Mapping[str, Any]) -> Rule:
        """A new rule with these fields of :class:`Rule`. Sources and the target may be given by their names.

        Raises ``NotFound``, ``Conflict`` (``duplicate``), ``Invalid`` (``invalid_rule``, ``invalid_body``), and
        ``Forbidden`` for a rule that does what its maker may not.
        """
        project = View(self._catalog, who).need(Scope.CATALOG_WRITE).writable(project_id)
        await self._open(project, fields)
        return await self._create(who, project, name, fields)

    async def change(self, who: Principal, rule_id: str, changes: Mapping[str, Any]) -> Rule:
        """Change any fields of a rule. Raises what :meth:`create` raises."""
        rule = View(self._catalog, who).need(Scope.CATALOG_WRITE).get(Rule, rule_id)
        fields = changed_fields(changes)
        await self._open(self._catalog.get(Project, rule.project_id), fields)
        return await self._change(who, rule_id, fields)

    async def _open(self, project: Project, fields: Mapping[str, Any]) -> None:
        """Have an exchange to tell targets by. It is made in a turn of its own."""
        if fields.get("target_id") is not None:
            await self._publishing.door(project, exchange_of(project))

    @in_turn
    async def _create(self, who: Principal, project: Project, name: str, fields: Mapping[str, Any]) -> Rule:
        now = self._clock()
        return await self._save(self._with(who, Rule(self._new_id(), project.id, name, now, now), fields))

    @in_turn
    async def _change(self, who: Principal, rule_id: str, fields: Mapping[str, Any]) -> Rule:
        rule = View(self._catalog, who).get(Rule, rule_id)
        return await self._save(self._with(who, rule, {**fields, "updated_at": self._clock()}))

    @in_turn
    async def remove(self, who: Principal, rule_id: str) -> None:
        """Remove a rule, and the subscription through which it tells its target."""
        rule = View(self._catalog, who).need(Scope.CATALOG_WRITE).get(Rule, rule_id)
        way = self._catalog.seek(Subscription, rule.subscription_id)
        await self._catalog.remove(*([] if way is None else [way]), rule)

    @in_turn
    async def reached(self, rule_id: str, moment: Millis) -> None:
        """Keep up to when a rule has looked; of one that is gone, nothing is kept."""
        rule = self._catalog.seek(Rule, rule_id)
        if rule is not None:
            await self._catalog.save(msgspec.structs.replace(rule, reached=moment))

    def _with(self, who: Principal, rule: Rule, fields: Mapping[str, Any]) -> Rule:
        """The rule with these fields, checked."""
        view, project = View(self._catalog, who), self._catalog.get(Project, rule.project_id)
        given: dict[str, Any] = {name: tuple(of) if isinstance(of, list) else of for name, of in fields.items()}
        if "source_ids" in given:
            given["source_ids"] = tuple(
                view.named(Source, project, one, at=f"/source_ids/{place}").id
                for place, one in enumerate(given["source_ids"])
            )
        if "subscription_ids" in given:
            given["subscription_ids"] = tuple(
                view.named(Subscription, project, one, at=f"/subscription_ids/{place}").id
                for place, one in enumerate(given["subscription_ids"])
            )
        if given.get("target_id") is not None:
            given["target_id"] = view.named(Target, project, given["target_id"], at="/target_id").id
        check_addresses(given.get("mail_to", ()), at="/mail_to")
        changed = msgspec.structs.replace(rule, **given)
        changed.check()
        if not view.shows(changed):
            raise Forbidden(
                "forbidden", "who may see some categories only names what a rule watches, and sees all of it"
            )  # fmt: skip
        if changed.discard:
            view.need(Scope.EVENTS_MANAGE)
        return changed

    async def _save(self, rule: Rule) -> Rule:
        """Save a rule with the way to its target."""
        way = self._catalog.seek(Subscription, rule.subscription_id)
        saved: list[Record] = [rule]
        removed: Sequence[Record] = ()
        if rule.target_id is not None:
            saved.append(self._way(rule, self._catalog.get(Target, rule.target_id), way))
        elif way is not None:
            removed = (way,)
        await self._catalog.change(saved, removed)
        return rule

    def _way(self, rule: Rule, target: Target, way: Subscription | None) -> Subscription:
        """The subscription through which a rule tells its target."""
        project = self._catalog.get(Project, rule.project_id)
        topic = self._catalog.named(Topic, project.id, exchange_of(project))
        if topic is None:
            raise NotFound("not_found", f"project {project.name!r} is gone")
        owner = next(one for one in self._catalog.all(Application) if one.project_id == project.id)
        made = Subscription(
            id=rule.subscription_id,
            project_id=project.id,
            application_id=owner.id,
            name=free_name(self._catalog, project, f"rule {rule.name}", way),
            topic_ids=(topic.id,),
            target_type=target.type,
            target_id=target.id,
            created_at=self._clock(),
            updated_at=self._clock(),
            description="Made for what a monitoring rule tells.",
            pattern=key_of(rule),
        )
        if way is None:
            return made
        return msgspec.structs.replace(way, name=made.name, target_type=made.target_type, target_id=made.target_id)
