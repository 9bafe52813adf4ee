"""``POST publish/{publicationName}``: tables of rows, committed as one event of a publication.

The original has a URL for each publication on the publication's page; here it is its name, or id, in the path. The data
of the event are the tables as they were sent.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Response

from eventyard.dialects.informatica.answers import SUCCESS, InformaticaRoute
from eventyard.dialects.informatica.bodies import wrong
from eventyard.dialects.informatica.call import Calling
from eventyard.dialects.informatica.profiles import Profile
from eventyard.dialects.informatica.sending import commit, committed, publication
from eventyard.dialects.informatica.shapes import NUMBER, TABLES, TEXT, answered, sends
from eventyard.dialects.informatica.start import FAILED
from eventyard.model.errors import Invalid

OF_THE_DATA = (400, 404, 409, 413)
"""The statuses of data that is not published."""

_EXAMPLE = {"orders": [{"id": "1", "country": "CH"}], "lines": [{"order": "1", "sku": "a-1", "price": "2.50"}]}


class PublishRoute(InformaticaRoute):
    """A route whose refusals tell that the data is not published."""

    @staticmethod
    def refusal(status: int, word: str, message: str) -> dict[str, Any]:
        """FAILED and the reason; or the word for the status where the data had no part in it."""
        return {"responseCode": FAILED if status in OF_THE_DATA else word, "message": message}


def publish_router(profile: Profile) -> APIRouter:
    """The call that publishes data."""
    router = APIRouter(tags=["Data"], route_class=PublishRoute)
    failed = answered("It was not published, for that reason.", {"responseCode": {"const": FAILED}, "message": TEXT})

    @router.post(
        "/publish/{publicationName:path}",
        operation_id=f"{profile.name.lower()}_publish_data",
        summary="Publish data",
        openapi_extra=sends(TABLES, _EXAMPLE),
        responses={
            200: answered(
                "It is committed, as one event.",
                {
                    "responseCode": {"const": SUCCESS},
                    "eventId": NUMBER,
                    "rowsAccepted": NUMBER,
                    "rowsProcessed": NUMBER,
                },
            ),
            **dict.fromkeys(OF_THE_DATA, failed),
        },
    )
    async def publish(call: Calling, publicationName: str) -> Response:
        """Tables by their names, each an array of rows. An `Idempotency-Key` makes it safe to send them again."""
        raw = await call.raw()
        rows = count_rows(call.object(raw))
        source = publication(call, {"publicationName": publicationName})
        accepted = await commit(call, source, raw, raw)
        return committed(accepted, {"rowsAccepted": rows, "rowsProcessed": rows})

    return router


def count_rows(tables: Mapping[str, Any]) -> int:
    """How many rows there are in all. Raises ``Invalid`` for what are no tables."""
    if not tables:
        raise Invalid("invalid_body", "there is no table to publish", hint='send {"<table>": [{"<column>": …}]}')
    for name, rows in tables.items():
        if not isinstance(rows, list):
            raise wrong(name, "a table: an array of rows")
        for place, row in enumerate(rows):
            if not isinstance(row, dict):
                raise wrong(f"{name}/{place}", "a row: an object of columns")
    return sum(map(len, tables.values()))
