from eventyard.wire.amqp.events import Login, SecretUpdate


def test_what_is_logged_of_a_login_or_a_renewal_is_not_the_secret() -> None:
    assert repr(Login("PLAIN", "alice", "open sesame", {})) == "Login('PLAIN', user='alice')"
    assert repr(SecretUpdate("open sesame", "renewed")) == "SecretUpdate(reason='renewed')"
