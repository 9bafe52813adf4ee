import pytest

from eventyard.dialects.informatica.profiles import CIH, DIH, PROFILES
from eventyard.model.access import Scope
from eventyard.model.catalog import Mode, Source, Subscription


@pytest.mark.parametrize("profile", PROFILES)
async def test_a_publication_is_disabled_and_enabled(yard, client_of, billing, profile):
    client = await client_of(profile)
    for mode, enabled in (("disable", False), ("Enable", True)):
        told = await client.post("/publication/changemode", json={"publicationName": "Orders", "mode": mode})
        assert (told.status_code, told.json()) == (200, {"responseCode": "SUCCESS"})
        assert yard.hub.catalog.get(Source, billing["source_id"]).enabled is enabled


@pytest.mark.parametrize("profile", PROFILES)
async def test_a_subscription_has_three_modes_and_either_spelling_will_do(yard, client_of, billing, profile):
    client = await client_of(profile)
    for word, mode in (
        ("pause", Mode.PAUSED), ("disable", Mode.DISABLED), ("paused", Mode.PAUSED), ("ENABLE", Mode.ENABLED),
    ):  # fmt: skip
        told = await client.post("/subscription/changemode", json={"subscriptionName": "billing", "mode": word})
        assert (told.status_code, told.json()) == (200, {"responseCode": "SUCCESS"})
        assert yard.hub.catalog.get(Subscription, billing["id"]).mode is mode


@pytest.mark.parametrize(
    ("path", "asked", "status"),
    [
        ("publication", {"publicationName": "orders", "mode": "pause"}, 400),
        ("publication", {"publicationName": "orders"}, 400),
        ("publication", {"mode": "enable"}, 400),
        ("publication", {"publicationName": "nobody", "mode": "enable"}, 404),
        ("subscription", {"subscriptionName": "billing", "mode": "sleep"}, 400),
        ("subscription", {"subscriptionName": "orders", "mode": "enable"}, 404),
    ],
)
async def test_what_cannot_be_is_refused_with_the_reason(client_of, billing, path, asked, status):
    refused = await (await client_of(CIH)).post(f"/{path}/changemode", json=asked)
    assert refused.status_code == status
    assert refused.json()["responseCode"] in ("BAD_REQUEST", "NOT_FOUND")


async def test_who_may_only_read_changes_nothing(yard, client_of, billing):
    reader = await client_of(DIH, await yard.key_for(Scope.CATALOG_READ))
    for path in ("publication", "subscription"):
        asked = {f"{path}Name": "billing", "mode": "disable"}
        refused = await reader.post(f"/{path}/changemode", json=asked)
        assert (refused.status_code, refused.json()["responseCode"]) == (403, "INSUFFICIENT_PRIVILEGES")


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("scope", [Scope.EVENTS_MANAGE, Scope.CATALOG_WRITE])
async def test_who_operates_changes_modes_and_so_does_who_changes_the_catalog(yard, client_of, billing, profile, scope):
    client = await client_of(profile, await yard.key_for(scope))
    for path, name in (("publication", "orders"), ("subscription", "billing")):
        told = await client.post(f"/{path}/changemode", json={f"{path}Name": name, "mode": "disable"})
        assert (told.status_code, told.json()) == (200, {"responseCode": "SUCCESS"})
    assert yard.hub.catalog.get(Source, billing["source_id"]).enabled is False
    assert yard.hub.catalog.get(Subscription, billing["id"]).mode is Mode.DISABLED
