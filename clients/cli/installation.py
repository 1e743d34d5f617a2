"""The installation's Redis, opened for one command: projects, keys and the durability are kept there."""

import contextlib
from collections.abc import AsyncIterator

from redis.exceptions import AuthenticationError, RedisError

from clients.cli.errors import No, Unreachable, WrongUsage
from clients.cli.output import Invocation
from clients.cli.settings import without_password
from ingest_api import stream
from ingest_api.projects.projects import Invalid, ProjectError
from ingest_api.stream import InstallMismatch, Redis


@contextlib.asynccontextmanager
async def opened(cli: Invocation) -> AsyncIterator[Redis]:
    """A client. What the store refuses inside becomes the command's end: `WrongUsage`, `No` or `Unreachable`."""
    if cli.overridden:
        raise WrongUsage(
            "What an installation is, is kept in Redis: set HEADRACE_REDIS_URL. --url and --key do not help here."
        )
    url = cli.settings.need("redis_url", "It is where the installation is kept: set it as redis://host:6379/0.")
    where = without_password(url)
    try:
        redis = stream.connect(url)
    except ValueError as error:
        raise WrongUsage(f"HEADRACE_REDIS_URL {where} cannot be used: {error}") from error
    try:
        yield redis
    except InstallMismatch as error:
        raise No(str(error)) from error
    except Invalid as error:
        raise WrongUsage(str(error)) from error
    except ProjectError as error:
        raise No(str(error)) from error
    except AuthenticationError as error:
        raise Unreachable(f"Redis at {where} refuses the password in HEADRACE_REDIS_URL ({error}).") from error
    except (RedisError, OSError) as error:
        raise Unreachable(
            f"Redis at {where} does not answer ({error}). `headrace doctor` looks for the cause."
        ) from error
    finally:
        await redis.aclose()
