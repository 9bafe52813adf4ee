from tests.unit.cli.stub import StubHub


def test_it_is_made_with_what_was_said_of_it(hub: StubHub) -> None:
    hub.answers("POST", "/v1/applications", {"id": "x-1", "name": "billing"}, 201)
    ended = hub.run("applications", "create", "billing", "--description", "what it is for", "--json")
    assert ended.status == 0
    assert hub.last.body["name"] == "billing"
    assert hub.last.body["description"] == "what it is for"
    assert '"id": "x-1"' in ended.out


def test_it_is_made_with_categories(hub: StubHub) -> None:
    hub.answers("POST", "/v1/applications", {"id": "x-1", "name": "billing"}, 201)
    assert hub.run("applications", "create", "billing", "--category", "money", "--category", "b").status == 0
    assert hub.last.body["categories"] == ["money", "b"]
