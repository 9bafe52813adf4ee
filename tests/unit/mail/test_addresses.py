import pytest

from eventyard.mail.addresses import mailbox


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("ops@example.com", "ops@example.com"),
        (" ops+night@mail.example.com ", "ops+night@mail.example.com"),
        ("ops@localhost", "ops@localhost"),
        ("ops@BÜCHER.example", "ops@xn--bcher-kva.example"),
        ("ops@straße.example", "ops@xn--strae-oqa.example"),
        ("jürg@example.com", "jürg@example.com"),
    ],
)
def test_an_address_has_its_domain_in_ascii(written, told):
    assert mailbox(written) == told


@pytest.mark.parametrize(
    "written",
    [
        "", "ops", "@example.com", "ops@", "a b@example.com", "ops@exa mple.com", "ops@example..com",
        "ops@example.com>\r\nRCPT TO:<other@example.com", "ops@example.com\nBcc: other@example.com",
        "a@example.com,b@example.com", '"a b"@example.com', "Ops <ops@example.com>", "ops@[127.0.0.1]",
        "ops\u2028@example.com", "ops\x00@example.com", "o" * 65 + "@example.com", "ops@" + "ü" * 70 + ".example",
    ],
)  # fmt: skip
def test_what_could_end_a_header_or_a_command_is_no_address(written):
    with pytest.raises(ValueError, match="is not a mail address"):
        mailbox(written)
