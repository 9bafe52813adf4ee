from tests.unit.cli.stub import StubHub


def test_it_is_made_with_what_was_said_of_it(hub: StubHub) -> None:
    hub.answers("POST", "/v1/projects", {"id": "x-1", "name": "shop"}, 201)
    ended = hub.run("projects", "create", "shop", "--description", "what it is for", "--json")
    assert ended.status == 0
    assert hub.last.body["name"] == "shop"
    assert hub.last.body["description"] == "what it is for"
    assert '"id": "x-1"' in ended.out
