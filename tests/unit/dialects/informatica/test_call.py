import gzip

import pytest

from eventyard.dialects.informatica.profiles import CIH, DIH


async def test_who_does_not_prove_themselves_learns_nothing_of_the_body(client_of):
    refused = await (await client_of(DIH, None)).post("/events", content=b"[")
    assert refused.status_code == 401


@pytest.mark.parametrize("profile", [DIH, CIH])
async def test_a_body_is_json_whatever_it_is_called(client_of, profile):
    client = await client_of(profile)
    for headers in ({}, {"content-type": "text/plain"}, {"accept-charset": "charset=utf-8"}):
        found = await client.post("/events", content=b'{"timeFrame": "TODAY"}', headers=headers)
        assert (found.status_code, found.json()) == (200, [])


async def test_a_body_may_be_compressed_and_is_bounded(client_of):
    client = await client_of(DIH)
    packed = gzip.compress(b'{"eventId": "x"}')
    assert (await client.post("/events", content=packed, headers={"content-encoding": "gzip"})).status_code == 400
    assert (await client.post("/events", content=packed, headers={"content-encoding": "br"})).status_code == 415
    refused = await client.post("/events", content=b" " * (2 << 20))
    assert (refused.status_code, refused.json()["responseCode"]) == (413, "PAYLOAD_TOO_LARGE")
