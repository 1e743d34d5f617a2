"""Files of a backup, and the manifest that names and proves them: in a folder, and in a bucket."""

from pathlib import Path

import msgspec
import pytest

from tests.workers.s3 import bucket
from workers.backups.vault import MANIFEST, Damaged, File, Manifest, NoBackup, Vault, pack, unpack
from workers.errors import NotNow


def manifest() -> Manifest:
    """The smallest that there is."""
    return Manifest(
        id="b", install="i", made_at=2, fresh_through=1, people_through=0, versions={}, schema={}, tables_in="export",
        tables={}, shards=[], counts={}, files={},
    )  # fmt: skip


async def test_what_is_written_is_read_and_proved(tmp_path: Path) -> None:
    vault = Vault(str(tmp_path / "b"))
    await vault.put("one.json", b"1")
    await vault.put_packed("shards/001-cut.msgpack.zst", {b"a": [1, 2]})
    made = await vault.seal(manifest())
    found = await Vault(str(tmp_path / "b")).manifest()
    assert (found, found.proof, len(found.files)) == (made, made.digest, 2)
    assert await vault.get("one.json", found.files["one.json"]) == b"1"
    packed = await vault.get("shards/001-cut.msgpack.zst", found.files["shards/001-cut.msgpack.zst"])
    assert unpack(packed) == {b"a": [1, 2]}


async def test_without_a_manifest_there_is_no_backup(tmp_path: Path) -> None:
    vault = Vault(str(tmp_path / "b"))
    await vault.put("one.json", b"1")
    with pytest.raises(NoBackup, match="none that came to its end"):
        await vault.manifest()


@pytest.mark.parametrize("wrong", [b"", b"{", b"[]", b'{"format": 1}', b"\xff"])
async def test_a_manifest_that_cannot_be_read_is_damaged(tmp_path: Path, wrong: bytes) -> None:
    vault = Vault(str(tmp_path / "b"))
    await vault.seal(manifest())
    (tmp_path / "b" / MANIFEST).write_bytes(wrong)
    with pytest.raises(Damaged, match=MANIFEST):
        await vault.manifest()


async def test_a_manifest_that_was_changed_is_damaged_and_a_newer_format_is_named(tmp_path: Path) -> None:
    vault = Vault(str(tmp_path / "b"))
    made = await vault.seal(manifest())
    path = tmp_path / "b" / MANIFEST
    path.write_bytes(path.read_bytes().replace(b'"fresh_through": 1', b'"fresh_through": 7'))
    with pytest.raises(Damaged, match="changed after"):
        await vault.manifest()
    path.write_bytes(msgspec.json.encode({**msgspec.to_builtins(made), "format": 2, "more": 1}))
    with pytest.raises(NoBackup, match="format 2; this build reads 1"):
        await vault.manifest()


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a/../b.json", "a"])
async def test_a_name_that_leads_elsewhere_is_not_followed(tmp_path: Path, name: str) -> None:
    with pytest.raises(Damaged, match="which no backup has"):
        await Vault(str(tmp_path)).get(name, File(1, ""))


def test_bytes_that_are_not_packed_are_damaged() -> None:
    for wrong in (b"", b"nothing", pack(b"\xc1"), pack(b"\x01")[:-1]):
        with pytest.raises(Damaged):
            unpack(wrong)


async def test_a_place_that_can_be_none_or_is_away_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="name a folder, or s3://bucket/prefix"):
        Vault("ftp://somewhere/else")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotNow, match="file/b"):
        await Vault(str(tmp_path / "file" / "b")).put("one.json", b"1")


async def test_a_bucket_does_as_a_folder_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with bucket(tmp_path) as served:
        for name, value in served.env.items():
            monkeypatch.setenv(name, value)
        vault = Vault("s3://kept/backups/one")
        with pytest.raises(NoBackup):
            await vault.manifest()
        await vault.put("one.json", b"1")
        assert await vault.seal(manifest()) == await Vault("s3://kept/backups/one").manifest()
