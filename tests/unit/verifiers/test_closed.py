import pytest

from eventyard.model.errors import Forbidden, Invalid
from eventyard.ports import Request
from eventyard.verifiers.closed import Closed


class Shut(Closed):
    scheme = "shut"
    refusal = "nobody comes in here"
    instead = "try next door"


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Bearer secret"}, {"x-hub-signature-256": "sha256=00"}, {"access-key": "token"}]
)
def test_nobody_gets_in_whatever_they_show_and_is_told_where_to_go(headers):
    with pytest.raises(Forbidden) as refused:
        Shut().verify(Request(headers, b"{}", 0), {}, ("secret",))
    assert (refused.value.code, str(refused.value)) == ("forbidden", "nobody comes in here")
    assert refused.value.hint == "try next door"


def test_it_has_no_use_for_a_secret():
    assert not Shut.needs_secret
    with pytest.raises(Invalid, match="a source of the scheme shut has no secret") as refused:
        Shut().check("secret")
    assert (refused.value.code, refused.value.pointer) == ("invalid_settings", "/secret")
