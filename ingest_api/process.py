"""What every process of ours does first: read its settings, set up its log, offer its metrics."""

import gc
import importlib.resources
import logging.config
import sys
from typing import TypeVar

import orjson
from prometheus_client import start_http_server
from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsError

log = logging.getLogger(__name__)

S = TypeVar("S", bound=BaseSettings)


def read_settings(kind: type[S]) -> S:
    """The settings from the environment. Ends the process with the variables' names where they are not usable."""
    try:
        return kind()
    except ValidationError as error:
        wrong = [
            f"HEADRACE_{str(one['loc'][0]).upper()}: {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors(include_input=False)
        ]
    except SettingsError as error:
        wrong = [str(error)]
    sys.exit("Settings that cannot be used:\n  " + "\n  ".join(wrong))


def set_up_log() -> None:
    """JSON lines on stderr, as deploy/logging.json says."""
    logging.config.dictConfig(orjson.loads((importlib.resources.files("deploy") / "logging.json").read_bytes()))


def calm_collector() -> None:
    """Once all is loaded: requests and rows make no cycles worth a look every 700 objects.

    Left as it is, the collector takes a fifth of the CPU of a front door, and of the steps of a worker.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 10, 10)


def offer_metrics(port: int, host: str) -> None:
    """For Prometheus; port 0 offers none. A second process on one machine finds the port taken and goes without."""
    if not port:
        return
    try:
        start_http_server(port, addr=host)
    except OSError as error:
        log.warning("no metrics", extra={"action": "start", "port": port, "why": str(error)})
