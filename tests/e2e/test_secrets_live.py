"""A secret that came in is never seen again: not in an answer, not in the log, not in the data directory.

Also when the request that brought it was wrong, when a receiver sends back what it was sent, and after the key that
secrets are encrypted with was changed.
"""

import hashlib
import hmac
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from eventyard.cli.demo.child import Child

MARK = "unseen"
"""Stands in every secret."""

SIGNING, NEWER = f"{MARK}-signing-secret", f"{MARK}-newer-secret"
AUTHORIZATION = f"Bearer {MARK}-token"
WHSEC = "whsec_" + b64encode(MARK.encode() * 5).decode()
PASSWORD = f"{MARK}-password"
SEEN_AS = (MARK, b64encode(MARK.encode() * 5).decode())

DEBUG = {"EVENTYARD_LOG__LEVEL": "debug", "EVENTYARD_BOOTSTRAP_PASSWORD": PASSWORD}

MISTAKES = [
    ("/v1/event-sources", {"name": "x", "signature_secret": SIGNING}),
    ("/v1/event-sources", {"name": "x", "signature_algorithm": "hmac-sha256", "signature_secret": [SIGNING]}),
    ("/v1/event-sources", {"name": "x", "signature_algorithm": "hmac-sha256", "signature_secrt": SIGNING}),
    ("/v1/targets", {"name": "x", "type": "webhook", "settings": {"url": "http://x", "secret": "!" + SIGNING}}),
    ("/v1/targets", {"name": "x", "type": "webhook", "settings": {"url": "http://x", "secret": [WHSEC]}}),
    ("/v1/targets", {"name": "x", "type": "webhook", "settings": {"url": "x", "authorization": AUTHORIZATION}}),
    ("/v1/targets", {"name": "x", "type": "webhook", "settings": {"url": "http://x", "authorisation": AUTHORIZATION}}),
    ("/v1/targets", {"name": "x", "type": "job", "settings": {"authorization": AUTHORIZATION}}),
]


class Ear:
    """Keeps everything that the hub answered."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def client(self, hub: Child) -> httpx.Client:
        headers = {"authorization": f"Bearer {hub.key}"}
        return httpx.Client(base_url=hub.url, headers=headers, timeout=60, event_hooks={"response": [self.hear]})

    def hear(self, answer: httpx.Response) -> None:
        answer.read()
        self.heard.append(f"{answer.request.method} {answer.request.url} {answer.headers} {answer.text}")


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "data"


def signature(secret: str, body: bytes) -> dict[str, str]:
    signed = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Signature": signed, "content-type": "application/json"}


def test_no_secret_is_seen_again(data: Path) -> None:
    ear = Ear()
    with Child(data, "127.0.0.1:0", DEBUG) as hub, ear.client(hub) as client:
        signed = {"signature_algorithm": "hmac-sha256", "signature_header": "X-Signature", "signature_secret": SIGNING}
        source = client.post("/v1/event-sources", json={"name": "signed", **signed}).json()
        url = f"{hub.url}/in/{source['id']}"
        settings = {"url": url, "secret": WHSEC, "authorization": AUTHORIZATION}
        target = client.post("/v1/targets", json={"name": "t", "type": "webhook", "settings": settings}).json()
        assert target["settings"]["secret"] == target["settings"]["authorization"] == {"set": True}
        for path, body in MISTAKES:
            assert 400 <= client.post(path, json=body).status_code < 500
        rotated = client.post(f"/v1/sources/{source['id']}/rotate-secret", json={"secret": NEWER})
        assert rotated.status_code == 200
        wrong = httpx.BasicAuth("admin", PASSWORD + "x")
        assert client.get("/v1/keys", auth=wrong).status_code == 401
        assert client.get("/v1/keys", auth=httpx.BasicAuth("admin", PASSWORD)).status_code == 200
        subscribed = {"target_type": "webhook", "target_id": target["id"]}
        client.post(f"/v1/event-sources/{source['id']}/subscribe", json=subscribed)
        for secret in (SIGNING, NEWER):
            body = b'{"by": %d}' % len(secret)
            assert client.post(url, content=body, headers=signature(secret, body)).status_code == 202
        for noun in ("event-sources", "sources", "targets", "subscriptions", "keys", "events", "deliveries"):
            for record in client.get(f"/v1/{noun}").json():
                client.get(f"/v1/{noun if noun != 'deliveries' else 'events'}/{record.get('id') or record['entry_id']}")
        client.get("/metrics")
        client.get("/openapi.json")
    told = [answer for answer in ear.heard if any(word in answer for word in SEEN_AS)]
    assert not told
    assert len(ear.heard) > 30
    kept = [path.name for path in data.iterdir() if any(word.encode() in path.read_bytes() for word in SEEN_AS)]
    assert not kept
    assert not [path.name for path in data.iterdir() if hub.key.encode() in path.read_bytes()]


@pytest.mark.parametrize("options", [[], ["--forget"]], ids=["keeping the old key", "forgetting it"])
def test_secrets_outlive_the_key_they_are_encrypted_with(data: Path, options: list[str]) -> None:
    rotate = [sys.executable, "-m", "eventyard.cli", "secrets", "rotate", "--data", str(data), *options]
    ear = Ear()
    with Child(data, "127.0.0.1:0") as hub, ear.client(hub) as client:
        signed = {"signature_algorithm": "hmac-sha256", "signature_header": "X-Signature", "signature_secret": SIGNING}
        source = client.post("/v1/event-sources", json={"name": "signed", **signed}).json()
        refused = subprocess.run(rotate, capture_output=True, text=True, timeout=60, check=False)
        assert (refused.returncode, "another process holds" in refused.stderr) == (1, True)
    before = (data / "secrets.key").read_bytes()
    changed = subprocess.run(rotate, capture_output=True, text=True, timeout=60, check=False)
    assert changed.returncode == 0, changed.stderr
    assert (data / "secrets.key").read_bytes() != before
    assert (data / "secrets.key").stat().st_mode & 0o777 == 0o600
    with Child(data, "127.0.0.1:0") as again:
        body = b'{"order": 1}'
        answer = httpx.post(f"{again.url}/in/{source['id']}", content=body, headers=signature(SIGNING, body))
        assert answer.status_code == 202
