import pytest


async def test_an_application_is_made_shown_changed_and_deleted(yard, client, make):
    made = await make("applications", name="shop", title="Shop", description="Sells", labels={"class": "hybrid"})
    assert made == {
        "id": made["id"],
        "project_id": yard.project.id,
        "name": "shop",
        "title": "Shop",
        "description": "Sells",
        "labels": {"class": "hybrid"},
        "categories": [],
        "created_at": "2026-01-02T03:04:05.678Z",
        "updated_at": "2026-01-02T03:04:05.678Z",
    }
    assert [found["name"] for found in (await client.get("/v1/applications")).json()] == ["shop", "default"]
    changed = await client.patch("/v1/applications/shop", json={"description": "Sells much", "title": "", "labels": {}})
    assert changed.json() == {**made, "description": "Sells much", "title": "", "labels": {}}
    assert (await client.delete(f"/v1/applications/{made['id']}")).status_code == 204
    assert (await client.get("/v1/applications/shop")).status_code == 404


async def test_an_application_with_sources_stays(client, make, refused):
    await make("sources", name="orders")
    assert refused(await client.delete("/v1/applications/default"))[:2] == (409, "in_use")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"title": "two\nlines"}, "/title"),
        ({"title": "x" * 256}, "/title"),
        ({"labels": {"a": 1}}, "/labels/a"),
        ({"labels": {str(number): "" for number in range(33)}}, "/labels"),
    ],
)
async def test_a_title_is_one_line_and_labels_are_words(client, refused, body, pointer):
    answer = await client.post("/v1/applications", json={"name": "shop", **body})
    assert refused(answer) == (422, "invalid_body", pointer)
