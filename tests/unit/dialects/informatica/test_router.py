import pytest

from eventyard.dialects.informatica.profiles import CIH, DIH, PROFILES


@pytest.mark.parametrize("profile", PROFILES)
async def test_a_path_that_is_not_there_is_a_mistake_in_the_url(client_of, profile):
    client = await client_of(profile)
    for path in ("/nowhere", "/events/7", "/event"):
        told = await client.post(path)
        assert (told.status_code, told.json()) == (
            404,
            {"responseCode": "NOT_FOUND", "message": f"there is no {profile.api}{path}"},
        )


@pytest.mark.parametrize("profile", PROFILES)
async def test_a_method_that_a_path_does_not_take_is_told_with_those_it_takes(client_of, profile):
    client = await client_of(profile)
    for method, path, allowed in (("GET", "/events", "POST"), ("PUT", "/events", "POST"), ("POST", "/event/7", "GET")):
        told = await client.request(method, path)
        assert (told.status_code, told.headers["allow"]) == (405, allowed)
        assert told.json()["responseCode"] == "METHOD_NOT_ALLOWED"


async def test_the_profiles_are_two_applications(client_of):
    assert (await (await client_of(DIH)).get("/../openapi.json")).status_code == 404
    assert (await (await client_of(CIH)).post("/event/7")).status_code == 405
