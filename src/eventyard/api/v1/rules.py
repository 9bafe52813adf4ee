"""``/v1/rules``: whom to tell, and what to do, when entries end in certain statuses or are stuck."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Response
from msgspec import Meta, Struct
from pydantic import Field, WithJsonSchema

from eventyard.api.paging import FIRST_PAGE
from eventyard.api.v1.answers import Id, Time, done, reply, shows, silent, time_of
from eventyard.api.v1.bodies import Body, Change, Description, Name, ProjectRef, Ref, unset
from eventyard.api.v1.call import Asked, Cursor, InProject, Limit
from eventyard.api.v1.criteria import KindWord, StatusWord, members_of
from eventyard.api.v1.entries import KINDS, STATUSES
from eventyard.api.v1.subscriptions import MailTo
from eventyard.model import rules
from eventyard.model.rules import INTERVAL_MS, STUCK_LEAST, STUCK_MOST

router = APIRouter(prefix="/v1/rules", tags=["Rules"])

MOST_WATCHED = 1000
"""Sources, and subscriptions, that a rule can name."""

LONGEST_TRIAL = 31 * 24
"""Hours that a trial can look back."""


class Rule(Struct):
    """A monitoring rule."""

    id: Id
    project_id: Id
    name: str
    description: str
    enabled: bool
    all_sources: bool
    all_subscriptions: bool
    source_ids: list[str]
    subscription_ids: list[str]
    kinds: Annotated[list[str], Meta(description="Of entries it speaks of; none: any.")]
    statuses: list[str]
    stuck_ms: Annotated[int | None, Meta(description="How long an entry has been in the status; null: it ended so.")]
    mail_to: list[str]
    target_id: str | None
    act: rules.Act | None
    discard: bool
    interval_ms: Annotated[int, Meta(description="Between two messages.")]
    created_at: Time
    updated_at: Time


class Trial(Struct):
    """What a rule would have spoken of."""

    matched: int
    looked_at: Annotated[int, Meta(description="Entries that were looked at, the newest first.")]
    complete: Annotated[bool, Meta(description="False when there were more than a trial looks at.")]
    newest: Annotated[list[int], Meta(description="The newest of those that matched, by their journal ids.")]


All = Annotated[bool, Field(description="Also those that are made later.")]
Sources = Annotated[list[Ref], Field(max_length=MOST_WATCHED, description="Whose publications; by id or name.")]
Subscriptions = Annotated[list[Ref], Field(max_length=MOST_WATCHED, description="Whose deliveries; by id or name.")]
Kinds = Annotated[list[KindWord], Field(max_length=len(KINDS), description="Of entries; none: any.")]
Statuses = Annotated[
    list[StatusWord],
    Field(
        max_length=len(STATUSES),
        description="Final ones; with stuck_ms those that are not.",
        examples=[["error"]],
    ),
]
StuckMs = Annotated[
    int | None,
    Field(
        ge=STUCK_LEAST,
        le=STUCK_MOST,
        description="For how long an entry stays in one of the statuses: 1 minute to 7 days, 23 hours and 55 minutes; "
        "null: the rule speaks of entries that end.",
    ),
]
Target = Annotated[
    Ref | None, Field(description="Target, by id or name, that is sent an event of the type eventyard.rule.told.")
]
Act = Annotated[
    rules.Act | None,
    Field(strict=False, description="Done to the subscription, or source, of the entry; sources are not paused."),
    WithJsonSchema({"anyOf": [{"enum": [act.value for act in rules.Act]}, {"type": "null"}]}),
]
Discard = Annotated[bool, Field(description="Discard the entry. Needs the scope events:manage.")]
IntervalMs = Annotated[
    int,
    Field(
        ge=1000,
        le=86_400_000,
        description="After a message, how long what it speaks of is gathered for the next.",
    ),
]


class NewRule(Body):
    """A rule to be made."""

    name: Name
    project_id: ProjectRef = None
    description: Description = ""
    enabled: bool = True
    all_sources: All = False
    all_subscriptions: All = False
    source_ids: Sources = Field(default_factory=list)
    subscription_ids: Subscriptions = Field(default_factory=list)
    kinds: Kinds = Field(default_factory=list)
    statuses: Statuses = Field(default=["error"])
    stuck_ms: StuckMs = None
    mail_to: MailTo = Field(default_factory=list)
    target_id: Target = None
    act: Act = None
    discard: Discard = False
    interval_ms: IntervalMs = INTERVAL_MS


class RuleChange(Change):
    """What to change of a rule."""

    name: Name = unset()
    description: Description = unset()
    enabled: bool = unset()
    all_sources: All = unset()
    all_subscriptions: All = unset()
    source_ids: Sources = unset()
    subscription_ids: Subscriptions = unset()
    kinds: Kinds = unset()
    statuses: Statuses = unset()
    stuck_ms: StuckMs = unset()
    mail_to: MailTo = unset()
    target_id: Target = unset()
    act: Act = unset()
    discard: Discard = unset()
    interval_ms: IntervalMs = unset()


class Trying(Body):
    """How far a trial looks back."""

    hours: Annotated[int, Field(ge=1, le=LONGEST_TRIAL)] = 24


def shown(rule: rules.Rule) -> Rule:
    """A rule as answers have it."""
    return Rule(
        id=rule.id,
        project_id=rule.project_id,
        name=rule.name,
        description=rule.description,
        enabled=rule.enabled,
        all_sources=rule.all_sources,
        all_subscriptions=rule.all_subscriptions,
        source_ids=list(rule.source_ids),
        subscription_ids=list(rule.subscription_ids),
        kinds=[kind.name.lower() for kind in rule.kinds],
        statuses=[status.name.lower() for status in rule.statuses],
        stuck_ms=rule.stuck_ms,
        mail_to=list(rule.mail_to),
        target_id=rule.target_id,
        act=rule.act,
        discard=rule.discard,
        interval_ms=rule.interval_ms,
        created_at=time_of(rule.created_at),
        updated_at=time_of(rule.updated_at),
    )


def fields_of(given: dict[str, Any]) -> dict[str, Any]:
    """The fields of a rule that a body gives, in the words of the model."""
    words: Mapping[str, Mapping[str, Any]] = {"kinds": KINDS, "statuses": STATUSES}
    return {
        name: members_of(value, words[name], f"/{name}") if name in words and value else value
        for name, value in given.items()
    }


@router.get("", operation_id="list_rules", summary="List rules", **shows(list[Rule], "Newest first.", paged=True))
async def list_rules(
    call: Asked, project_id: InProject = None, limit: Limit = FIRST_PAGE, cursor: Cursor = None
) -> Response:
    """The rules of a project."""
    found = call.listed(rules.Rule, project_id)
    return call.page(found, shown, limit, cursor, mark=lambda rule: rule.id)


@router.post("", operation_id="create_rule", summary="Make a rule", **shows(Rule, "The new rule.", 201))
async def create_rule(call: Asked, body: NewRule) -> Response:
    """A rule that watches sources and subscriptions: chosen ones, or all there are and will be."""
    fields = fields_of(body.model_dump(exclude={"name", "project_id"}))
    made = await call.hub.monitoring.rules.create(call.who, body.project_id, body.name, fields)
    return reply(shown(made), 201)


@router.get("/{rule_id}", operation_id="get_rule", summary="Show a rule", **shows(Rule, "The rule."))
async def get_rule(call: Asked, rule_id: str) -> Response:
    """One rule."""
    return reply(shown(call.reads().get(rules.Rule, rule_id)))


@router.patch("/{rule_id}", operation_id="change_rule", summary="Change a rule", **shows(Rule, "The rule."))
async def change_rule(call: Asked, rule_id: str, body: RuleChange) -> Response:
    """Change what is named. It counts from now on; a rule on stuck entries looks at those there are."""
    return reply(shown(await call.hub.monitoring.rules.change(call.who, rule_id, fields_of(body.given()))))


@router.delete("/{rule_id}", operation_id="delete_rule", summary="Delete a rule", **silent("It is gone."))
async def delete_rule(call: Asked, rule_id: str) -> Response:
    """Delete a rule. What it did stays on record."""
    await call.hub.monitoring.rules.remove(call.who, rule_id)
    return done()


@router.post("/{rule_id}/test", operation_id="test_rule", summary="Try a rule", **shows(Trial, "What would match."))
async def test_rule(call: Asked, rule_id: str, body: Trying | None = None) -> Response:
    """What the rule would have spoken of, had it been there in the last hours. Nobody is told and nothing is done."""
    tried = await call.hub.monitoring.trials.of(call.who, rule_id, (body or Trying()).hours)
    return reply(Trial(tried.matched, tried.looked_at, tried.complete, list(tried.newest)))
