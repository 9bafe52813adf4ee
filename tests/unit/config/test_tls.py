import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from eventyard.config import ConfigError, Settings
from eventyard.config.tls import tls_of
from tests.interop.certificates import Authority

NO_KEY = "it holds no key of the certificate, in PEM and without a password"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def with_files(**files: Path) -> Settings:
    return Settings.model_validate({"tls": files})


def refused(**files: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        tls_of(with_files(**files))
    return str(caught.value)


def test_a_certificate_with_its_key_makes_a_context_that_asks_clients_for_none(authority: Authority) -> None:
    context = tls_of(with_files(certificate=authority.certify("hub")))
    assert context is not None
    assert context.verify_mode is ssl.CERT_NONE


def test_the_key_may_be_in_a_file_of_its_own(authority: Authority, tmp_path: Path) -> None:
    certificate, begin, key = authority.certify("hub").read_text().partition("-----BEGIN PRIVATE KEY-----")
    (tmp_path / "certificate").write_text(certificate)
    (tmp_path / "key").write_text(begin + key)
    assert tls_of(with_files(certificate=tmp_path / "certificate", key=tmp_path / "key")) is not None


def test_with_an_authority_of_clients_their_certificates_are_taken(authority: Authority) -> None:
    context = tls_of(with_files(certificate=authority.certify("hub"), client_ca=authority.file))
    assert context is not None
    assert context.verify_mode is ssl.CERT_OPTIONAL
    assert len(context.get_ca_certs()) == 1


def test_without_a_certificate_there_is_no_context() -> None:
    assert tls_of(Settings()) is None


def test_a_port_with_tls_needs_a_certificate() -> None:
    with pytest.raises(ConfigError, match=r"amqps needs tls\.certificate"):
        tls_of(Settings.model_validate({"amqps": "127.0.0.1:0"}))


@pytest.mark.parametrize("name", ["key", "client_ca"])
def test_what_goes_with_a_certificate_is_nothing_without_one(authority: Authority, name: str) -> None:
    assert refused(**{name: authority.certify("hub")}) == "tls.key and tls.client_ca need tls.certificate"


@pytest.mark.parametrize("name", ["certificate", "key", "client_ca"])
def test_a_file_that_is_not_there_is_told_with_its_setting(authority: Authority, tmp_path: Path, name: str) -> None:
    files = {"certificate": authority.certify("hub"), name: tmp_path / "none"}
    assert refused(**files) == (
        f"setting 'tls.{name}' (EVENTYARD_TLS__{name.upper()}): cannot use {tmp_path}/none: No such file or directory"
    )


@pytest.mark.parametrize("name", ["certificate", "client_ca"])
def test_a_file_without_a_certificate_is_told_with_its_setting(authority: Authority, tmp_path: Path, name: str) -> None:
    (tmp_path / "text").write_text("no certificate")
    assert f"'tls.{name}'" in (said := refused(**{"certificate": authority.certify("hub"), name: tmp_path / "text"}))
    assert said.endswith("it holds no certificate in PEM")


def test_a_certificate_without_its_key_or_with_that_of_another_is_refused(authority: Authority) -> None:
    assert refused(certificate=authority.file).endswith(NO_KEY)
    said = refused(certificate=authority.certify("hub"), key=authority.certify("other"))
    assert "'tls.key'" in said and said.endswith(NO_KEY)


def test_a_key_with_a_password_is_refused_and_nobody_is_asked_for_it(authority: Authority, tmp_path: Path) -> None:
    certificate = authority.certify("hub")
    key = load_pem_private_key(certificate.read_bytes(), None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    (tmp_path / "locked").write_bytes(locked)
    assert refused(certificate=certificate, key=tmp_path / "locked").endswith(NO_KEY)
