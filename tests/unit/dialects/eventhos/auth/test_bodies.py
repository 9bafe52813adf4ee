import pytest
from pydantic import TypeAdapter, ValidationError

from eventyard.dialects.eventhos.auth.bodies import Handle, saved
from eventyard.dialects.eventhos.envelopes import EventhosError, Fault
from eventyard.model.errors import Conflict, Forbidden, Invalid

HANDLE = TypeAdapter(Handle)


async def failing(error):
    raise error


async def made():
    return "made"


def test_capitals_become_small_letters():
    assert HANDLE.validate_python("Shop.EU") == "shop.eu"


@pytest.mark.parametrize("wrong", ["", "a:b", "a\nb", "a" * 76, None, ["a"]])
def test_what_would_not_do_in_basic_credentials_or_in_a_line_is_refused(wrong):
    with pytest.raises(ValidationError):
        HANDLE.validate_python(wrong)


async def test_a_name_that_is_taken_has_a_code_of_its_own():
    with pytest.raises(EventhosError) as error:
        await saved(failing(Conflict("duplicate", "there is one already", pointer="/name")), "username", 409101)
    assert (error.value.status, error.value.code) == (409, 409101)
    assert error.value.faults == (Fault("username", "there is one already"),)


async def test_a_name_that_will_not_do_is_a_wrong_field():
    with pytest.raises(EventhosError) as error:
        await saved(failing(Invalid("invalid_body", "is none", pointer="/name")), "identifier", 409104)
    assert (error.value.code, error.value.faults) == (400001, (Fault("identifier", "is none"),))


@pytest.mark.parametrize("error", [Conflict("in_use", "in use"), Forbidden("forbidden", "not you")])
async def test_other_refusals_stay_what_they_are(error):
    with pytest.raises(type(error)):
        await saved(failing(error), "username", 409101)


async def test_what_was_made_is_given_back():
    assert await saved(made(), "username", 409101) == "made"
