async def test_a_project_is_made_shown_changed_and_deleted(client, make):
    made = await make("projects", name="shop", description="All of it")
    assert made == {
        "id": made["id"],
        "name": "shop",
        "description": "All of it",
        "created_at": "2026-01-02T03:04:05.678Z",
        "updated_at": "2026-01-02T03:04:05.678Z",
    }
    assert (await client.get("/v1/projects/shop")).json() == made
    assert [project["name"] for project in (await client.get("/v1/projects")).json()] == ["shop", "default"]
    changed = await client.patch(f"/v1/projects/{made['id']}", json={"name": "store"})
    assert (changed.status_code, changed.json()["name"], changed.json()["description"]) == (200, "store", "All of it")
    gone = await client.delete("/v1/projects/store")
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await client.get(f"/v1/projects/{made['id']}")).status_code == 404


async def test_a_second_project_of_a_name_is_refused(make, client, refused):
    await make("projects", name="shop")
    assert refused(await client.post("/v1/projects", json={"name": "shop"}))[:2] == (409, "duplicate")
    assert refused(await client.patch("/v1/projects/shop", json={"name": "default"}))[:2] == (409, "duplicate")


async def test_a_change_of_nothing_is_refused(client, refused):
    assert refused(await client.patch("/v1/projects/default", json={}))[:2] == (400, "empty_patch")


async def test_a_project_in_use_stays(client, make, refused):
    await make("topics", name="orders")
    assert refused(await client.delete("/v1/projects/default"))[:2] == (409, "in_use")
