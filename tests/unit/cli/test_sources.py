from tests.unit.cli.stub import StubHub

ID = "0198c7a2-5e0b-7c3e-9a51-3f0d8f6f2c11"


def test_a_source_is_made_with_its_scheme_secret_settings_and_schema(hub: StubHub) -> None:
    hub.answers("POST", "/v1/sources", {}, 201)
    hub.run(
        "sources", "create", "shop", "--scheme", "hmac-sha256", "--secret", "-", "--set", "header=X-Shop",
        "--schema", '{"required": ["id"]}', "--topic", "orders", stdin="s3cret",
    )  # fmt: skip
    assert hub.last.body == {
        "name": "shop", "scheme": "hmac-sha256", "secret": "s3cret",
        "settings": {"header": "X-Shop"},
        "schema": {"required": ["id"]}, "topic": "orders",
    }  # fmt: skip


def test_only_what_changes_is_sent(hub: StubHub) -> None:
    hub.answers("PATCH", f"/v1/sources/{ID}", {})
    hub.run("sources", "update", ID, "--disable")
    assert hub.last.body == {"enabled": False}


def test_the_old_secret_counts_for_a_day_unless_told_otherwise(hub: StubHub) -> None:
    hub.answers("POST", f"/v1/sources/{ID}/rotate-secret", {})
    hub.run("sources", "rotate-secret", ID, "n3w")
    hub.run("sources", "rotate-secret", ID, "n3w", "--keep-old", "2h")
    assert [asked.body for asked in hub.asked] == [
        {"secret": "n3w", "keep_old_seconds": 86_400},
        {"secret": "n3w", "keep_old_seconds": 7_200},
    ]
