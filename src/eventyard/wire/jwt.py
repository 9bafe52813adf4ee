"""JSON Web Tokens (RFC 7519) in the compact form of JWS (RFC 7515), and the keys they are signed with (RFC 7517).

Two algorithms: ES256 for what is given out here, HS256 for what another system gave out (RFC 7518, 3.4 and 3.2). Which
one it is, the key says; a token whose header says otherwise is none (RFC 8725, 3.1). Every character of a token counts:
base64url that is not in its one canonical form is refused.

Knows no subject and no clock. What the claims mean is for ``pipeline/identity/tokens.py`` to say.
"""

import base64
import binascii
import hmac
import math
from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from msgspec import Struct

from eventyard.model.ids import Millis

MOST_CHARACTERS = 8192
"""The longest token that is looked at."""

_COORDINATE = 32
_ES256 = ec.ECDSA(SHA256())


class JwtError(Exception):
    """The text is not a token that this key signed."""


class JwtExpired(JwtError):
    """It is one, and its time is over."""


class Key(Struct, frozen=True):
    """A key that says what it is for. ``material`` signs and verifies, unless it is the public half of one."""

    id: str
    algorithm: Literal["ES256", "HS256"]
    material: ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey | bytes

    @property
    def public(self) -> "Key":
        """The half that may be shown, of a key that has two."""
        if not isinstance(self.material, ec.EllipticCurvePrivateKey):
            raise TypeError(f"an {self.algorithm} key like this has no public half")
        return Key(self.id, self.algorithm, self.material.public_key())


class _Header(Struct):
    alg: str
    kid: str | None = None
    crit: Any = msgspec.UNSET


class _Times(Struct):
    exp: float | None = None
    nbf: float | None = None


_header = msgspec.json.Decoder(_Header).decode
_times = msgspec.json.Decoder(_Times).decode
_claims = msgspec.json.Decoder(dict[str, Any]).decode


# Keys


def new_key(key_id: str) -> Key:
    """A fresh key for ES256."""
    return Key(key_id, "ES256", ec.generate_private_key(ec.SECP256R1()))


def shared_key(key_id: str, secret: str) -> Key:
    """The key of another system, for HS256."""
    return Key(key_id, "HS256", secret.encode())


def jwk_of(key: Key) -> dict[str, str]:
    """A key for ES256 as a JSON Web Key; the private half too, if it has one (RFC 7518, 6.2)."""
    material = key.material
    if isinstance(material, bytes):
        raise TypeError("a shared secret is not published")
    public = material.public_key() if isinstance(material, ec.EllipticCurvePrivateKey) else material
    point = public.public_numbers()
    jwk = {"kty": "EC", "crv": "P-256", "x": _coordinate(point.x), "y": _coordinate(point.y)}
    if isinstance(material, ec.EllipticCurvePrivateKey):
        jwk["d"] = _coordinate(material.private_numbers().private_value)
    return {**jwk, "kid": key.id, "alg": key.algorithm, "use": "sig"}


def key_of(jwk: Mapping[str, str]) -> Key:
    """The key in a JSON Web Key of :func:`jwk_of`. Raises :class:`JwtError` for any other."""
    try:
        if (jwk["kty"], jwk["crv"], jwk["alg"]) != ("EC", "P-256", "ES256"):
            raise JwtError("this JSON Web Key is not for ES256")
        numbers = ec.EllipticCurvePublicNumbers(_number(jwk["x"]), _number(jwk["y"]), ec.SECP256R1())
        if "d" not in jwk:
            return Key(jwk["kid"], "ES256", numbers.public_key())
        return Key(jwk["kid"], "ES256", ec.EllipticCurvePrivateNumbers(_number(jwk["d"]), numbers).private_key())
    except (KeyError, ValueError) as error:
        raise JwtError(f"this is not a JSON Web Key: {error}") from None


def _coordinate(number: int) -> str:
    return _encode(number.to_bytes(_COORDINATE, "big"))


def _number(text: str) -> int:
    return int.from_bytes(_decode(text), "big")


# Tokens


def sign(claims: Mapping[str, Any], key: Key) -> str:
    """The token that says so, with the key's id in its header."""
    header = msgspec.json.encode({"alg": key.algorithm, "typ": "JWT", "kid": key.id})
    signed = f"{_encode(header)}.{_encode(msgspec.json.encode(claims))}"
    return f"{signed}.{_encode(_signature(signed.encode(), key))}"


def key_id_of(text: str) -> str | None:
    """Which key a token says that it is signed with, which is not proven by that. Raises :class:`JwtError`."""
    return _head(_parts(text)[0]).kid


def verify(text: str, key: Key, now: Millis) -> dict[str, Any]:
    """The claims of a token that the key signed, and that counts now.

    Raises :class:`JwtError`, or :class:`JwtExpired` for one that has been good.
    """
    head, body, signature = _parts(text)
    header = _head(head)
    if header.alg != key.algorithm or header.crit is not msgspec.UNSET:
        raise JwtError(f"the token is not one for {key.algorithm}")
    payload, proof = _decode(body), _decode(signature)
    if not _is_signed(text.rpartition(".")[0].encode(), proof, key):
        raise JwtError("the signature of the token is not right")
    try:
        claims, times = _claims(payload), _times(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise JwtError("the claims of the token cannot be read") from None
    if times.nbf is not None and not now / 1000 >= times.nbf:
        raise JwtError("the token does not count yet")
    if times.exp is not None and not now / 1000 < times.exp:
        raise JwtExpired("the token has expired")
    return claims


def expires_at(claims: Mapping[str, Any]) -> Millis | None:
    """When a verified token ends; ``None``: never."""
    seconds = claims.get("exp")
    return None if seconds is None else math.floor(seconds * 1000)


def _parts(text: str) -> tuple[str, str, str]:
    parts = text.split(".") if len(text) <= MOST_CHARACTERS else []
    if len(parts) != 3:
        raise JwtError("that is no token: it has not three parts")
    return parts[0], parts[1], parts[2]


def _head(part: str) -> _Header:
    try:
        return _header(_decode(part))
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise JwtError("the header of the token cannot be read") from None


def _signature(signed: bytes, key: Key) -> bytes:
    if isinstance(key.material, bytes):
        return hmac.digest(key.material, signed, "sha256")
    if not isinstance(key.material, ec.EllipticCurvePrivateKey):
        raise TypeError("the public half of a key signs nothing")
    r, s = decode_dss_signature(key.material.sign(signed, _ES256))
    return r.to_bytes(_COORDINATE, "big") + s.to_bytes(_COORDINATE, "big")


def _is_signed(signed: bytes, signature: bytes, key: Key) -> bool:
    if isinstance(key.material, bytes):
        return hmac.compare_digest(_signature(signed, key), signature)
    if len(signature) != 2 * _COORDINATE:
        return False
    r, s = (int.from_bytes(half, "big") for half in (signature[:_COORDINATE], signature[_COORDINATE:]))
    public = key.material.public_key() if isinstance(key.material, ec.EllipticCurvePrivateKey) else key.material
    try:
        public.verify(encode_dss_signature(r, s), signed, _ES256)
    except InvalidSignature:
        return False
    return True


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(text: str) -> bytes:
    """The bytes of base64url without padding (RFC 7515, 2), if it is in the one form that they have."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise JwtError("the token is not base64url") from None
    if _encode(raw) != text:
        raise JwtError("the token is not base64url in its canonical form")
    return raw
