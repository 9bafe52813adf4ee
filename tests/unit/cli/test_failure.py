import pytest

from eventyard.cli.failure import Failure, explained
from eventyard.config import ConfigError
from eventyard.model.errors import Unavailable
from eventyard.plugins import PluginError


def test_a_refusal_of_the_hub_keeps_its_sentence_hint_and_code() -> None:
    with pytest.raises(Failure) as caught, explained():
        raise Unavailable("store_locked", "another process has it", hint="stop the other hub")
    assert (caught.value.message, caught.value.hint, caught.value.code) == (
        "another process has it", "stop the other hub", "store_locked",
    )  # fmt: skip


@pytest.mark.parametrize("error", [ConfigError("no such setting"), PluginError("cannot be loaded")])
def test_what_is_wrong_with_the_configuration_is_said_as_it_is(error: Exception) -> None:
    with pytest.raises(Failure, match=str(error)), explained():
        raise error


def test_a_bug_stays_what_it_is() -> None:
    with pytest.raises(ZeroDivisionError), explained():
        raise ZeroDivisionError
