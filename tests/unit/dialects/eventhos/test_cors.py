from eventyard.dialects.eventhos.cors import preflight


def test_a_page_may_send_whatever_headers_it_asks_for():
    answer = dict(preflight({b"access-control-request-headers": b"authorization,access-key"}))
    assert answer == {
        b"access-control-allow-origin": b"*",
        b"access-control-allow-methods": b"GET,HEAD,PUT,PATCH,POST,DELETE",
        b"access-control-allow-headers": b"authorization,access-key",
        b"vary": b"Access-Control-Request-Headers",
        b"content-length": b"0",
    }


def test_who_asks_for_no_header_is_told_of_none():
    assert b"access-control-allow-headers" not in dict(preflight({}))
