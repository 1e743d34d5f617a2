"""A line of the log, in JSON, without what must not stand in one, whoever wrote it.

The second belt: settings are hidden and checked before. Here an exception of a library, with its traceback, is caught.
"""

import logging
import re
from typing import Any

from pythonjsonlogger.orjson import OrjsonFormatter

from ingest_api.traces import tracing

_STRUCK = (
    #: user and password of a URL
    (re.compile(r'://[^/?#\s"]*@'), "://***@"),
    #: the secret of a key or a session; the id stays
    (re.compile(r"\b(hr_[a-z]+_[0-9A-Za-z]{10}_)[0-9A-Za-z]{33}\b"), r"\1***"),
    #: redis-py quotes the whole command: hashes of keys, the installation's secret, events
    (re.compile(r"(Command # \d+) \(.*\) (of pipeline caused error)", re.DOTALL), r"\1 \2"),
)


class LineFormatter(OrjsonFormatter):
    """What deploy/logging.json names."""

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """What is traced says where."""
        super().add_fields(log_data, record, message_dict)
        if trace_id := tracing.trace_id():
            log_data["trace_id"] = trace_id

    def format(self, record: logging.LogRecord) -> str:
        """One JSON document, in one line."""
        return struck(super().format(record))


def struck(line: str) -> str:
    """The line with three stars in the place of passwords and keys."""
    for pattern, instead in _STRUCK:
        line = pattern.sub(instead, line)
    return line
