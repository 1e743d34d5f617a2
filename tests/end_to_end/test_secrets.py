"""Secrets that were planted in the settings of real processes: none of them comes out again, whatever goes wrong."""

import io
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from clickhouse_connect.driver.exceptions import ClickHouseError
from pythonjsonlogger.orjson import OrjsonFormatter

from deploy.local.ports import free_port
from queries.app import build_app
from queries.settings import Settings
from tests import stores
from workers import migrate
from workers.alerts.mail import Mail
from workers.clickhouse.address import address
from workers.clickhouse.visit import visit

PLANTED = "planted0123"
PROCESSES = {
    "ingest_api": ("ingest_api",),
    "queries": ("queries",),
    "worker": ("arq", "workers.worker.WorkerSettings"),
    "migrate": ("workers.migrate", "apply"),
}
#: a password as people paste it: everything up to the slash is half of it, and is taken for a port
PASTED = {
    "HEADRACE_REDIS_URL": "redis://:@/x@127.0.0.1:6379/0",
    "HEADRACE_CLICKHOUSE_URL": "http://u:@/x@127.0.0.1:8123/",
}


def planted(settings: Mapping[str, str]) -> dict[str, str]:
    """An environment with these settings, the secret in the place of their first @."""
    return {**os.environ, **{name: value.replace("@", PLANTED, 1) for name, value in settings.items()}}


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged here, without the belt that strikes passwords out of lines."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(OrjsonFormatter("%(name)s %(message)s"))
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize("name", PROCESSES)
def test_a_url_that_cannot_be_used_ends_a_process_with_its_name_alone(name: str) -> None:
    command = [sys.executable, "-m", *PROCESSES[name]]
    ended = subprocess.run(command, env=planted(PASTED), capture_output=True, text=True, timeout=60, check=False)
    said = ended.stdout + ended.stderr
    assert ended.returncode == 1
    assert "_URL: must look like" in said
    assert PLANTED not in said
    assert "Traceback" not in said


def test_a_file_that_is_not_there_ends_a_process_with_its_name() -> None:
    environ = planted({"HEADRACE_CLICKHOUSE_URL_FILE": "/run/@"})
    command = [sys.executable, "-m", "workers.migrate"]
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert "HEADRACE_CLICKHOUSE_URL_FILE: /run/planted0123 cannot be read" in ended.stderr


@pytest.mark.stack
@pytest.mark.parametrize("name", ["ingest_api", "worker"])
def test_a_password_that_is_refused_is_not_in_the_log(name: str, redis_url: str, tmp_path: Path) -> None:
    secret = tmp_path / "redis_url"
    secret.write_text(redis_url.replace(stores.REDIS_PASSWORD, PLANTED))
    environ = {**os.environ, "HEADRACE_REDIS_URL_FILE": str(secret), "HEADRACE_INGEST_PORT": str(free_port())}
    command = [sys.executable, "-m", *PROCESSES[name]]
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as process:
        late = threading.Timer(30, process.kill)
        late.start()
        lines = []
        for line in process.stderr or ():
            lines.append(line)
            if "invalid username-password pair" in line:
                break
        late.cancel()
        process.kill()
    assert "invalid username-password pair" in lines[-1]
    assert PLANTED not in "".join(lines)


@pytest.mark.stack
async def test_clickhouse_s_refusal_of_a_password_is_told_without_it(
    clickhouse_url: str, redis_url: str, log: io.StringIO
) -> None:
    where = address(clickhouse_url)
    wrong = clickhouse_url.replace(where["password"], PLANTED)
    with pytest.raises(ClickHouseError) as refused:
        migrate.connect(wrong)
    with pytest.raises(ClickHouseError) as again:
        async with visit(wrong, 5):
            pass
    app = build_app(Settings(redis_url=redis_url, clickhouse_url=wrong))
    async with TestClient(TestServer(app)) as client:
        ready = await (await client.get("/readyz")).text()
    for said in (repr(refused.value), repr(again.value), ready, log.getvalue()):
        assert PLANTED not in said
    assert "Authentication failed" in repr(refused.value)


async def test_a_mail_server_s_password_is_not_told(log: io.StringIO) -> None:
    for url in (f"mailto://user:{PLANTED}@127.0.0.1:{free_port()}?from=a@b.example", f"mailto://user:{PLANTED}@"):
        assert PLANTED not in await Mail(url).send("ops@shop.example", "subject", "text")
    assert PLANTED not in log.getvalue()
