import pytest

from eventyard.targets.functions.frames import Failure
from eventyard.targets.functions.interpreter import Interpreter

MEMORY, RESULT = 16 << 20, 4096


def run(source: str, context: bytes | None = b"{}", timeout_ms: int = 5000) -> bytes:
    return Interpreter(MEMORY, RESULT).run(source, context, timeout_ms)


def test_a_body_returns_what_it_makes_of_its_context() -> None:
    body = "const { a, b } = eventContext.httpRequest.body; return { sum: a + b, text: `${a}-${b}` };"
    assert run(body, b'{"httpRequest": {"body": {"a": 1, "b": 2}}}') == b'{"sum":3,"text":"1-2"}'


@pytest.mark.parametrize(
    ("body", "json"),
    [
        ("return [eventContext]", b"[{}]"),
        ("return Promise.resolve({a: 1})", b'{"a":1}'),
        ("return (async () => { await null; await null; return [1] })()", b"[1]"),
        ("return { then(keep) { keep([2]) } }", b"[2]"),
        ("console.log('seen by nobody'); return {}", b"{}"),
        ("return { toJSON: () => [1] }", b"[1]"),
        ("return [NaN, Infinity, undefined, () => 1, Symbol('s')]", b"[null,null,null,null,null]"),
        ("return { a: undefined, f() {}, d: new Date(0) }", b'{"d":"1970-01-01T00:00:00.000Z"}'),
        ("return ['\\u0000', '\\ud800', 'å', '😀']", b'["\\u0000","\\ud800","\xc3\xa5","\xf0\x9f\x98\x80"]'),
        ("return [new Date(0).getTimezoneOffset()]", b"[0]"),
        ("return [typeof this, this === globalThis]", b'["object",true]'),
        ("// a comment without an end\nreturn {} // and one at the end", b"{}"),
    ],
)
def test_results_are_what_json_makes_of_them(body: str, json: bytes) -> None:
    assert run(body) == json


@pytest.mark.parametrize(
    ("body", "returned"),
    [
        ("", "undefined"),
        ("return", "undefined"),
        ("return null", "null"),
        ("return 1", "number"),
        ("return 'text'", "string"),
        ("return 10n", "bigint"),
        ("return () => 1", "function"),
        ("return new Date(0)", "an object that is none in JSON"),
        ("return { toJSON() {} }", "an object that is none in JSON"),
        ("return Promise.resolve(1)", "number"),
    ],
)
def test_only_an_object_or_an_array_is_a_result(body: str, returned: str) -> None:
    with pytest.raises(Failure, match=f"^it must return an object or an array, and returned {returned}$"):
        run(body)


@pytest.mark.parametrize(
    ("body", "message", "place"),
    [
        ("let x = ;", "SyntaxError: unexpected token in expression: ';'", (1, 9)),
        ("return {\n  a: 1,\n  b: missing\n}", "ReferenceError: missing is not defined", (3, 6)),
        ("const f = () => {\n  null.x;\n};\nf()", "TypeError: cannot read property 'x' of null", (2, 3)),
        ("throw new Error('no stock')", "Error: no stock", (1, 11)),
        ("return process.env", "ReferenceError: process is not defined", (1, 8)),
        ("return require('fs')", "ReferenceError: require is not defined", (1, 8)),
        ("return Promise.reject(new RangeError('late'))", "RangeError: late", (1, 27)),
        ("return { toJSON() {\n  throw new Error('here') } }", "Error: here", (2, 13)),
        ("return import('os')", "ReferenceError: could not load module 'os'", None),
        ("const a = []; a.push(a); return a", "TypeError: circular reference", None),
        ("return [1n]", "TypeError: BigInt are forbidden in JSON.stringify", None),
        ("throw 'no stock'", "no stock", None),
        ("throw 7", "7", None),
        ("throw undefined", "undefined", None),
        ("throw null", "it threw null, which is also what running out of memory can come to", None),
        ("throw {code: 40001}", '{"code":40001}', None),
        ("throw { get stack() { throw 1 } }", "it threw what cannot be told", None),
        ("throw { toJSON() { throw 1 } }", "it threw what cannot be told", None),
        ("Array.prototype.toJSON = () => 1; throw 1", "it threw what cannot be told", None),
        ("throw Object.assign(new Error, {stack: '<input>:99999999999:1'})", "Error", None),
        ("return new Promise(() => {})", "the promise it returned is never kept", None),
    ],
)
def test_a_failure_says_what_and_where(body: str, message: str, place: tuple[int, int] | None) -> None:
    with pytest.raises(Failure) as caught:
        run(body)
    assert caught.value.message == message
    assert (caught.value.line, caught.value.column) == (place or (None, None))


