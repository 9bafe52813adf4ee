from typing import Any

import pytest

from eventyard.config.sections import EventhosSettings, InformaticaSettings, LimitSettings, SmtpSettings


def test_what_eventhos_asks_of_an_operator_is_checked() -> None:
    given = EventhosSettings.model_validate({"success_code": "20000", "time_zone": "America/Lima"})
    assert (given.success_code, given.time_zone, given.token_minutes) == (20_000, "America/Lima", 24 * 60)
    for wrong in ({"success_code": 200}, {"time_zone": "Nowhere/Land"}, {"token_minutes": 24 * 60 + 1}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            EventhosSettings.model_validate(wrong)


def test_what_informatica_asks_of_an_operator_is_checked() -> None:
    given = InformaticaSettings.model_validate({"invalid_filter_status": "400", "time_zone": "Asia/Kolkata"})
    assert (given.invalid_filter_status, given.cih_calls_per_minute) == (400, 5)
    for wrong in ({"invalid_filter_status": 422}, {"time_zone": "Mars/Olympus"}, {"max_results": 0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            InformaticaSettings.model_validate(wrong)


@pytest.mark.parametrize("wrong", [{"body_bytes": 0}, {"depth": "deep"}, {"no_such": 1}])
def test_a_bound_is_a_number_above_nothing_and_one_that_is_there(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        LimitSettings.model_validate(wrong)


def test_a_password_does_not_show() -> None:
    assert "hunter2" not in repr(SmtpSettings.model_validate({"password": "hunter2"}))
