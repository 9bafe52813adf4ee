import pytest

from eventyard import plugins
from eventyard.cli.signing import SIGNERS, signed_headers
from eventyard.dialects.eventhos.events import SCHEME as ACCESS_KEY
from eventyard.model.reserved import INTERNAL
from eventyard.ports import Request

NOW = 1_767_323_045_000
SECRETS = {"standard-webhooks": "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}
SETTINGS = {"basic": {"username": "partner"}}


@pytest.mark.parametrize("scheme", SIGNERS)
def test_what_is_signed_here_is_what_the_hubs_verifier_takes(scheme: str) -> None:
    secret = SECRETS.get(scheme, "s3cret")
    given = f"partner:{secret}" if scheme == "basic" else secret
    headers = signed_headers(scheme, given, b'{"a": 1}', message_id="m-1", seconds=NOW // 1000)
    request = Request({name.lower(): value for name, value in headers.items()}, b'{"a": 1}', NOW)
    plugins.load(plugins.VERIFIERS)[scheme]().verify(request, SETTINGS.get(scheme, {}), [secret])


def test_every_scheme_that_lets_anybody_in_by_its_url_can_be_signed_for() -> None:
    assert set(SIGNERS) == set(plugins.load(plugins.VERIFIERS)) - {INTERNAL, ACCESS_KEY}
