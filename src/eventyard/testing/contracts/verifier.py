"""What every verification scheme keeps: the contract suite of :class:`eventyard.ports.Verifier`.

A scheme's test subclasses the class that fits it and says how a genuine request is made; pytest runs the rest:

    VerifierContract          every scheme
    └── CredentialContract    … that knows the sender by a secret (``needs_secret``)
        └── SignatureContract … by which the sender signs the body
            └── TimestampContract … and the moment
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from eventyard.model.errors import HubError, Unauthenticated, Unavailable
from eventyard.model.ids import Millis
from eventyard.ports import Request, Verified, Verifier

NOW: Millis = 1_767_323_045_678
BODY = b'{"id":"evt_1","type":"order.created","action":"opened","data":{"total":1.50}}'

GARBAGE = (
    "",
    " ",
    ",",
    "=",
    "v1",
    "v1,",
    "t=1",
    "sha256=",
    "sha256=" + "é" * 64,
    "Bearer",
    "Basic ?",
    "\x00",
    "ÿ",
    "9" * 99,
)
"""Header values that no honest sender sends."""


class VerifierContract(ABC):
    """Every scheme. ``request`` makes a genuine one."""

    verifier: Verifier
    settings: ClassVar[Mapping[str, Any]] = {}
    secret = ""

    @abstractmethod
    def request(self, secret: str, body: bytes = BODY, now: Millis = NOW) -> Request:
        """A request as the sender makes it who holds this secret, at this moment; header names in lower case."""

    def verify(self, request: Request, *secrets: str) -> Verified:
        """What the scheme says of the request, by these live secrets or the suite's own."""
        return self.verifier.verify(request, self.settings, secrets or (self.secret,))

    def refusal(self, request: Request, *secrets: str) -> Unauthenticated:
        """How the scheme refuses the request."""
        with pytest.raises(Unauthenticated) as refused:
            self.verify(request, *secrets)
        return refused.value

    def test_it_introduces_itself(self) -> None:
        """The name is one for URLs and settings, and there is a sentence for people."""
        assert self.verifier.scheme.replace("-", "").isalnum()
        assert self.verifier.scheme == self.verifier.scheme.lower()
        assert self.verifier.summary

    def test_every_setting_is_explained_and_none_is_a_secret(self) -> None:
        """Secrets are the source's, where they are rotated; a setting is shown to whoever may read the source."""
        for setting in self.verifier.settings:
            assert setting.title
            assert setting.help
            assert setting.schema
            assert not setting.secret
            assert setting.required or setting.default is not None

    def test_a_genuine_request_passes(self) -> None:
        """And again, as it holds nothing from one call to the next."""
        request = self.request(self.secret)
        assert self.verify(request) == self.verify(request)

    @pytest.mark.parametrize("garbage", GARBAGE)
    def test_garbage_in_any_header_is_no_other_error(self, garbage: str) -> None:
        """Each header of a genuine request in turn."""
        genuine = self.request(self.secret)
        for name in genuine.headers:
            request = Request({**genuine.headers, name: garbage}, genuine.body, genuine.now)
            try:
                self.verify(request)
            except HubError as error:
                assert isinstance(error, Unauthenticated)


class CredentialContract(VerifierContract):
    """A scheme that knows the sender by a secret; ``proof`` is the header that holds the proof, in lower case."""

    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    other_secret = "whsec_b3RoZXIgc2VjcmV0LCBvdGhlciBzZW5kZXI="
    third_secret = "whsec_dGhpcmQgc2VjcmV0LCB0aGlyZCBzZW5kZXIh"
    proof: str

    def test_it_asks_for_a_secret(self) -> None:
        """So that a source without one is found out when it is set up."""
        assert self.verifier.needs_secret

    def test_without_the_header_the_refusal_names_it(self) -> None:
        """The code is signature_missing."""
        genuine = self.request(self.secret)
        headers = {name: value for name, value in genuine.headers.items() if name != self.proof}
        refused = self.refusal(Request(headers, genuine.body, genuine.now))
        assert refused.code == "signature_missing"
        assert self.proof in refused.message.lower()

    def test_another_secret_proves_nothing(self) -> None:
        """And the refusal tells nothing that helps to guess."""
        genuine = self.request(self.secret)
        refused = self.refusal(self.request(self.other_secret))
        assert refused.code == "signature_invalid"
        assert self.secret not in refused.message
        assert genuine.headers[self.proof] not in refused.message

    def test_while_a_secret_is_rotated_both_count(self) -> None:
        """Newest first, and no other."""
        assert self.verify(self.request(self.secret), self.other_secret, self.secret)
        assert self.verify(self.request(self.secret), self.secret, self.other_secret)
        refused = self.refusal(self.request(self.secret), self.other_secret, self.third_secret)
        assert refused.code == "signature_invalid"

    @pytest.mark.parametrize("secrets", [(), ("",), ("", "")])
    def test_without_a_secret_it_is_our_side_that_is_set_up_wrongly(self, secrets: tuple[str, ...]) -> None:
        """An empty secret would let everyone in who knows that it is empty."""
        with pytest.raises(Unavailable) as refused:
            self.verifier.verify(self.request(self.secret), self.settings, secrets)
        assert refused.value.code == "signature_misconfigured"


