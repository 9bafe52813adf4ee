import json
from typing import Any

import pytest

from eventyard.model.errors import HubError, Invalid, TooLarge
from eventyard.model.event import Event
from eventyard.testing.builders import NOW
from eventyard.wire.cloudevents import (
    ATTRIBUTE_LIMIT,
    Mode,
    decode_batch,
    decode_binary,
    decode_each,
    decode_structured,
    encode_batch,
    encode_binary,
    encode_structured,
    mode_of,
    to_json,
)

REQUIRED = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "order.created"}
HEADERS = {f"ce-{name}": value for name, value in REQUIRED.items()} | {"content-type": "application/json"}


def event(**fields: Any) -> Event:
    stated = {"id": "1", "source": "/shop", "type": "order.created", "time": NOW, "data": b"", **fields}
    return Event(routing_key=stated.pop("routing_key", stated["type"]), **stated)


def structured(**members: Any) -> Event:
    return decode_structured(json.dumps(REQUIRED | members).encode(), NOW)


def refusal(of: Any, *args: Any) -> tuple[str, str | None]:
    with pytest.raises(HubError) as refused:
        of(*args)
    return refused.value.code, refused.value.pointer


@pytest.mark.parametrize(
    ("headers", "mode"),
    [
        ({"content-type": "application/cloudevents+json"}, Mode.STRUCTURED),
        ({"content-type": "Application/CloudEvents+JSON; charset=utf-8"}, Mode.STRUCTURED),
        ({"content-type": "application/cloudevents-batch+json"}, Mode.BATCH),
        ({"content-type": "application/cloudevents+json", "ce-id": "1"}, Mode.STRUCTURED),
        (HEADERS, Mode.BINARY),
        ({"ce-type": "order.created"}, Mode.BINARY),
        ({"content-type": "application/json"}, None),
        ({"ce-cream": "vanilla"}, None),
        ({}, None),
    ],
)
def test_the_mode_is_told_by_the_headers(headers: dict[str, str], mode: Mode | None) -> None:
    assert mode_of(headers) is mode


@pytest.mark.parametrize("content_type", ["application/cloudevents", "application/cloudevents+avro"])
def test_an_event_format_other_than_json_is_unsupported(content_type: str) -> None:
    assert refusal(mode_of, {"content-type": content_type}) == ("unsupported_media_type", "content-type")


