"""Requests on whose end two readers could disagree, and other bytes that are no HTTP/1.1.

Each is followed by a request that is right: an answer to that one would mean that it was smuggled past a proxy.
`KEY` stands for a key that opens everything.
"""

from tests.ingest_api.wire import EVENT, event, post

_NEXT = event()
_CHUNKED = b"Transfer-Encoding: chunked"
_WHOLE = b"%x\r\n%s\r\n0\r\n\r\n" % (len(EVENT), EVENT)


def _length(value: bytes) -> bytes:
    return post(b"Content-Length: " + value, body=EVENT + _NEXT)


def _coded(field: bytes) -> bytes:
    return post(field, body=_WHOLE + _NEXT)


def _chunks(body: bytes) -> bytes:
    return post(_CHUNKED, body=body + _NEXT)


def _field(field: bytes) -> bytes:
    return post(field, b"Content-Length: %d" % len(EVENT), body=EVENT + _NEXT)


def _line(line: bytes) -> bytes:
    return post(b"Content-Length: %d" % len(EVENT), line=line, body=EVENT + _NEXT)


CASES: dict[str, bytes] = {
    "length and chunks": post(b"Content-Length: 4", _CHUNKED, body=_WHOLE + _NEXT),
    "chunks and length": post(_CHUNKED, b"Content-Length: 4", body=_WHOLE + _NEXT),
    "two lengths": post(b"Content-Length: 0", b"Content-Length: %d" % len(EVENT), body=EVENT + _NEXT),
    "the same length twice": post(*[b"Content-Length: %d" % len(EVENT)] * 2, body=EVENT + _NEXT),
    "a list of lengths": _length(b"%d, %d" % (len(EVENT), len(EVENT))),
    "a length with a plus": _length(b"+%d" % len(EVENT)),
    "a length in hex": _length(b"0x%x" % len(EVENT)),
    "a negative length": _length(b"-1"),
    "a length with an underscore": _length(b"5_8"),
    "an empty length": _length(b""),
    "a length with an exponent": _length(b"1e1"),
    "a length beyond 64 bits": _length(b"1" * 20),
    "an unknown coding": _coded(b"Transfer-Encoding: xchunked"),
    "a coding in quotes": _coded(b'Transfer-Encoding: "chunked"'),
    "chunked not last": _coded(b"Transfer-Encoding: chunked, identity"),
    "identity": _coded(b"Transfer-Encoding: identity"),
    "chunked with a parameter": _coded(b"Transfer-Encoding: chunked;q=1"),
    "chunked after a vertical tab": _coded(b"Transfer-Encoding: \x0bchunked"),
    "two codings": post(_CHUNKED, b"Transfer-Encoding: identity", body=_WHOLE + _NEXT),
    "a space before the colon": _coded(b"Transfer-Encoding : chunked"),
    "a folded header": _field(b"X-Folded: a\r\n b"),
    "a first header that is folded": post(b"X: y", host=b" Host: x\r\n", body=_NEXT),
    "a header without a colon": _field(b"X-Header"),
    "a header without a name": _field(b": value"),
    "a space in a name": _field(b"X Header: a"),
    "a NUL in a value": _field(b"X-Header: a\x00b"),
    "a NUL in a name": _field(b"X-\x00Header: a"),
    "a CR in a value": _field(b"X-Header: a\rContent-Length: 0"),
    "lines that end in LF alone": post(b"Content-Length: 0", body=_NEXT).replace(b"\r\n", b"\n"),
    "a header that ends in LF alone": _field(b"X-Header: a\nX-Other: b"),
    "no host": post(b"Content-Length: 0", host=b"", body=_NEXT),
    "two hosts": post(b"Content-Length: 0", host=b"Host: x\r\nHost: y\r\n", body=_NEXT),
    "a chunk extension that ends in LF": _chunks(b"1;a\n0\r\n0\r\n\r\n"),
    "a chunk that ends in LF": _chunks(b"%x\r\n%s\n0\r\n\r\n" % (len(EVENT), EVENT)),
    "a chunk size that ends in LF": _chunks(b"%x\n%s\r\n0\r\n\r\n" % (len(EVENT), EVENT)),
    "a chunk size beyond 64 bits": _chunks(b"1%s\r\n%s\r\n0\r\n\r\n" % (b"0" * 16, EVENT)),
    "a negative chunk size": _chunks(b"-1\r\n%s\r\n0\r\n\r\n" % EVENT),
    "a chunk size with 0x": _chunks(b"0x%x\r\n%s\r\n0\r\n\r\n" % (len(EVENT), EVENT)),
    "a space after a chunk size": _chunks(b"%x \r\n%s\r\n0\r\n\r\n" % (len(EVENT), EVENT)),
    "a chunk longer than its size": _chunks(b"2\r\n%s\r\n0\r\n\r\n" % EVENT),
    "no chunk size": _chunks(b"\r\n%s\r\n0\r\n\r\n" % EVENT),
    "a request line that is too long": _line(b"POST /v1/events?%s HTTP/1.1" % (b"x" * 9000)),
    "a header that is too long": _field(b"X-Long: " + b"x" * 9000),
    "a name that is too long": _field(b"X" * 9000 + b": y"),
    "too many headers": post(*[b"X-%d: y" % number for number in range(200)], body=_NEXT),
    "HTTP/0.9": b"GET /healthz\r\n\r\n" + _NEXT,
    "HTTP/0.9 by name": _line(b"POST /v1/events HTTP/0.9"),
    "HTTP/1.0 with chunks": post(_CHUNKED, line=b"POST /v1/events HTTP/1.0", body=_WHOLE + _NEXT),
    "HTTP/1.2": _line(b"POST /v1/events HTTP/1.2"),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _NEXT,
    "HTTP/2 by name": _line(b"POST /v1/events HTTP/2.0"),
    "another protocol": _line(b"POST /v1/events HTTPS/1.1"),
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 50 + _NEXT,
    "a method in small letters": _line(b"post /v1/events HTTP/1.1"),
    "an unknown method": _line(b"GPOST /v1/events HTTP/1.1"),
    "a space before the method": _line(b" POST /v1/events HTTP/1.1"),
    "tabs in the request line": _line(b"POST\t/v1/events\tHTTP/1.1"),
    "no path": _line(b"POST HTTP/1.1"),
    "a space in the path": _line(b"POST /v1/events x HTTP/1.1"),
    "a path without a slash": _line(b"POST v1/events HTTP/1.1"),
    "nothing but lines": b"\r\n\r\nnonsense\r\n\r\n" + _NEXT,
}  # fmt: skip
