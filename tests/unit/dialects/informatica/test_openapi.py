import re

import httpx
import pytest

from eventyard.dialects.informatica.openapi import REFUSALS
from eventyard.dialects.informatica.profiles import CIH, DIH, PROFILES


async def document_of(yard, profile):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(yard.app), base_url="http://hub.example") as client:
        return (await client.get(f"{profile.base}/openapi.json")).json()


@pytest.mark.parametrize("profile", PROFILES)
async def test_every_route_is_described_with_every_refusal(yard, profile):
    document = await document_of(yard, profile)
    assert {path.removeprefix(profile.api) for path in document["paths"]} == {
        "/events", "/event/{eventId}", "/event/reprocess", "/event/changestatus", "/subscription/start",
        "/publication/changemode", "/subscription/changemode", "/catalog/topics", "/publication/start",
        "/publish/{publicationName}", "/consume/{subscriptionName}",
    }  # fmt: skip
    assert document["info"]["title"] == f"Eventyard, as {profile.name}"
    search = document["paths"][f"{profile.api}/events"]["post"]
    assert {"200", *map(str, REFUSALS)} == search["responses"].keys()


@pytest.mark.parametrize("profile", PROFILES)
async def test_every_reference_leads_somewhere(yard, profile):
    document = await document_of(yard, profile)
    for reference in re.findall(r"'\$ref': '#/([^']+)'", str(document)):
        found = document
        for step in reference.split("/"):
            found = found[step]


async def test_only_cih_tells_of_its_limit(yard):
    told = ["times a minute" in (await document_of(yard, profile))["info"]["description"] for profile in (DIH, CIH)]
    assert told == [False, True]
