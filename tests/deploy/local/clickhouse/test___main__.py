"""The endpoint as a program: started, stopped, killed, refused."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from clickhouse_connect.driver.exceptions import Error

from tests.deploy.local.clickhouse.served import Served, launch, serve

pytestmark = pytest.mark.stack

TABLE = "CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    served = serve(tmp_path / "made" / "when absent")
    yield served
    served.kill()


def insert(served: Served, first: int, rows: int) -> None:
    client = served.client()
    settings = {"insert_deduplication_token": f"from {first}"}
    client.insert("t", [[n] for n in range(first, first + rows)], column_names=["id"], settings=settings)
    client.close()


def count(served: Served) -> int:
    client = served.client()
    rows = client.query("SELECT count() FROM t").result_rows
    client.close()
    return int(rows[0][0])


def create(served: Served) -> None:
    client = served.client()
    client.command(TABLE)
    client.close()


def test_data_and_tokens_survive_a_stop_and_a_kill(served: Served) -> None:
    create(served)
    insert(served, 0, 1000)
    assert served.stop() == (0, "")
    after_stop = serve(served.path)
    insert(after_stop, 0, 1000)
    insert(after_stop, 1000, 500)
    assert count(after_stop) == 1500
    after_stop.kill()
    after_kill = serve(served.path)
    insert(after_kill, 1000, 500)
    assert count(after_kill) == 1500
    assert after_kill.stop() == (0, "")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT sum(cityHash64(number)) FROM numbers(1000000000000)",
        "INSERT INTO t SELECT sum(cityHash64(number)) FROM numbers(1000000000000)",
        "SELECT sleep(3) FROM numbers(1)",
    ],
)
def test_a_stop_does_not_wait_for_a_long_statement(served: Served, statement: str) -> None:
    create(served)
    insert(served, 0, 10)
    errors: list[Error] = []

    def ask() -> None:
        client = served.client()
        try:
            client.command(statement)
        except Error as error:
            errors.append(error)
        client.close()

    asking, watching = Thread(target=ask), served.client()
    asking.start()
    deadline = time.monotonic() + 10
    while not watching.query(
        "SELECT 1 FROM system.processes WHERE query LIKE '%numbers(1%' AND query NOT LIKE '%LIKE%'"
    ).row_count:
        assert time.monotonic() < deadline
    watching.close()
    assert served.stop(within=5)[0] == 0
    asking.join(10)
    assert len(errors) == 1
    again = serve(served.path)
    assert count(again) == 10
    again.kill()


def refusal(*arguments: str, **environ: str) -> str:
    """What the program says when it refuses to start."""
    process = launch(*arguments, **environ)
    try:
        _, said = process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    assert process.returncode != 0
    return said


def test_a_second_process_on_the_same_folder_is_told_why_it_cannot(served: Served) -> None:
    assert "If another process has it open, stop that one first." in refusal("--path", str(served.path), "--port", "0")


def test_a_taken_port_is_named(served: Served, tmp_path: Path) -> None:
    said = refusal("--path", str(tmp_path / "other"), "--port", str(served.port))
    assert f"Cannot listen on 127.0.0.1:{served.port}" in said


def test_it_does_not_start_without_an_account(tmp_path: Path) -> None:
    said = refusal("--path", str(tmp_path), "--port", "0", HEADRACE_CLICKHOUSE_PASSWORD="")
    assert "HEADRACE_CLICKHOUSE_PASSWORD" in said


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.1", "example.org"])  # noqa: S104  refused, that is the test
def test_it_listens_on_loopback_only(tmp_path: Path, host: str) -> None:
    assert "is not a loopback address" in refusal("--path", str(tmp_path), "--port", "0", "--host", host)


def test_a_path_that_the_engine_would_misread_is_refused(tmp_path: Path) -> None:
    assert "? or &" in refusal("--path", str(tmp_path / "what?"), "--port", "0")
