"""The events that are sent: an order of exactly 1 KiB, its JSON Schema, and the request that carries it."""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

EVENT_BYTES = 1024
SEQUENCE_DIGITS = 19
SECRET = "bench-" + "5" * 26
SIGNATURE_HEADER = "x-signature-256"

ORDER_SCHEMA: Mapping[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["action", "order", "customer", "sequence"],
    "properties": {
        "action": {"enum": ["created", "paid", "shipped", "cancelled"]},
        "order": {
            "type": "object",
            "required": ["id", "currency", "total", "items"],
            "properties": {
                "id": {"type": "string", "pattern": "^order-[0-9]+$"},
                "currency": {"type": "string", "minLength": 3, "maxLength": 3},
                "total": {"type": "number", "minimum": 0},
                "items": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["sku", "quantity"],
                        "properties": {"sku": {"type": "string"}, "quantity": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
        "customer": {
            "type": "object",
            "required": ["id"],
            "properties": {"id": {"type": "string"}, "email": {"type": "string"}},
        },
        "sequence": {"type": "integer"},
    },
}

_ORDER: Mapping[str, Any] = {
    "action": "created",
    "order": {
        "id": "order-4711",
        "currency": "EUR",
        "total": 129.9,
        "items": [{"sku": f"sku-{n:04}", "quantity": n, "price": 9.99, "name": f"Article {n}"} for n in range(1, 7)],
    },
    "customer": {"id": "customer-0", "email": "someone@shop.example", "country": "DE", "newsletter": False},
    "note": "",
}


def order_prefix() -> str:
    """An order as JSON text, up to and without the sequence number that ends it."""
    bare = msgspec.json.encode(_ORDER).decode()[:-1] + ',"sequence":'
    room = EVENT_BYTES - len(bare) - SEQUENCE_DIGITS - 1
    return msgspec.json.encode({**_ORDER, "note": "x" * room}).decode()[:-1] + ',"sequence":'


def order(sequence: int) -> bytes:
    """A whole order; ``sequence`` has 19 digits."""
    return f"{order_prefix()}{sequence}}}".encode()


def ndjson(count: int) -> str:
    """A native batch of orders that all look alike."""
    line = b'{"payload":' + order(10**18) + b"}\n"
    return (line * count).decode()


class Requests:
    """Whole HTTP/1.1 requests, made as they are needed.

    With a ``secret`` each ends in another sequence number and is signed as ``hmac-sha256`` asks; the part of the
    signature that all have in common is computed once. Without, all are the same.
    """

    def __init__(
        self, host: str, path: str, headers: Mapping[str, str], body: str, secret: str | None, first: int
    ) -> None:
        length = len(body) + (SEQUENCE_DIGITS + 1 if secret is not None else 0)
        lines = [f"POST {path} HTTP/1.1", f"host: {host}", f"content-length: {length}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._head = "\r\n".join(lines).encode()
        self._body = body.encode()
        self._sequence = first
        self._whole = None if secret is not None else self._head + b"\r\n\r\n" + self._body
        key = (secret or "").encode().ljust(64, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + self._body)
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in key))
        self._head += f"\r\n{SIGNATURE_HEADER}: sha256=".encode()

    def next(self) -> bytes:
        """One request."""
        if self._whole is not None:
            return self._whole
        self._sequence += 1
        tail = b"%d}" % self._sequence
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(tail)
        outer.update(inner.digest())
        return b"%b%b\r\n\r\n%b%b" % (self._head, outer.hexdigest().encode(), self._body, tail)
