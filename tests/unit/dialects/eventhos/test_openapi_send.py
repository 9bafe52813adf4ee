from eventyard.dialects.eventhos.openapi_send import send_path


def test_the_way_in_is_described_with_all_its_codes():
    operation = send_path()["post"]
    for code in ("200000", "200310", "400201", "400202", "401201", "401202", "403201", "404201", "500000"):
        assert f"| {code} |" in operation["description"]
    assert operation["security"] == [{"accessKey": []}, {"accessKeyInQuery": []}]
    assert operation["parameters"][0]["name"] == "event-identifier"
