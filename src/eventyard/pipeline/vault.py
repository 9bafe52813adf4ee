"""Secrets at rest: AES-256-GCM under a key of the key file.

A sealed secret is bound to the record it belongs to, so that one moved to another record does not open. The first key
seals; every key opens, so a key is rotated by putting a new one in front and sealing everything again.
"""

import base64
import binascii
import hashlib
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from eventyard.model.errors import Unavailable
from eventyard.model.ids import Millis
from eventyard.model.sealed import Sealed

KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 4


class Vault:
    """Seals and opens secrets. ``keys`` are 32 bytes each, the one in use first."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise ValueError(f"a vault needs at least one key, each of {KEY_BYTES} bytes")
        self._ciphers = {hashlib.sha256(key).digest()[:_TAG_BYTES]: AESGCM(key) for key in keys}
        self._newest = next(iter(self._ciphers))

    def seal(self, secret: str, owner: str, expires_at: Millis | None = None) -> Sealed:
        """Encrypt ``secret`` for the record whose id is ``owner``."""
        nonce = os.urandom(_NONCE_BYTES)
        box = self._ciphers[self._newest].encrypt(nonce, secret.encode(), owner.encode())
        return Sealed(base64.b64encode(self._newest + nonce + box).decode(), expires_at)

    def open(self, sealed: Sealed, owner: str) -> str:
        """Decrypt. Raises ``Unavailable`` (``secret_unreadable``) under another key or owner, or when damaged."""
        try:
            raw = base64.b64decode(sealed.box, validate=True)
            tag, nonce, box = raw[:_TAG_BYTES], raw[_TAG_BYTES:][:_NONCE_BYTES], raw[_TAG_BYTES + _NONCE_BYTES :]
            return self._ciphers[tag].decrypt(nonce, box, owner.encode()).decode()
        except (KeyError, InvalidTag, ValueError, binascii.Error):
            raise Unavailable(
                "secret_unreadable",
                f"a stored secret of {owner} cannot be decrypted",
                hint="start with the key file the secret was sealed with, or set the secret again",
            ) from None
