"""Files beside the mart and the list of their checksums."""

import hashlib
from pathlib import Path

import polars as pl
from polars.testing import assert_frame_equal

from will_pipeline.mart.exports import (
    CHECKSUM_FILE,
    write_checksums,
    write_fact_files,
    write_files,
)


def test_facts_read_back_the_same_from_both_files(
    tmp_path: Path, tables: dict[str, pl.DataFrame]
) -> None:
    write_fact_files(tmp_path, tables)
    facts = tables["fatto_indicatore"]
    assert_frame_equal(pl.read_parquet(tmp_path / "fatto_indicatore.parquet"), facts)
    plain = pl.read_csv(tmp_path / "fatto_indicatore.csv", schema=facts.schema)
    assert_frame_equal(plain, facts)


def test_the_same_facts_make_the_same_bytes(
    tmp_path: Path, tables: dict[str, pl.DataFrame]
) -> None:
    for name in ("uno", "due"):
        (tmp_path / name).mkdir()
        write_fact_files(tmp_path / name, tables)
    for file in (tmp_path / "uno").iterdir():
        assert file.read_bytes() == (tmp_path / "due" / file.name).read_bytes()


def test_every_file_but_the_list_is_in_the_list_in_order(tmp_path: Path) -> None:
    write_files(tmp_path, {"b/c.html": b"<p>", "a.txt": b"x", "b/a b.txt": b""})
    listed = write_checksums(tmp_path)
    assert listed.name == CHECKSUM_FILE
    again = write_checksums(tmp_path).read_text()
    assert again == (
        f"{hashlib.sha256(b'x').hexdigest()}  a.txt\n"
        f"{hashlib.sha256(b'').hexdigest()}  b/a b.txt\n"
        f"{hashlib.sha256(b'<p>').hexdigest()}  b/c.html\n"
    )
