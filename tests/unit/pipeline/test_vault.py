import pytest

from eventyard.model.errors import Unavailable
from eventyard.model.sealed import Sealed
from eventyard.pipeline.vault import Vault

OLD, NEW = b"o" * 32, b"n" * 32


def test_what_is_sealed_opens_again_and_does_not_show_the_secret():
    vault = Vault([OLD])
    sealed = vault.seal("whsec_top", "source-1", expires_at=7)
    assert vault.open(sealed, "source-1") == "whsec_top"
    assert sealed.expires_at == 7
    assert "whsec_top" not in sealed.box


def test_the_same_secret_sealed_twice_looks_different():
    vault = Vault([OLD])
    assert vault.seal("s", "a").box != vault.seal("s", "a").box


@pytest.mark.parametrize(
    ("keys", "owner", "spoil"),
    [
        ([NEW], "source-1", lambda box: box),
        ([OLD], "source-2", lambda box: box),
        ([OLD], "source-1", lambda box: box[:-4] + "AAA="),
        ([OLD], "source-1", lambda box: "not base64!"),
        ([OLD], "source-1", lambda box: ""),
    ],
)
def test_under_another_key_for_another_owner_or_damaged_it_stays_shut(keys, owner, spoil):
    sealed = Vault([OLD]).seal("secret", "source-1")
    with pytest.raises(Unavailable) as refused:
        Vault(keys).open(Sealed(spoil(sealed.box)), owner)
    assert refused.value.code == "secret_unreadable"


def test_after_a_rotation_old_secrets_open_and_new_ones_are_sealed_with_the_new_key():
    old = Vault([OLD]).seal("secret", "s")
    rotated = Vault([NEW, OLD])
    assert rotated.open(old, "s") == "secret"
    fresh = rotated.seal("secret", "s")
    assert Vault([NEW]).open(fresh, "s") == "secret"


@pytest.mark.parametrize("keys", [[], [b"short"]])
def test_a_vault_without_a_usable_key_is_refused(keys):
    with pytest.raises(ValueError, match="32 bytes"):
        Vault(keys)
