"""A kept table is used again only while bytes, options and the file itself stay the same."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from will_pipeline.readers.parquet_cache import cached

CALLS: list[int] = []


def reader(files: Mapping[str, Path], *, factor: int) -> pl.DataFrame:
    CALLS.append(factor)
    return pl.DataFrame({"value": [factor * len(path.read_bytes()) for path in files.values()]})


def test_reads_again_only_what_changed(tmp_path: Path) -> None:
    CALLS.clear()
    file, folder = tmp_path / "a.csv", tmp_path / "cache"
    file.write_bytes(b"123")
    for factor, content in ((2, b"123"), (2, b"123"), (3, b"123"), (3, b"1234"), (3, b"1234")):
        file.write_bytes(content)
        table = cached(reader, {"a": file}, folder, factor=factor)
        assert table["value"].to_list() == [factor * len(content)]
    assert CALLS == [2, 3, 3]


def test_a_damaged_table_is_made_again(tmp_path: Path) -> None:
    CALLS.clear()
    file, folder = tmp_path / "a.csv", tmp_path / "cache"
    file.write_bytes(b"123")
    cached(reader, {"a": file}, folder, factor=2)
    kept = next(folder.glob("*.parquet"))
    damaged = bytearray(kept.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    kept.write_bytes(damaged)
    assert cached(reader, {"a": file}, folder, factor=2)["value"].to_list() == [6]
    assert CALLS == [2, 2]
    assert not list(folder.glob("*.part"))
