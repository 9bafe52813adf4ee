from eventyard.ports import Request, Verified
from eventyard.testing.contracts.verifier import BODY, NOW, VerifierContract
from eventyard.verifiers.none import NoVerifier


class TestNone(VerifierContract):
    verifier = NoVerifier()

    def request(self, secret: str, body: bytes = BODY, now: int = NOW) -> Request:
        return Request({}, body, now)


def test_it_wants_nothing_and_learns_nothing() -> None:
    assert not NoVerifier.needs_secret
    assert NoVerifier().verify(Request({}, b"", NOW), {}, ()) == Verified()
