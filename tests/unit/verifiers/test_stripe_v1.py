import pytest

from eventyard.model.errors import Unauthenticated
from eventyard.ports import Request, Verified
from eventyard.testing.contracts.verifier import BODY, NOW, TimestampContract
from eventyard.verifiers.stripe_v1 import StripeV1Verifier
from eventyard.wire.signatures import sign_stripe, stripe_header

SECONDS = str(NOW // 1000)


def stripe(*secrets: str, body: bytes = BODY) -> Request:
    header = stripe_header(SECONDS, [sign_stripe(secret, SECONDS, body) for secret in secrets])
    return Request({"stripe-signature": header}, body, NOW)


class TestStripe(TimestampContract):
    verifier = StripeV1Verifier()
    proof = "stripe-signature"

    def request(self, secret: str, body: bytes = BODY, now: int = NOW) -> Request:
        timestamp = str(now // 1000)
        header = stripe_header(timestamp, [sign_stripe(secret, timestamp, body)])
        return Request({"stripe-signature": header}, body, now)


def test_id_and_type_are_read_from_the_body() -> None:
    assert StripeV1Verifier().verify(stripe("s3cret"), {}, ("s3cret",)) == Verified(
        "evt_1", "order.created", f"t={SECONDS},v1={sign_stripe('s3cret', SECONDS, BODY)}"
    )


def test_while_stripe_rolls_the_secret_one_of_two_signatures_is_enough() -> None:
    both = StripeV1Verifier().verify(stripe("new", "old"), {}, ("old",))
    assert both == StripeV1Verifier().verify(stripe("old"), {}, ("old",))


def test_another_timestamp_is_not_signed() -> None:
    genuine = stripe("s3cret").headers["stripe-signature"]
    altered = genuine.replace(SECONDS, str(int(SECONDS) + 1))
    with pytest.raises(Unauthenticated, match="no v1 signature matches"):
        StripeV1Verifier().verify(Request({"stripe-signature": altered}, BODY, NOW), {}, ("s3cret",))


@pytest.mark.parametrize(
    "header", ["v1=00", "t=x,v1=00", f"t={SECONDS}", f"t={SECONDS},v0=00", "hello", "t=1,t=2,v1=00"]
)
def test_a_header_of_another_form_is_invalid_and_says_why(header: str) -> None:
    with pytest.raises(Unauthenticated, match=r"Stripe-Signature: it (has|is) n") as refused:
        StripeV1Verifier().verify(Request({"stripe-signature": header}, BODY, NOW), {}, ("s3cret",))
    assert refused.value.code == "signature_invalid"
