"""The limits on one event, read once from the settings. docs/limits.md shows them in one table."""

import msgspec

from ingest_api.settings import Settings


class Limits(msgspec.Struct, frozen=True):
    """Lengths in characters, sizes in bytes. The settings of the same names say what each is for."""

    max_event_bytes: int
    max_name_chars: int
    max_key_chars: int
    max_id_chars: int
    max_text_chars: int
    max_depth: int
    max_property_key_chars: int
    max_property_text_chars: int
    past_days: int
    recent_days: int
    future_hours: int
    #: no name, key or id can be too long where all of them together are this short
    short: int = 0

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        """The limits that these settings name."""
        named = {field: getattr(settings, field) for field in cls.__struct_fields__ if field != "short"}
        short = min(settings.max_name_chars, settings.max_key_chars, settings.max_id_chars)
        return cls(**named, short=short)
