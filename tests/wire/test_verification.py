"""Any request at all, to any scheme: it is verified, or refused as unauthenticated, and nothing else happens."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventyard.model.errors import Forbidden, Unauthenticated, Unavailable
from eventyard.plugins import VERIFIERS, load
from eventyard.ports import Request, Verified

SCHEMES = load(VERIFIERS)
NOW = 1_767_323_045_678
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "authorization",
            "x-signature-256",
            "x-hub-signature-256",
            "x-github-event",
            "x-github-delivery",
            "stripe-signature",
            "webhook-id",
            "webhook-timestamp",
            "webhook-signature",
        ]
    ),
    st.text()
    | st.from_regex(r"(Basic [A-Za-z0-9+/]{4,8}|Bearer .|sha256=[0-9a-f]{64}|v1,[A-Za-z+/]{4}( v1,.)?)", fullmatch=True)
    | st.from_regex(r"(t=[0-9]{1,12},v1=[0-9a-f]{1,64}|[0-9]{1,12})", fullmatch=True),
)


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
@given(HEADERS, st.binary(), st.lists(st.sampled_from(["s3cret", "whsec_c2VjcmV0", "größe"]), min_size=1, max_size=2))
def test_any_request_is_verified_or_refused(
    scheme: str, headers: dict[str, str], body: bytes, secrets: list[str]
) -> None:
    settings: dict[str, Any] = {"username": "partner"} if scheme == "basic" else {}
    try:
        verified = SCHEMES[scheme]().verify(Request(headers, body, NOW), settings, secrets)
    except Unauthenticated as refused:
        assert refused.code in {"signature_missing", "signature_invalid", "signature_expired"}
        assert not any(secret in refused.message for secret in secrets)
    except Unavailable as ours:
        assert (scheme, ours.code) == ("standard-webhooks", "signature_misconfigured")
        assert "größe" in secrets
    except Forbidden:
        assert scheme in {"internal", "access-key"}
    else:
        assert isinstance(verified, Verified)
        assert scheme == "none" or headers


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_a_scheme_is_installed_under_its_own_name(scheme: str) -> None:
    assert SCHEMES[scheme]().scheme == scheme
