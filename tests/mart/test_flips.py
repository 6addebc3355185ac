"""Every damage to a release is seen, and the commands that mend it say so."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from will_pipeline.cli.main import app
from will_pipeline.contracts.model import TableContract, ViewContract
from will_pipeline.mart.database import DATABASE_FILE, write_database
from will_pipeline.mart.exports import (
    CHECKSUM_FILE,
    altered_files,
    write_checksums,
    write_exports,
    write_files,
)
from will_pipeline.mart.shelf import Shelf, Statement, write_statement

FLIPS = 1000 if os.environ.get("WILL_LONG") else 60


@pytest.fixture(scope="module")
def release(
    tmp_path_factory: pytest.TempPathFactory,
    tables: dict[str, pl.DataFrame],
    contracts: dict[str, TableContract],
    views: dict[str, ViewContract],
    statement: Statement,
) -> Path:
    folder = tmp_path_factory.mktemp("rilascio")
    write_database(folder / DATABASE_FILE, tables, contracts, views)
    write_exports(folder, tables, contracts=contracts, views=views)
    write_files(folder, {"atlante/index.html": b"<p>Parma</p>"})
    write_statement(folder, statement)
    write_checksums(folder)
    return folder


def test_every_flipped_bit_is_seen(release: Path) -> None:
    assert altered_files(release) == []
    files = sorted(file for file in release.rglob("*") if file.is_file())
    chance = random.Random(20240601)  # noqa: S311 (a seeded choice of places, not a secret)
    unseen = []
    for _ in range(FLIPS):
        file = chance.choice(files)
        content = bytearray(file.read_bytes())
        place, bit = chance.randrange(len(content)), chance.randrange(8)
        content[place] ^= 1 << bit
        original = file.read_bytes()
        file.write_bytes(content)
        if not altered_files(release):
            unseen.append((file.name, place, bit))
        file.write_bytes(original)
    assert unseen == []
    assert altered_files(release) == []


def test_f08_a_flipped_bit_in_the_mart_is_seen(release: Path, tmp_path: Path) -> None:
    folder = tmp_path / "rilascio"
    shutil.copytree(release, folder)
    mart = folder / DATABASE_FILE
    good = mart.read_bytes()
    for place in range(0, len(good), len(good) // 30):
        mart.write_bytes(good[:place] + bytes([good[place] ^ 8]) + good[place + 1 :])
        assert altered_files(folder) == [DATABASE_FILE]
    mart.write_bytes(good)
    assert altered_files(folder) == []


def test_a_lost_and_an_added_file_are_named(release: Path, tmp_path: Path) -> None:
    folder = tmp_path / "r"
    shutil.copytree(release, folder)
    (folder / "aree_larga.ods").unlink()
    (folder / "atlante" / "altro.html").write_text("x", encoding="utf-8")
    assert altered_files(folder) == ["aree_larga.ods", "atlante/altro.html"]
    (folder / CHECKSUM_FILE).unlink()
    assert altered_files(folder) == [CHECKSUM_FILE]


def test_a_list_that_leads_out_is_not_followed(release: Path, tmp_path: Path) -> None:
    folder = tmp_path / "r"
    shutil.copytree(release, folder)
    listing = folder / CHECKSUM_FILE
    (tmp_path / "fuori.txt").write_text("x", encoding="utf-8")
    digest = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    listing.write_text(listing.read_text("utf-8") + f"{digest}  ../fuori.txt\n", "utf-8")
    assert altered_files(folder) == ["../fuori.txt"]


@pytest.fixture
def project(release: Path, tmp_path: Path) -> Path:
    """A project with two releases, the second one read by all."""
    shelf = Shelf(tmp_path / "data" / "marts")
    for number in ("2026.11.9", "2026.11.10"):
        shutil.copytree(release, shelf.releases / number)
        write_statement(
            shelf.releases / number, Statement(number, "0" * 64, "2026-11-24T02:30:00+01:00", "1")
        )
        write_checksums(shelf.releases / number)
        shelf.point_latest_at(number)
    return tmp_path


def said(project: Path, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, [*words, "--progetto", str(project)])
    return result.exit_code, result.output


def test_releases_are_listed_in_their_order_and_restored(project: Path) -> None:
    assert said(project, "rilasci") == (0, "2026.11.9\n2026.11.10  ← letto da tutti\n")
    assert said(project, "verifica")[1].startswith("Rilascio integro: ")
    code, text = said(project, "ripristina", "2026.11.9")
    assert (code, "Ora si legge il rilascio 2026.11.9." in text) == (0, True)
    assert said(project, "rilasci")[1].startswith("2026.11.9  ← letto da tutti")


def test_an_altered_release_is_told_and_never_restored(project: Path) -> None:
    old = project / "data" / "marts" / "releases" / "2026.11.9"
    (old / "aree_larga.csv").write_text("x", encoding="utf-8")
    code, text = said(project, "ripristina", "2026.11.9")
    assert (code, "è alterato" in text) == (1, True)
    code, text = said(project, "verifica", str(old))
    assert (code, "Rilascio alterato: 1 file." in text, "aree_larga.csv" in text) == (1, True, True)
    assert said(project, "rilasci")[1].endswith("2026.11.10  ← letto da tutti\n")


def test_what_is_not_there_is_told(project: Path, tmp_path: Path) -> None:
    assert "non c'è" in said(project, "ripristina", "2020.01.1")[1]
    assert "will esegui" in said(tmp_path / "vuoto", "verifica")[1]
    assert "will esegui" in said(tmp_path / "vuoto", "rilasci")[1]
