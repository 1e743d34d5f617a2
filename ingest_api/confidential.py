"""Confidential settings: fields that are never shown, and that a file may hold in the place of a variable.

A field with `repr=False` is one. `HEADRACE_X_FILE=/run/secrets/x` gives `HEADRACE_X`, as Docker and Kubernetes mount
secrets; what is wrong with either is said without the value.
"""

import os
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from ingest_api.servers import redis_url

#: where Redis is; the URL may hold a password
RedisUrl = Annotated[str, AfterValidator(redis_url.checked)]


class Confidential(BaseSettings):
    """The settings of a process. Raises `SettingsError` beside pydantic's `ValidationError`; neither shows a value."""

    model_config = SettingsConfigDict(env_prefix="HEADRACE_", frozen=True, extra="ignore", hide_input_in_errors=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Files come right before the variables, which must not say the same."""
        files = InitSettingsSource(settings_cls, from_files(settings_cls))
        return init_settings, files, env_settings, dotenv_settings, file_secret_settings


def from_files(kind: type[BaseSettings]) -> dict[str, str]:
    """The values of those fields whose file is named in the environment. Raises `SettingsError`."""
    variables = {name: f"{kind.model_config['env_prefix']}{name.upper()}" for name in hidden(kind)}
    return {
        name: _read(variable, path) for name, variable in variables.items() if (path := os.environ.get(_file(variable)))
    }


def hidden(kind: type[BaseSettings]) -> list[str]:
    """The fields that are never shown."""
    return [name for name, field in kind.model_fields.items() if not field.repr]


def _file(variable: str) -> str:
    return f"{variable}_FILE"


def _read(variable: str, path: str) -> str:
    if os.environ.get(variable):
        raise SettingsError(f"{variable} and {_file(variable)} are both set: keep one of them.")
    try:
        value = Path(path).read_text("utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{_file(variable)}: {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:  # which carries what was read
        raise SettingsError(f"{_file(variable)}: {path} is not text in UTF-8.") from None
    if not value:
        raise SettingsError(f"{_file(variable)}: {path} is empty.")
    return value
