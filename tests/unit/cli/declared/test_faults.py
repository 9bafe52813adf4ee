import pytest

from eventyard.cli.declared.documents import Declared, Place, Wanted
from eventyard.cli.declared.faults import check
from eventyard.cli.declared.plan import plan
from eventyard.cli.declared.state import State
from eventyard.cli.failure import Failure
from tests.unit.cli.declared.conftest import furnish
from tests.unit.cli.stub import StubHub

URL = {"name": "url", "title": "URL", "help": "Where to send.", "schema": {"type": "string"}, "required": True}
METHOD = {"name": "method", "title": "Method", "help": "POST or PUT.", "schema": {"enum": ["POST", "PUT"]}}
HEADER = {"name": "header", "title": "Header", "help": "Its name.", "schema": {"type": "string"}}
PLAIN = {"required": False, "secret": False, "default": None, "example": None}


@pytest.fixture
def furnished() -> StubHub:
    with StubHub() as hub:
        furnish(hub)
        webhook = {"type": "webhook", "settings": [{**PLAIN, **URL}, {**PLAIN, **METHOD}]}
        hub.answers("GET", "/v1/target-types", [webhook, {"type": "job", "settings": []}])
        schemes = [{"scheme": "none", "settings": []}, {"scheme": "hmac", "settings": [{**PLAIN, **HEADER}]}]
        hub.answers("GET", "/v1/schemes", schemes)
        yield hub


def checked(remote, kind, **fields):
    state = State(remote)
    wider = {**state.fields, kind: state.fields[kind]._replace(new=state.fields[kind].new | fields.keys())}
    wider[kind] = wider[kind]._replace(changed=wider[kind].changed | fields.keys())
    wanted = Wanted([Declared(kind, fields, Place("hub.yaml", 1, f"/{kind}/0"))], frozenset({kind}))
    check(plan(wanted, state.has, wider), state.has, remote)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("topics", {"name": "new", "schema": {"type": "object"}}),
        ("topics", {"name": "orders", "schema": None}),
        ("sources", {"name": "new", "scheme": "hmac", "settings": {"header": "x-sign"}}),
        ("sources", {"name": "new"}),
        ("sources", {"name": "door", "scheme": "none", "secret": "other"}),
        ("targets", {"name": "new", "type": "webhook", "settings": {"url": "u", "method": "PUT"}}),
        ("targets", {"name": "new", "type": "job"}),
        ("targets", {"name": "stock", "settings": {"method": "PUT"}}),
        ("subscriptions", {"name": "new", "pattern": "a.#", "filter": {"eq": [["a", "1"]]}}),
        ("subscriptions", {"name": "new", "pattern": None, "filter": None}),
        ("applications", {"name": "new"}),
        ("targets", {"name": "new", "type": ["job"]}),
    ],
)
def test_what_the_hub_would_take_or_say_itself_is_no_fault(remote, kind, fields):
    checked(remote, kind, **fields)


@pytest.mark.parametrize(
    ("kind", "fields", "where"),
    [
        ("topics", {"name": "new", "schema": {"type": "objec"}}, "/topics/0/schema/type: "),
        ("topics", {"name": "orders", "schema": {"type": "objec"}}, "/topics/0/schema/type: "),
        ("sources", {"name": "new", "scheme": "none", "schema": 5}, "/sources/0/schema: a schema is an object"),
        ("sources", {"name": "new", "scheme": "hmc"}, "/sources/0/scheme: there is no scheme 'hmc'"),
        ("sources", {"name": "new", "scheme": "hmac", "settings": {"header": 1}}, "/sources/0/settings/header: "),
        ("targets", {"name": "new", "type": "webhok"}, "/targets/0/type: there is no type 'webhok'"),
        ("targets", {"name": "new", "type": "webhook"}, "/targets/0/settings/url: the setting 'url' is required"),
        (
            "targets", {"name": "new", "type": "webhook", "settings": {"url": "u", "metod": "PUT"}},
            "/targets/0/settings/metod: there is no setting 'metod'",
        ),
        ("targets", {"name": "stock", "settings": {"method": "GOT"}}, "/targets/0/settings/method: "),
        ("subscriptions", {"name": "new", "filter": {"a": 1}}, "/subscriptions/0/filter/a: "),
        ("subscriptions", {"name": "new", "pattern": "a.b*"}, "/subscriptions/0/pattern: "),
    ],
)  # fmt: skip
def test_what_the_hub_would_refuse_is_told_with_its_place(remote, kind, fields, where):
    with pytest.raises(Failure) as caught:
        checked(remote, kind, **fields)
    assert caught.value.message.startswith(f"hub.yaml, document 1, {where}")


def test_where_nothing_has_settings_the_hub_is_not_asked_for_them(furnished, remote):
    checked(remote, "topics", name="new")
    assert not {asked.path for asked in furnished.asked} & {"/v1/target-types", "/v1/schemes"}