def test_a_message_is_cut() -> None:
    with pytest.raises(Failure) as caught:
        run("throw 'x'.repeat(1e6)")
    assert caught.value.message == "x" * 1000


def test_a_result_is_bounded_in_bytes() -> None:
    assert len(run("return ['x'.repeat(4092)]")) == RESULT
    for body in ("return ['x'.repeat(4093)]", "return ['å'.repeat(4000)]"):
        with pytest.raises(Failure, match=r"^it returned more than 4096 bytes$"):
            run(body)


@pytest.mark.parametrize(
    "body",
    [
        "while (true) {}",
        "try { while (true) {} } catch { return {} } finally { return {} }",
        "return { toJSON() { while (true) {} } }",
        "return new Proxy({}, { ownKeys() { while (true) {} } })",
        "return { get a() { while (true) {} } }",
        "throw { toJSON() { while (true) {} } }",
        "throw { get stack() { while (true) {} } }",
        "throw Object.assign(new Error, { toString() { while (true) {} } })",
        "Error.prepareStackTrace = () => { while (true) {} }; null.x",
        "return { then() { while (true) {} } }",
        "(function again() { Promise.resolve().then(again) })(); return new Promise(() => {})",
        "return (async () => { while (true) await null })()",
        "return [/(a+)+$/.test('a'.repeat(40) + 'b')]",
        "return [[].indexOf.call({ length: 2 ** 53 - 1 }, 1)]",
    ],
)
def test_a_body_that_does_not_end_is_interrupted(body: str) -> None:
    with pytest.raises(Failure, match=r"^it ran longer than 50 ms$"):
        run(body, timeout_ms=50)


@pytest.mark.parametrize(
    "body",
    [
        "let a = []; while (true) a.push(new ArrayBuffer(1e6))",
        "let a = []; while (true) a.push({})",
        "let a = 'x'; while (true) a += a",
        "return ['x'.repeat(1e9)]",
        "return new Array(2 ** 32 - 1).fill(0)",
        "let b = 3n; while (true) b *= b",
        "let o = []; for (let i = 0; i < 1e6; i++) o = [o]; return o",
        "(function f() { f() })()",
        "return JSON.parse('['.repeat(1e6))",
        "return new RegExp('('.repeat(1e6))",
        "return Function('('.repeat(1e5))",
        "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)",
    ],
)
def test_a_body_that_takes_more_than_there_is_fails_and_does_no_harm(body: str) -> None:
    with pytest.raises(Failure, match=r"memory|too l|Maximum call stack|too many captures|cannot block"):
        run(body)
    assert run("return {}") == b"{}"


def test_a_context_that_does_not_fit_is_a_failure() -> None:
    with pytest.raises(Failure, match="memory"):
        run("return {}", b'["' + b"x" * MEMORY + b'"]')


@pytest.mark.parametrize(
    "pollution",
    [
        "globalThis.left = 1",
        "Object.prototype.left = 1",
        "Array.prototype.toJSON = () => ['polluted']",
        "JSON.stringify = () => '[666]'",
        "JSON.parse = () => 666",
        "Function = globalThis.Promise = undefined",
        "Object.defineProperty(Object.prototype, 'then', { get() { throw 1 } })",
        "Object.freeze(globalThis)",
        "eval('var left = 1')",
    ],
)
def test_nothing_a_body_does_is_seen_by_the_next(pollution: str) -> None:
    try:
        run(f"{pollution}; return {{}}")
    except Failure as failure:
        assert "1" in failure.message or "polluted" in failure.message
    assert (
        run("return [typeof left, typeof {}.left, [eventContext.a]]", b'{"a": 5}') == b'["undefined","undefined",[5]]'
    )


def test_a_body_finds_the_language_and_nothing_of_a_host() -> None:
    wanted = "process require module std os Deno Bun fetch XMLHttpRequest WebSocket setTimeout importScripts print load"
    body = f"return '{wanted}'.split(' ').filter(name => name in globalThis || eval('typeof ' + name) !== 'undefined')"
    assert run(body) == b"[]"


@pytest.mark.parametrize(
    "body", ["'use strict'; return [this]", "return [arguments.length]", "<!-- a comment\nreturn []"]
)
def test_a_body_is_what_function_takes(body: str) -> None:
    assert run(body)


def test_without_a_context_a_body_is_compiled_and_not_run() -> None:
    assert run("while (true) {}", None) == b""
    with pytest.raises(Failure, match="SyntaxError"):
        run("return {", None)
