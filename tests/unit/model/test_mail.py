from eventyard.model.mail import MailError


def test_an_error_is_temporary_while_there_is_somebody_whom_another_try_may_reach():
    assert MailError("450 greylisted", again=["ops@example.com"]).temporary
    assert not MailError("550 no such user").temporary