class TestBinaryMode:
    def test_headers_are_attributes_and_the_body_is_the_data(self) -> None:
        headers = HEADERS | {
            "ce-time": "2018-04-05T17:31:00Z",
            "ce-subject": "order/42",
            "ce-dataschema": "https://shop.example/order.json",
            "ce-traceparent": "00-ab-cd-01",
            "user-agent": "shop",
        }
        assert decode_binary(headers, b' {"a": 1}\n', NOW) == event(
            time=1_522_949_460_000,
            data=b' {"a": 1}\n',
            subject="order/42",
            dataschema="https://shop.example/order.json",
            extensions={"traceparent": "00-ab-cd-01"},
        )

    def test_a_missing_time_is_the_moment_it_came(self) -> None:
        assert decode_binary(HEADERS, b"1", NOW).time == NOW

    def test_a_body_of_unknown_type_is_bytes(self) -> None:
        headers = {name: value for name, value in HEADERS.items() if name != "content-type"}
        assert decode_binary(headers, b"\xff", NOW).content_type == "application/octet-stream"
        assert decode_binary(headers, b"", NOW).content_type == "application/json"

    @pytest.mark.parametrize(
        ("header", "text"),
        [
            ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
            ("%e2%82%ac", "€"),
            ("%41%42", "AB"),
            ("%2541", "%41"),
            ("100%", "100%"),
            ("50%zz", "50%zz"),
            ('"quoted by an older sender"', "quoted by an older sender"),
            (r'"with \"quotes\" and \\"', r'with "quotes" and \\'[:-1]),
            ('"%E2%82%AC"', "€"),
            ('not "all" quoted', 'not "all" quoted'),
            ('"', '"'),
            ("€".encode().decode("latin-1"), "€"),
        ],
    )
    def test_a_header_is_unquoted_and_percent_decoded_once(self, header: str, text: str) -> None:
        assert decode_binary(HEADERS | {"ce-subject": header}, b"", NOW).subject == text

    @pytest.mark.parametrize("value", ["%C0%A0", "%FF", "\xff", "€", "%ED%A0%80", "a%00", "%7F", "%EF%BF%BE", "\x85"])
    def test_a_header_that_is_no_clean_text_is_refused(self, value: str) -> None:
        assert refusal(decode_binary, HEADERS | {"ce-ext": value}, b"", NOW) == ("invalid_cloudevent", "ce-ext")

    @pytest.mark.parametrize("name", ["specversion", "id", "source", "type"])
    def test_a_required_attribute_is_there_and_not_empty(self, name: str) -> None:
        without = {header: value for header, value in HEADERS.items() if header != f"ce-{name}"}
        assert refusal(decode_binary, without, b"", NOW) == ("invalid_cloudevent", f"ce-{name}")
        assert refusal(decode_binary, HEADERS | {f"ce-{name}": ""}, b"", NOW) == ("invalid_cloudevent", f"ce-{name}")

    @pytest.mark.parametrize(
        ("header", "value"),
        [
            ("ce-specversion", "0.3"),
            ("ce-time", "yesterday"),
            ("ce-subject", ""),
            ("ce-dataschema", ""),
            ("ce-data", "1"),
            ("ce-my-ext", "1"),
            ("ce-my_ext", "1"),
            ("ce-", "1"),
            ("ce-datacontenttype", "application/json"),
            ("content-type", "json"),
        ],
    )
    def test_a_wrong_header_is_named(self, header: str, value: str) -> None:
        assert refusal(decode_binary, HEADERS | {header: value}, b"", NOW) == ("invalid_cloudevent", header)

    def test_a_name_may_be_longer_than_twenty_characters(self) -> None:
        extensions = decode_binary(HEADERS | {"ce-averylongextensionname42": "x"}, b"", NOW).extensions
        assert extensions == {"averylongextensionname42": "x"}

    def test_an_event_becomes_headers_in_printable_ascii(self) -> None:
        sent = event(subject='a "b" % €', data=b"\x00", content_type="image/png", extensions={"ext": "x"})
        assert encode_binary(sent) == (
            {
                "content-type": "image/png",
                "ce-specversion": "1.0",
                "ce-id": "1",
                "ce-source": "/shop",
                "ce-type": "order.created",
                "ce-subject": "a%20%22b%22%20%25%20%E2%82%AC",
                "ce-time": "2026-01-02T03:04:05.678Z",
                "ce-ext": "x",
            },
            b"\x00",
        )