class SignatureContract(CredentialContract):
    """A scheme in which the sender signs the body."""

    @pytest.mark.parametrize("body", [BODY + b" ", BODY.replace(b"1.50", b"9.50"), BODY[:-1], b""])
    def test_any_other_body_is_refused(self, body: bytes) -> None:
        """One byte is enough."""
        genuine = self.request(self.secret)
        assert self.refusal(Request(genuine.headers, body, genuine.now)).code == "signature_invalid"

    @pytest.mark.parametrize("body", [b"", b"\x00\xff", b"[" * 100_000, b'{"id":5,"type":[],"action":{}}', b"null"])
    def test_any_body_can_be_signed(self, body: bytes) -> None:
        """What the body says of itself is read after it is proven, and may be nothing."""
        assert self.verify(self.request(self.secret, body)).signature

    def test_the_signature_is_the_same_for_the_same_message_and_no_other(self) -> None:
        """It is what the replay guard knows a message by, so a rotation between two deliveries must not change it."""
        first = self.verify(self.request(self.secret)).signature
        assert first
        assert self.verify(self.request(self.secret), self.other_secret, self.secret).signature == first
        assert self.verify(self.request(self.secret, BODY + b" ")).signature != first

    def test_a_header_cannot_be_altered_so_that_it_names_the_message_otherwise(self) -> None:
        """Whatever is appended or put before the proof, it is refused or the signature stays what it was."""
        genuine = self.request(self.secret)
        proof = genuine.headers[self.proof]
        for altered in (proof + " ", proof + ",v1=00", proof + " v1,AAAA", "v1=00," + proof, "v1,AAAA " + proof):
            request = Request({**genuine.headers, self.proof: altered}, genuine.body, genuine.now)
            try:
                assert self.verify(request).signature == self.verify(genuine).signature
            except Unauthenticated as refused:
                assert refused.code == "signature_invalid"


class TimestampContract(SignatureContract):
    """A scheme that signs the moment too; ``tolerance_seconds`` is 300 unless the source says otherwise."""

    @pytest.mark.parametrize("late_ms", [-300_000, 0, 300_000])
    def test_within_the_tolerance_it_passes(self, late_ms: int) -> None:
        """Clocks differ both ways."""
        genuine = self.request(self.secret, BODY, NOW // 1000 * 1000)
        assert self.verify(Request(genuine.headers, genuine.body, genuine.now + late_ms))

    @pytest.mark.parametrize("late_ms", [-301_000, 301_000, 86_400_000])
    def test_beyond_the_tolerance_it_is_expired(self, late_ms: int) -> None:
        """The code is signature_expired."""
        genuine = self.request(self.secret)
        assert self.refusal(Request(genuine.headers, genuine.body, genuine.now + late_ms)).code == "signature_expired"

    def test_the_tolerance_is_a_setting(self) -> None:
        """In seconds."""
        genuine = self.request(self.secret)
        late = Request(genuine.headers, genuine.body, genuine.now + 900_000)
        assert self.verifier.verify(late, {**self.settings, "tolerance_seconds": 1_000}, (self.secret,))
        with pytest.raises(Unauthenticated, match="the source allows 60 s"):
            self.verifier.verify(late, {**self.settings, "tolerance_seconds": 60}, (self.secret,))

    def test_only_the_genuine_learn_that_they_are_late(self) -> None:
        """A forged signature is invalid, at any time."""
        forged = self.request(self.other_secret)
        assert self.refusal(Request(forged.headers, forged.body, NOW + 86_400_000)).code == "signature_invalid"
