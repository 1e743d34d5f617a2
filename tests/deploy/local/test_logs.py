"""Many logs as one."""

from pathlib import Path

from deploy.local.logs import Tail, read


def test_the_end_of_each_log_comes_with_the_name_of_its_part(tmp_path: Path) -> None:
    (tmp_path / "worker.log").write_text("".join(f"{n}\n" for n in range(100)))
    (tmp_path / "redis.log").write_text("only\n")
    (tmp_path / "redis.log.1").write_text("old\n")
    lines = list(read(tmp_path, follow=False))
    assert lines[0] == ("redis", "only")
    assert lines[1:] == [("worker", str(n)) for n in range(80, 100)]


def test_what_is_written_later_follows_also_in_a_log_that_is_new(tmp_path: Path) -> None:
    old = tmp_path / "old.log"
    old.write_text("before\n")
    lines = read(tmp_path, follow=True)
    assert next(lines) == ("old", "before")
    with old.open("a") as file:
        file.write("after\n")
    (tmp_path / "new.log").write_text("first\n")
    assert [next(lines), next(lines)] == [("new", "first"), ("old", "after")]


def test_a_line_is_read_when_it_is_whole(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("one\nhal")
    tail = Tail(log)
    assert tail.lines() == ["one"]
    with log.open("a") as file:
        file.write("f\n")
    assert tail.lines() == ["half"]


def test_a_log_that_was_replaced_is_read_from_its_beginning(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("a long line\n")
    tail = Tail(log)
    assert tail.lines() == ["a long line"]
    log.write_text("new\n")
    assert tail.lines() == ["new"]
