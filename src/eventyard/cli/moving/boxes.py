"""What eventhos keeps encrypted: AES-256 in counter mode, written ``hex(iv)|.|hex(ciphertext)``.

Nothing proves that a text was decrypted with the right key. So what comes out is looked at: text that is no UTF-8, and
a document that is no JSON, were encrypted with another key, or damaged.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

SALT, COST, BLOCK, PARALLEL, KEY_BYTES = b"salt", 16_384, 8, 1, 32
"""The parameters of scrypt (RFC 7914) that make the key out of what the operator wrote."""

_BETWEEN = "|.|"
_MEMORY = 64 << 20


class UnreadableError(Exception):
    """A text cannot be decrypted with this key."""


class Boxes:
    """Opens what one ``CRYPTO_KEY`` closed."""

    def __init__(self, crypto_key: str) -> None:
        self._cipher_key = AES(
            hashlib.scrypt(crypto_key.encode(), salt=SALT, n=COST, r=BLOCK, p=PARALLEL, maxmem=_MEMORY, dklen=KEY_BYTES)
        )

    def text(self, box: str) -> str:
        """The text. Raises :class:`UnreadableError`."""
        iv, found, data = box.partition(_BETWEEN)
        try:
            if not found:
                raise ValueError("no initialisation vector")
            decryptor = Cipher(self._cipher_key, CTR(bytes.fromhex(iv))).decryptor()
            return (decryptor.update(bytes.fromhex(data)) + decryptor.finalize()).decode()
        except ValueError as error:
            raise UnreadableError(f"it cannot be decrypted with this key: {error}") from None

    def document(self, box: str) -> Any:
        """The JSON document. Raises :class:`UnreadableError`."""
        try:
            return json.loads(self.text(box))
        except (ValueError, RecursionError):
            raise UnreadableError("it cannot be decrypted with this key: what comes out is no JSON") from None

    def word(self, box: str) -> str:
        """A secret as people type it: visible ASCII. Raises :class:`UnreadableError`."""
        text = self.text(box)
        if not text or not text.isascii() or not text.isprintable():
            raise UnreadableError("it cannot be decrypted with this key: what comes out is no text")
        return text


def object_of(document: Any) -> Mapping[str, Any]:
    """A document, or part of one, that is to be an object; an empty one where it is none."""
    return document if isinstance(document, Mapping) else {}