class TestStructuredMode:
    def test_members_are_attributes(self) -> None:
        assert structured(
            time="2018-04-05T17:31:00Z", subject=None, comexampleother=5, flag=True, unset=None, data={"a": 1}
        ) == event(time=1_522_949_460_000, data=b'{"a": 1}', extensions={"comexampleother": "5", "flag": "true"})

    def test_json_data_is_kept_byte_for_byte(self) -> None:
        body = b'{"specversion":"1.0","id":"1","source":"/s","type":"t","data": {"n": 1.50,\n "u": "\\u00e9\xc3\xa9"} }'
        assert decode_structured(body, NOW).data == b'{"n": 1.50,\n "u": "\\u00e9\xc3\xa9"}'

    def test_a_json_string_is_json(self) -> None:
        assert structured(data="I'm just a string").data == b'"I\'m just a string"'

    def test_null_is_data_and_absent_is_not(self) -> None:
        assert structured(data=None).data == b"null"
        assert structured().data == b""

    def test_text_is_the_content_of_the_string(self) -> None:
        assert structured(datacontenttype="application/xml", data='<much wow="é"/>').data == '<much wow="é"/>'.encode()

    def test_base64_is_bytes(self) -> None:
        assert structured(datacontenttype="image/png", data_base64="AP8=").data == b"\x00\xff"
        assert structured(datacontenttype="image/png", data_base64="").data == b""
        assert structured(data_base64=None, data=1).data == b"1"

    @pytest.mark.parametrize(
        ("members", "pointer"),
        [
            ({"specversion": "1.1"}, "/specversion"),
            ({"id": None}, "/id"),
            ({"id": ""}, "/id"),
            ({"id": 5}, "/id"),
            ({"source": ["/shop"]}, "/source"),
            ({"type": "a\u0000b"}, "/type"),
            ({"time": "2026-02-30T00:00:00Z"}, "/time"),
            ({"time": 0}, "/time"),
            ({"subject": ""}, "/subject"),
            ({"datacontenttype": "text/plain\r\nx-injected: 1"}, "/datacontenttype"),
            ({"datacontenttype": "text/ü"}, "/datacontenttype"),
            ({"datacontenttype": "text/plain", "data": {"a": 1}}, "/data"),
            ({"data": 1, "data_base64": "AA=="}, "/data_base64"),
            ({"data_base64": "AA"}, "/data_base64"),
            ({"data_base64": "é"}, "/data_base64"),
            ({"data_base64": 5}, "/data_base64"),
            ({"ext": {}}, "/ext"),
            ({"ext": 1.5}, "/ext"),
            ({"ext": 2**31}, "/ext"),
            ({"Ext": "x"}, "/Ext"),
            ({"a/b~c": "x"}, "/a~1b~0c"),
            ({"": "x"}, "/"),
        ],
    )
    def test_a_wrong_member_is_pointed_at(self, members: dict[str, Any], pointer: str) -> None:
        body = json.dumps(REQUIRED | members).encode()
        assert refusal(decode_structured, body, NOW) == ("invalid_cloudevent", pointer)

    @pytest.mark.parametrize(
        "body", [b"", b"{", b"nonsense", b'{"id":"\xff"}', b'{"data":"\xff"}', b'{"id":"\\ud800"}']
    )
    def test_what_is_not_json_is_said_to_be_none(self, body: bytes) -> None:
        assert refusal(decode_structured, body, NOW) == ("invalid_json", None)

    @pytest.mark.parametrize("body", [b"[]", b"1", b"null"])
    def test_json_that_is_no_object_is_no_event(self, body: bytes) -> None:
        assert refusal(decode_structured, body, NOW) == ("invalid_cloudevent", "")

    def test_json_beyond_every_parser_is_too_deep(self) -> None:
        assert refusal(decode_structured, b'{"data":' + b"[" * 100_000, NOW) == ("body_too_deep", None)

    def test_json_data_stands_in_the_document_byte_for_byte(self) -> None:
        headers, body = encode_structured(event(data=b'{"n": 1.50}'))
        assert headers == {"content-type": "application/cloudevents+json"}
        assert body == (
            b'{"specversion":"1.0","id":"1","source":"/shop","type":"order.created",'
            b'"time":"2026-01-02T03:04:05.678Z","datacontenttype":"application/json","data":{"n": 1.50}}'
        )

    @pytest.mark.parametrize(
        ("content_type", "data"),
        [("image/png", b"\x00\xff"), ("application/json", b"{not json"), ("application/json", b'"\xff"')],
    )
    def test_any_other_data_is_base64_and_comes_back(self, content_type: str, data: bytes) -> None:
        sent = event(content_type=content_type, data=data)
        _, body = encode_structured(sent)
        assert "data_base64" in json.loads(body)
        assert decode_structured(body, 0) == sent


class TestBatch:
    def test_a_batch_is_a_list_and_may_be_empty(self) -> None:
        body = json.dumps([REQUIRED, REQUIRED | {"id": "2", "data": 7}]).encode()
        assert decode_batch(body, NOW, 2) == [event(), event(id="2", data=b"7")]
        assert decode_batch(b"[]", NOW, 2) == []

    @pytest.mark.parametrize(
        ("events", "pointer"),
        [
            ([REQUIRED, REQUIRED | {"id": ""}], "/1/id"),
            ([REQUIRED, REQUIRED | {"b~": "x"}], "/1/b~0"),
            ([REQUIRED, 5], "/1"),
            (REQUIRED, ""),
        ],
    )
    def test_the_first_wrong_event_is_pointed_at(self, events: Any, pointer: str) -> None:
        assert refusal(decode_batch, json.dumps(events).encode(), NOW, 9) == ("invalid_cloudevent", pointer)

    def test_each_event_has_its_own_result_and_is_checked_first(self) -> None:
        def check(raw: bytes) -> None:
            if b"deep" in raw:
                raise TooLarge("body_too_deep", "too deep")

        data = [{"id": "x"}, REQUIRED | {"data": "deep"}, 5, REQUIRED | {"data": "BYTE"}]
        events = json.dumps([REQUIRED, *data, REQUIRED | {"id": "2"}]).encode().replace(b"BYTE", b"\xff")
        first, *wrong, last = decode_each(events, NOW, 9, check)
        assert (first, last) == (event(data=b""), event(id="2", data=b""))
        assert [(one.code, one.pointer) for one in wrong] == [
            ("invalid_cloudevent", "/specversion"), ("body_too_deep", None), ("invalid_cloudevent", ""),
            ("invalid_json", None),
        ]  # fmt: skip

    def test_a_batch_beyond_the_limit_is_refused(self) -> None:
        with pytest.raises(TooLarge, match="the batch holds more than 2 items") as refused:
            decode_batch(json.dumps([REQUIRED] * 3).encode(), NOW, 2)
        assert refused.value.code == "batch_too_large"


