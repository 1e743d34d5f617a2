"""The secret of the installation: the key of every hash that must stay the same for years. Never logged."""

import secrets
from typing import Any, cast

from ingest_api.stream import Redis

SECRET = "headrace:secret"  # noqa: S105  # the name of the key, not what lies there
_BYTES = 32
#: also where memory is full: the drain, which frees memory, waits for it
_MAKE = """#!lua flags=allow-oom
redis.call('SET', KEYS[1], ARGV[1], 'NX')
return redis.call('GET', KEYS[1])
"""


async def secret(redis: Redis) -> bytes:
    """It, made by whoever asks first. Raises redis-py's errors."""
    found = await cast("Any", redis).get(SECRET)
    if found is None:
        found = await cast("Any", redis).eval(_MAKE, 1, SECRET, secrets.token_bytes(_BYTES))
    return cast("bytes", found)
