"""What went wrong with a statement, said as ClickHouse says it: a code, a name, a sentence and an HTTP status."""

import re
from enum import IntEnum

_ENGINE_TEXT = re.compile(r"Code: (\d+)\. DB::Exception: ", re.ASCII)
_VERSION = re.compile(r"\s*\(version [^()]*(?:\([^()]*\))?\)\s*$")


class Code(IntEnum):
    """The ClickHouse error codes that this endpoint raises by itself."""

    BAD_ARGUMENTS = 36
    NOT_IMPLEMENTED = 48
    SYNTAX_ERROR = 62
    UNKNOWN_FORMAT = 73
    UNKNOWN_TYPE_OF_QUERY = 78
    UNKNOWN_SETTING = 115
    QUERY_IS_TOO_LARGE = 229
    ZLIB_INFLATE_FAILED = 354
    INTO_OUTFILE_NOT_ALLOWED = 358
    AUTHENTICATION_FAILED = 516
    ZSTD_DECODER_FAILED = 561
    LZ4_DECODER_FAILED = 618
    STD_EXCEPTION = 1001


# ClickHouse's own table, but for damaged bodies: a server, which decodes while it inserts, can only say 500 there.
_DAMAGED = (Code.ZLIB_INFLATE_FAILED, Code.ZSTD_DECODER_FAILED, Code.LZ4_DECODER_FAILED)
_CODES_OF_STATUS = {
    400: (6, 8, 15, 25, 26, 27, 36, 37, 38, 41, 44, 53, 62, 72, 117, 123, 167, 168, 223, 321, 376, 427, 441, 675, 676),
    401: (194,),
    403: (192, 193, 497, 512, Code.AUTHENTICATION_FAILED),
    404: (46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 336, 511),
    408: (159,),
    411: (381,),
    413: (Code.QUERY_IS_TOO_LARGE,),
    415: (779,),
    501: (Code.NOT_IMPLEMENTED,),
    503: (76, 209, 439),
}
_STATUS_OF_CODE = {int(code): status for status, codes in _CODES_OF_STATUS.items() for code in codes}
_STATUS_OF_CODE |= dict.fromkeys(_DAMAGED, 400)


class StatementError(Exception):
    """A statement that was refused or failed; `str()` is the text `Code: N. DB::Exception: … (NAME)`."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.status = _STATUS_OF_CODE.get(code, 500)


def refused(code: Code, sentence: str) -> StatementError:
    """An error of this endpoint; `sentence` has no full stop."""
    return StatementError(code, f"Code: {int(code)}. DB::Exception: {sentence}. ({code.name})")


def failed(engine_text: str) -> StatementError:
    """An error of the engine, without the words that its Python wrapper puts before and the version after it."""
    text = _VERSION.sub("", engine_text)
    found = _ENGINE_TEXT.search(text)
    if found is None:
        return refused(Code.STD_EXCEPTION, text.rstrip(". \n") or "the engine gave no reason")
    return StatementError(int(found[1]), text[found.start() :])
