"""``POST /eventhos/event/send`` in the OpenAPI document; ``send.py`` answers it without FastAPI."""

from typing import Any

_CODES = """\
| status | code | meaning |
|---|---|---|
| 200 | 200000 | received, and on disk; 20000 instead if the hub is set so |
| 203 | 200310 | received, but no contracts exist for this event |
| 400 | 400201 | event-identifier and access-key are required |
| 400 | 400202 | the event does not exist |
| 400 | 500000 | the body is not JSON |
| 401 | 401201 | the client has a long-lived token, and this is not it |
| 401 | 401202 | incorrect token |
| 403 | 403201 | the client is revoked |
| 404 | 404201 | the event's system has no client |
"""


def send_path() -> dict[str, Any]:
    """The path and its operation."""
    envelope = {
        "type": "object",
        "required": ["code", "message"],
        "properties": {"code": {"type": "integer"}, "message": {"type": "string"}},
    }
    return {
        "post": {
            "operationId": "eventhos_send_event",
            "tags": ["Send"],
            "summary": "Send an event",
            "description": "The answer comes once the event is on disk; the contracts are executed after it.\n\n"
            + _CODES,
            "security": [{"accessKey": []}, {"accessKeyInQuery": []}],
            "parameters": [
                {
                    "name": "event-identifier",
                    "in": "query",
                    "required": True,
                    "description": "The identifier of the event, with its suffix.",
                    "schema": {"type": "string"},
                    "example": "new-bomb-k736k3hiW7",
                }
            ],
            "requestBody": {
                "description": "Any JSON; none is `{}`.",
                "content": {
                    "application/json": {
                        "schema": {},
                        "example": {
                            "name": "Morpheush",
                            "job": "Leader",
                            "id": "199",
                            "createdAt": "2020-02-20T11:00:28.107Z",
                        },
                    }
                },
            },
            "responses": {
                "200": {
                    "description": "Received.",
                    "content": {
                        "application/json": {"schema": envelope, "example": {"code": 200000, "message": "success"}}
                    },
                },
                "203": {
                    "description": "Received, and nobody is told.",
                    "content": {
                        "application/json": {
                            "schema": envelope,
                            "example": {
                                "code": 200310,
                                "message": "Success, but no contracts exists for this event",
                            },
                        }
                    },
                },
                "404": {"$ref": "#/components/responses/Missing"},
            },
        }
    }
