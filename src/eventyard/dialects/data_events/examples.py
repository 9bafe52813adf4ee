"""A true message of each kind: what a client receives, whole. A test holds each against its schema."""

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

PROJECT = "0199f3c2-7b1e-7c55-a0c9-3d5b8f1e2a44"
APPLICATION = "0199f3c2-7b1e-7d02-8f41-5a3c9e7b6d10"

_ORGANIZATION = "0199f3c2-7b1e-7a90-b6d3-1c2e4f608a92"
_VEHICLE = "0199f3c9-02aa-7e6f-9a51-7d8c0b2f4e13"
_KEY = "0199f3c2-7b1f-7b37-9c05-e2a1d4f7c688"
_TIME = "2026-01-02T03:04:05.678Z"


def message(event_type: str, source: str, data: Any, **attributes: str) -> Json:
    """A whole message."""
    return {
        "specversion": "1.0",
        "id": "0199f3c9-1d40-7f21-8b0a-46c1e9d3a577",
        "source": source,
        "type": event_type,
        "time": _TIME,
        "datacontenttype": "application/json",
        "sequence": "000000000000004711",
        **attributes,
        "data": data,
    }


def examples() -> Mapping[str, Mapping[str, Json]]:
    """For each of the seed's messages, messages by a name for the case."""
    return {
        "projectEvent": {
            "a vehicle was renamed": _entity("update", changed=["name"], revision=7),
            "a vehicle is gone": _entity("delete"),
        },
        "applicationEvent": {"a vehicle was added": _entity("create", application=APPLICATION, revision=1)},
        "productActivationStateActivated": {
            "activated": _activation("activated", previousState="deactivated"),
        },
        "productActivationStateDeactivated": {
            "deactivated": _activation("deactivated", previousState="activated", reason="the trial is over"),
        },
        "productActivationStateTerminated": {
            "terminated": _activation("terminated", previousState="deactivated"),
        },
        "productActivationStateUpdated": {
            "updated": _activation(
                "updated", previousState="activated", previousVersion={"id": "2.3.1", "label": "Spring"}
            ),
        },
        "productProvisioningState": {
            "started": _provisioning("started"),
            "failed": _provisioning(
                "failed", previousState="started", error={"code": "quota", "detail": "the project is full"}
            ),
        },
        "subscriptionState": {
            "created": _subscription("created"),
            "suspended": _subscription("suspended", previousState="active", reason="the invoice is open"),
        },
    }


def _related(kind: str, record_id: str | None) -> Json | None:
    return None if record_id is None else {"_relType": kind, "id": record_id}


def _entity(event: str, application: str | None = None, **more: Any) -> Json:
    data = {
        "event": event,
        "entity": _related("vehicles", _VEHICLE),
        "project": _related("projects", PROJECT),
        "application": _related("applications", application),
        "actor": _related("keys", _KEY),
        **more,
    }
    if event != "delete":
        data["state"] = {"id": _VEHICLE, "name": "Van 12", "group": _related("vehicle-groups", "north")}
    source = f"/projects/{PROJECT}" if application is None else f"/applications/{application}"
    key = f"vehicles.{_VEHICLE}.{event}"
    return message(f"entity.vehicles.{event}", source, data, subject=f"vehicles/{_VEHICLE}", routingkey=key)


def _product(family: str, state: str, subject: str, more: Json) -> Json:
    data = {
        "application": _related("applications", APPLICATION),
        "product": _related("products", APPLICATION),
        "project": _related("projects", PROJECT) if subject.startswith("projects/") else None,
        "organization": _related("organizations", _ORGANIZATION),
        "state": state,
        "previousState": None,
        "version": {"id": "2.4.0", "label": "Summer"},
        "actor": _related("keys", _KEY),
        "reason": None,
        "occurredAt": _TIME,
        **more,
    }
    return message(f"product.{family}.{state}", f"/applications/{APPLICATION}", data, subject=subject)


def _activation(state: str, **more: Any) -> Json:
    return _product("activation", state, f"projects/{PROJECT}", more)


def _provisioning(state: str, **more: Any) -> Json:
    return _product("provisioning", state, f"projects/{PROJECT}", {"provisioningId": "p-17", "attempt": 1, **more})


def _subscription(state: str, **more: Any) -> Json:
    period = {"validFrom": "2026-01-01T00:00:00.000Z", "validUntil": None}
    return _product(
        "subscription", state, f"organizations/{_ORGANIZATION}",
        {"subscriptionId": "s-42", "plan": "fleet", **period, **more},
    )  # fmt: skip
