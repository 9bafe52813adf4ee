"""A secret at rest, as catalog records hold it. Who seals and opens it is ``pipeline/vault.py``."""

from msgspec import Struct

from eventyard.model.ids import Millis


class Sealed(Struct, frozen=True):
    """A secret as it lies on disk: AES-GCM nonce and ciphertext in base64, and until when it counts.

    ``expires_at`` is set on the older of two secrets when a new one takes over; ``None`` means for good.
    """

    box: str
    expires_at: Millis | None = None
