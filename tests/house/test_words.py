"""Words before code: what the model can be is explained to people, in the same words."""

from msgspec import Struct

from eventyard.model import catalog
from eventyard.model.access import Scope
from eventyard.model.breaker import BreakerState
from eventyard.model.lifecycle import Kind, Status, Trigger, label
from eventyard.model.outcome import Result
from tests.house.tree import ROOT

GLOSSARY = (ROOT / "docs/glossary.md").read_text()
LIFECYCLE = (ROOT / "docs/lifecycle.md").read_text()
OPERATIONS = (ROOT / "docs/operations.md").read_text()


def test_every_status_and_every_trigger_is_explained_in_the_lifecycle() -> None:
    assert not [label(status) for status in Status if f"| **{label(status)}** |" not in LIFECYCLE]
    assert not [trigger.value for trigger in Trigger if f"| **{trigger.value}** |" not in LIFECYCLE]


def test_every_kind_of_entry_is_a_word_of_the_glossary() -> None:
    assert not [label(kind) for kind in Kind if f"**{label(kind).lower()}**" not in GLOSSARY.lower()]


def test_every_record_of_the_catalog_is_a_word_of_the_glossary() -> None:
    records = {
        "ApiKey": "API key",
        "TopicSchema": "schema version",
        "Sealed": "sealed",
        "ExchangeSettings": "exchange",
        "ProductState": "product state",
        "ReleaseState": "release",
        "SigningKey": "signing key",
    }
    names = [name for name, thing in vars(catalog).items() if isinstance(thing, type) and issubclass(thing, Struct)]
    words = [records.get(name, name) for name in names if thing_of_the_catalog(name)]
    assert not [word for word in words if f"**{word.lower()}**" not in GLOSSARY.lower()]


def thing_of_the_catalog(name: str) -> bool:
    return name not in {"Struct", "RetryPolicy"}


def test_every_result_of_an_attempt_every_breaker_state_and_every_scope_is_explained_to_operators() -> None:
    words = [*(r.name.lower() for r in Result), *(s.value for s in BreakerState), *(s.value for s in Scope)]
    assert not [word for word in words if f"| `{word}` |" not in OPERATIONS]
