async def test_the_target_types_tell_the_settings_they_take(client):
    found = (await client.get("/v1/target-types")).json()
    assert [kind["type"] for kind in found] == ["job", "webhook"]
    assert found[0] == {
        "type": "job",
        "summary": "Keeps each event as a run until a worker claims it.",
        "pull": True,
        "settings": [],
    }


async def test_the_schemes_tell_the_settings_they_take(client):
    found = {scheme["scheme"]: scheme for scheme in (await client.get("/v1/schemes")).json()}
    assert {"none", "hmac-sha256", "github-sha256", "stripe-v1", "standard-webhooks", "bearer", "basic"} <= found.keys()
    assert (found["none"]["needs_secret"], found["none"]["signs"]) == (False, False)
    assert (found["hmac-sha256"]["needs_secret"], found["hmac-sha256"]["signs"]) == (True, True)
    [header] = found["hmac-sha256"]["settings"]
    assert (header["name"], header["default"], header["secret"]) == ("header", "X-Signature-256", False)
    assert header["schema"]["type"] == "string"


async def test_forms_are_for_those_who_may_read_the_catalog(yard, client_of, refused):
    publisher = await client_of(await yard.key_for("events:publish"))
    for path in ("/v1/target-types", "/v1/schemes"):
        assert refused(await publisher.get(path))[:2] == (403, "forbidden")