class TestRoutingKey:
    def test_the_extension_is_lifted_out(self) -> None:
        routed = structured(routingkey="product.activation.activated")
        assert (routed.routing_key, routed.extensions) == ("product.activation.activated", {})
        assert decode_binary(HEADERS | {"ce-routingkey": "a.b"}, b"", NOW).routing_key == "a.b"

    @pytest.mark.parametrize("stated", [{}, {"routingkey": ""}, {"routingkey": None}])
    def test_without_one_it_is_the_type(self, stated: dict[str, Any]) -> None:
        assert structured(**stated).routing_key == "order.created"

    def test_it_is_written_where_it_says_more_than_the_type(self) -> None:
        assert encode_binary(event(routing_key="a.b"))[0]["ce-routingkey"] == "a.b"
        assert "ce-routingkey" not in encode_binary(event())[0]


class TestAnswer:
    def test_json_data_is_its_value(self) -> None:
        assert to_json(
            event(data=b'{"a": [1, 2.5, null]}', subject="s", dataschema="urn:x", extensions={"ext": "x"})
        ) == {
            "specversion": "1.0",
            "id": "1",
            "source": "/shop",
            "type": "order.created",
            "subject": "s",
            "time": "2026-01-02T03:04:05.678Z",
            "datacontenttype": "application/json",
            "dataschema": "urn:x",
            "ext": "x",
            "data": {"a": [1, 2.5, None]},
        }

    @pytest.mark.parametrize(
        ("content_type", "data"),
        [
            ("image/png", b"\x00\xff"),
            ("application/json", b"{not json"),
            ("application/json", b"1e999"),
            ("application/json", b"[" * 100_000),
        ],
    )
    def test_any_other_data_is_base64(self, content_type: str, data: bytes) -> None:
        answer = to_json(event(content_type=content_type, data=data))
        assert "data" not in answer
        assert structured(datacontenttype=content_type, data_base64=answer["data_base64"]).data == data

    def test_no_data_is_no_member(self) -> None:
        assert not {"data", "data_base64"} & to_json(event()).keys()


def test_an_error_of_the_sender_is_invalid() -> None:
    with pytest.raises(Invalid, match="the required attribute 'type' is missing"):
        decode_structured(b'{"specversion":"1.0","id":"1","source":"/"}', NOW)


@pytest.mark.parametrize("name", ["id", "source", "subject", "comexample"])
def test_an_attribute_has_a_bound(name: str) -> None:
    structured(**{name: "é" * ATTRIBUTE_LIMIT})
    with pytest.raises(Invalid, match=f"the attribute '{name}' is longer than 2048 characters") as refused:
        structured(**{name: "é" * (ATTRIBUTE_LIMIT + 1)})
    assert (refused.value.code, refused.value.pointer) == ("invalid_cloudevent", f"/{name}")
    with pytest.raises(Invalid) as refused:
        decode_binary({**HEADERS, f"ce-{name}": "x" * (ATTRIBUTE_LIMIT + 1)}, b"{}", NOW)
    assert refused.value.pointer == f"ce-{name}"


def test_an_extension_under_a_name_of_the_hubs_own_is_left_out() -> None:
    own = {"amqpproperties": "%%%", "amqpexpiration": "soon", "deaths": "[]", "causepath": "1", "mine": "1"}
    assert structured(**own).extensions == {"mine": "1"}
    headers = HEADERS | {f"ce-{name}": value for name, value in own.items()}
    assert decode_binary(headers, b"{}", NOW).extensions == {"mine": "1"}


def test_what_only_the_streams_have_a_use_for_does_not_go_out() -> None:
    event = Event("e", "/s", "t", NOW, b"{}", "t", extensions={"amqpproperties": "AAA=", "tone": "c"})
    headers, _ = encode_binary(event)
    assert headers["ce-tone"] == "c"
    assert "ce-amqpproperties" not in headers
    assert "amqpproperties" not in json.loads(encode_structured(event)[1])


def test_a_batch_is_decoded_to_the_events_it_was_made_of() -> None:
    events = [event(data=b'{"order": 1}'), event(data=b"\x00\xff", content_type="application/octet-stream")]
    assert decode_batch(encode_batch(events), NOW, 9) == events
    assert encode_batch([]) == b"[]"
