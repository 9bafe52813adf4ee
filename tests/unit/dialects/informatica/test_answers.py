import pytest

from eventyard.dialects.informatica.answers import answer
from eventyard.dialects.informatica.profiles import CIH, DIH
from eventyard.model.errors import Conflict, Forbidden, HubError, TooLarge, TooMany, Unauthenticated, Unavailable


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Unauthenticated("unauthenticated", "who?"), 401, "UNAUTHORIZED"),
        (Forbidden("forbidden", "no"), 403, "INSUFFICIENT_PRIVILEGES"),
        (Conflict("illegal_transition", "no"), 409, "CONFLICT"),
        (TooLarge("body_too_large", "no"), 413, "PAYLOAD_TOO_LARGE"),
        (TooMany("no", retry_after=7), 429, "TOO_MANY_REQUESTS"),
        (Unavailable("store_full", "full"), 503, "SERVICE_UNAVAILABLE"),
        (HubError("internal", "oh"), 500, "INTERNAL_SERVER_ERROR"),
    ],
)
async def test_whatever_goes_wrong_has_a_status_and_a_word(yard, client_of, monkeypatch, error, status, code):
    async def stories(*_):
        raise error

    monkeypatch.setattr(yard.store, "stories", stories)
    refused = await (await client_of(DIH)).post("/events")
    assert (refused.status_code, refused.json()["responseCode"]) == (status, code)
    assert refused.headers.get("retry-after") == ("7" if status == 429 else None)
    assert ("www-authenticate" in refused.headers) is (status == 401)


async def test_what_nobody_expected_tells_nothing_of_itself(yard, client_of, monkeypatch):
    async def stories(*_):
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(yard.store, "stories", stories)
    refused = await (await client_of(CIH)).post("/events")
    assert refused.status_code == 500
    assert refused.json()["responseCode"] == "INTERNAL_SERVER_ERROR"
    assert "secret" not in refused.text


def test_an_answer_is_json():
    made = answer([1], 201, {"x-total-count": "1"})
    assert (made.body, made.status_code, made.media_type) == (b"[1]", 201, "application/json")
