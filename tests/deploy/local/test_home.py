"""The home of a stack: one stack at a time, private files, values that survive."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.home import Home, HomeTaken, write_private
from deploy.local.ports import Choice


def test_only_the_user_can_read_a_home(home: Home) -> None:
    home.secrets()
    home.write_demo_env({"HEADRACE_URL": "http://127.0.0.1:8000"})
    assert home.path.stat().st_mode & 0o777 == 0o700
    for name in ("secrets.json", "demo.env"):
        assert (home.path / name).stat().st_mode & 0o777 == 0o600


def test_passwords_are_made_once(home: Home) -> None:
    made = home.secrets()
    assert made == home.secrets()
    assert made.redis_password != made.clickhouse_password
    assert len(made.redis_password) >= 32


def test_a_second_lock_is_refused_and_names_the_holder(home: Home) -> None:
    with home.lock():
        assert home.holder() == os.getpid()
        with pytest.raises(HomeTaken, match=rf"supervisor pid {os.getpid()}\)\. Look at it with `make status`"):
            home.lock()
    assert home.holder() is None
    home.lock().close()


def test_the_lock_of_a_process_that_was_killed_is_free(home: Home) -> None:
    code = "import sys; from pathlib import Path; from deploy.local.home import Home\n"
    code += "held = Home(Path(sys.argv[1])).lock(); print('held', flush=True); sys.stdin.read()"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code, str(home.path)], stdin=pipe, stdout=pipe) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        assert home.holder() == other.pid
        other.kill()
    assert home.holder() is None


def test_those_who_look_do_not_take_each_other_for_the_holder(home: Home) -> None:
    home.lock().close()  # the file still names this process
    with (home.path / "lock").open("r+") as looker:
        fcntl.flock(looker, fcntl.LOCK_SH)
        assert home.holder() is None


def test_demo_env_comes_back_and_loads_in_a_shell(home: Home) -> None:
    values = {"HEADRACE_CLICKHOUSE_URL": "http://headrace:a-b_c@127.0.0.1:8124/?database=headrace", "HEADRACE_X": "="}
    home.write_demo_env(values)
    assert home.read_demo_env() == values
    script = f'set -a; . "{home.demo_env}"; set +a; printenv HEADRACE_CLICKHOUSE_URL HEADRACE_X'
    said = subprocess.run(["sh", "-c", script], check=True, capture_output=True, text=True).stdout
    assert said.splitlines() == list(values.values())


def test_ports_come_back(home: Home) -> None:
    assert home.read_ports() == {}
    home.write_ports({"redis": Choice(6390, 23111)})
    assert home.read_ports() == {"redis": Choice(6390, 23111)}


def test_a_private_file_is_replaced_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("old")
    with file.open() as reader:
        write_private(file, b"new")
        assert reader.read() == "old"
    assert file.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [file]
