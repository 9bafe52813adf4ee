from typing import ClassVar

import pytest

from eventyard.model.errors import Invalid, Unauthenticated, Unavailable
from eventyard.ports import Request, Verified
from eventyard.testing.contracts.verifier import BODY, NOW, TimestampContract
from eventyard.verifiers.standard_webhooks import StandardWebhooksVerifier
from eventyard.wire.signatures import sign_webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PUBLISHED = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
PUBLISHED_BODY = b'{"test": 2432232314}'
PUBLISHED_AT = 1_614_265_330_000


def verify(headers: dict[str, str], *secrets: str) -> Verified:
    request = Request(PUBLISHED | headers, PUBLISHED_BODY, PUBLISHED_AT)
    return StandardWebhooksVerifier().verify(request, {}, secrets or (SECRET,))


class TestStandardWebhooks(TimestampContract):
    verifier = StandardWebhooksVerifier()
    proof = "webhook-signature"
    prefix = "webhook"

    def request(self, secret: str, body: bytes = BODY, now: int = NOW) -> Request:
        timestamp = str(now // 1000)
        headers = {"id": "msg_1", "timestamp": timestamp, "signature": sign_webhook(secret, "msg_1", timestamp, body)}
        return Request({f"{self.prefix}-{name}": value for name, value in headers.items()}, body, now)

    @pytest.mark.parametrize("name", ["id", "timestamp"])
    def test_without_id_or_timestamp_nothing_can_be_proven(self, name: str) -> None:
        genuine = self.request(self.secret)
        headers = {header: value for header, value in genuine.headers.items() if header != f"{self.prefix}-{name}"}
        refused = self.refusal(Request(headers, genuine.body, genuine.now))
        assert (refused.code, refused.pointer) == ("signature_missing", f"{self.prefix}-{name}")


class TestHeadersOfSvix(TestStandardWebhooks):
    settings: ClassVar = {"header_prefix": "svix"}
    proof = "svix-signature"
    prefix = "svix"


def test_the_published_example_passes() -> None:
    assert verify({}) == Verified("msg_p5jXN8AQM9LWM0D4loKWxJek", None, PUBLISHED["webhook-signature"])


def test_the_type_is_read_from_the_body() -> None:
    signature = sign_webhook(SECRET, "msg_1", str(NOW // 1000), BODY)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(NOW // 1000), "webhook-signature": signature}
    verified = StandardWebhooksVerifier().verify(Request(headers, BODY, NOW), {}, (SECRET,))
    assert verified == Verified("msg_1", "order.created", signature)


@pytest.mark.parametrize(
    "signatures",
    [
        "v1,AAAA {} v1,BBBB",
        "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg== {}",
        "v2,{0} nonsense {0}",
    ],
)
def test_one_matching_v1_among_many_signatures_is_enough(signatures: str) -> None:
    genuine = PUBLISHED["webhook-signature"]
    assert verify({"webhook-signature": signatures.format(genuine)}).signature == genuine


@pytest.mark.parametrize(
    "signatures", ["g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "v1", "v1a,AAAA", "v1=AAAA", ","]
)
def test_without_a_v1_there_is_no_signature(signatures: str) -> None:
    with pytest.raises(Unauthenticated, match="no signature of version v1") as refused:
        verify({"webhook-signature": signatures})
    assert refused.value.code == "signature_invalid"


@pytest.mark.parametrize(
    ("header", "value", "why"),
    [
        ("webhook-id", "msg_other", "no v1 signature matches"),
        ("webhook-id", "\ud800", "no v1 signature matches"),
        ("webhook-timestamp", "1614265331", "no v1 signature matches"),
        ("webhook-timestamp", "now", "it must be unix seconds"),
        ("webhook-timestamp", "-1614265330", "it must be unix seconds"),
        ("webhook-timestamp", "1614265330.0", "it must be unix seconds"),
    ],
)
def test_id_and_timestamp_are_signed(header: str, value: str, why: str) -> None:
    with pytest.raises(Unauthenticated, match=why):
        verify({header: value})


def test_a_secret_that_is_no_base64_is_our_side_set_up_wrongly() -> None:
    with pytest.raises(Unavailable) as refused:
        verify({}, "whsec_not base64")
    assert refused.value.code == "signature_misconfigured"


@pytest.mark.parametrize("secret", ["whsec_!!!", "whsec_", "whsec_a", "any other text", "größe", "whpk_MDEyMw=="])
def test_a_secret_that_is_no_base64_is_refused_when_it_is_written(secret):
    with pytest.raises(Invalid) as refused:
        StandardWebhooksVerifier().check(secret)
    assert (refused.value.code, refused.value.pointer) == ("invalid_settings", "/secret")
    assert "base64" in refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize("secret", [SECRET, SECRET.removeprefix("whsec_"), "MDEyMw==", "MDEyMw"])
def test_a_secret_in_base64_can_be_used_with_or_without_the_prefix(secret):
    StandardWebhooksVerifier().check(secret)


def test_the_published_example_passes_by_the_secret_without_its_prefix() -> None:
    assert verify({}, SECRET.removeprefix("whsec_")).key == "msg_p5jXN8AQM9LWM0D4loKWxJek"


def test_a_secret_that_cannot_be_read_is_passed_over_beside_one_that_can() -> None:
    assert verify({}, SECRET, "plain text!") == verify({}, SECRET)
    assert verify({}, "plain text!", SECRET) == verify({}, SECRET)
    with pytest.raises(Unavailable) as refused:
        verify({}, "plain text!")
    assert refused.value.code == "signature_misconfigured"
