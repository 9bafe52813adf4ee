async def test_an_application_is_made_shown_changed_and_deleted(yard, client, make):
    made = await make("applications", name="shop", description="Sells", project_id="default")
    assert made == {
        "id": made["id"],
        "project_id": yard.project.id,
        "name": "shop",
        "description": "Sells",
        "created_at": "2026-01-02T03:04:05.678Z",
        "updated_at": "2026-01-02T03:04:05.678Z",
    }
    assert [found["name"] for found in (await client.get("/v1/applications")).json()] == ["shop", "default"]
    changed = await client.patch("/v1/applications/shop", json={"description": "Sells much"})
    assert changed.json() == {**made, "description": "Sells much"}
    assert (await client.delete(f"/v1/applications/{made['id']}")).status_code == 204
    assert (await client.get("/v1/applications/shop")).status_code == 404


async def test_an_application_with_sources_stays(client, make, refused):
    await make("sources", name="orders")
    assert refused(await client.delete("/v1/applications/default"))[:2] == (409, "in_use")
