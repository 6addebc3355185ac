"""A folder of deliveries over several days: what is in use, what is refused, what is withdrawn."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from tests.unit.deliveries.examples import (
    GOOD,
    NEIGHBOUR,
    SECTIONS,
    TODAY,
    TOWN,
    as_csv,
    as_workbook,
    changed,
    section_file,
)  # fmt: skip
from will_pipeline.contracts.conform import conform
from will_pipeline.deliveries.archive import POINTER, Archive
from will_pipeline.deliveries.catalogue import harmonised, load_templates
from will_pipeline.deliveries.folder import Folder, Outcome, delivery_rows
from will_pipeline.deliveries.reading import MOST_BYTES
from will_pipeline.deliveries.tables import delivered_table
from will_pipeline.errors import SourceFault

KIND = "utenti_servizi"
LATER = date(2026, 12, 24)
BAD = b"area;bisogno;anno;utenti\nQ99;giovani;2025;4\n"
PLACES = b"codice;nome;tipo;ente;area;indirizzo;lon;lat;verificato_il\n1;Faro;altro;;Q07;;;;\n"


class Desk:
    """The folder, its archive and what a night makes of them."""

    def __init__(self, home: Path, municipalities: pl.DataFrame, areas: pl.DataFrame) -> None:
        self.municipalities, self.areas = municipalities, areas
        self.folder = Folder(home / "consegne", Archive(home / "accolte"), load_templates(), TODAY)

    def put(self, slug: str, files: Mapping[str, bytes]) -> None:
        home = self.folder.folder / slug
        home.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (home / name).write_bytes(content)

    def remove(self, slug: str, name: str) -> None:
        (self.folder.folder / slug / name).unlink()

    def night(self, today: date = TODAY, *, keep: bool = True) -> list[Outcome]:
        folder = replace(self.folder, today=today)
        return folder.examine(self.municipalities, self.areas, keep=keep)

    def rows(self, today: date = TODAY) -> pl.DataFrame:
        made = delivery_rows(self.night(today), load_templates())
        return conform(made, harmonised()["delivery"])

    def table(self, name: str, deliveries: pl.DataFrame) -> pl.DataFrame:
        made = delivered_table(name, deliveries, self.municipalities, self.folder.archive)
        return conform(made, harmonised()[name])

    def archived(self) -> dict[str, bytes]:
        home = self.folder.archive.folder
        return {
            file.relative_to(home).as_posix(): file.read_bytes()
            for file in sorted(home.rglob("*"))
            if file.is_file()
        }


@pytest.fixture
def desk(tmp_path: Path, municipalities: pl.DataFrame, area_rows: pl.DataFrame) -> Desk:
    return Desk(tmp_path, municipalities, area_rows)


def test_nothing_handed_in_is_empty_tables_and_no_archive(desk: Desk) -> None:
    rows = desk.rows()
    assert rows.is_empty()
    assert desk.table("service_users", rows).is_empty()
    assert desk.archived() == {}


def test_every_kind_ends_in_its_tables(desk: Desk) -> None:
    desk.put("provaglia", section_file(*SECTIONS))
    for kind, rows in GOOD.items():
        desk.put("provaglia", as_workbook(kind, rows))
    found = desk.rows()
    assert set(found["state"]) == {"accolta"}
    given = found.filter(pl.col("kind") != "confini_sezioni")
    assert given["rows"].sum() == sum(len(part) for rows in GOOD.values() for part in rows.values())
    for template in load_templates().values():
        for part in template.parts:
            assert desk.table(part.table, found).height == len(GOOD[template.kind][part.name])
    periods = dict(found.select("kind", "period").iter_rows())
    assert periods[KIND] == "2024 - 2025"
    assert periods["voce_tavolo"] == "2026-03-12"
    assert periods["presidi"] is None


def test_a_second_night_changes_nothing(desk: Desk) -> None:
    desk.put("provaglia", as_csv(KIND, GOOD[KIND]))
    first, archive = desk.rows(), desk.archived()
    assert desk.rows(LATER).equals(first)
    assert desk.archived() == archive
    assert first["accepted_on"].to_list() == [TODAY]


def test_the_same_rows_saved_anew_keep_their_day(desk: Desk) -> None:
    desk.put("provaglia", as_csv(KIND, GOOD[KIND]))
    first = desk.rows()
    desk.remove("provaglia", "utenti_servizi.csv")
    desk.put("provaglia", as_workbook(KIND, {"utenti": GOOD[KIND]["utenti"][::-1]}))
    second = desk.rows(LATER)
    assert second.drop("file").equals(first.drop("file"))
    assert second["file"].to_list() == ["utenti_servizi.xlsx"]


def test_a_new_good_file_takes_over_and_the_old_one_stays_archived(desk: Desk) -> None:
    desk.put("provaglia", as_csv(KIND, GOOD[KIND]))
    first = desk.rows()
    old = f"provaglia/{KIND}/{first['sha256'][0]}.parquet"
    before = desk.archived()[old]
    desk.put("provaglia", as_csv(KIND, changed(KIND, "utenti", 0, utenti="50")))
    second = desk.rows(LATER)
    assert second["accepted_on"].to_list() == [LATER]
    assert 50 in desk.table("service_users", second)["users"].to_list()
    assert desk.archived()[old] == before


def test_a_bad_file_leaves_the_last_good_one_in_use_and_marked(desk: Desk) -> None:
    desk.put("provaglia", as_csv(KIND, GOOD[KIND]))
    first, archive = desk.rows(), desk.archived()
    good = desk.table("service_users", first)
    desk.put("provaglia", {"utenti_servizi.csv": BAD})
    second = desk.rows(LATER)
    assert second["state"].to_list() == ["ultima_buona"]
    assert second["message"][0].startswith(
        "utenti_servizi.csv, riga 2, colonna area: non è un'area"
    )
    assert second.select("sha256", "rows", "accepted_on").equals(
        first.select("sha256", "rows", "accepted_on")
    )
    assert desk.table("service_users", second).equals(good)
    assert desk.archived() == archive


def test_a_bad_file_with_nothing_before_is_refused_and_nothing_is_stored(desk: Desk) -> None:
    desk.put("provaglia", {"utenti_servizi.csv": BAD})
    found = desk.rows()
    assert found.select("state", "rows", "sha256", "accepted_on").rows() == [
        ("rifiutata", 0, None, None)
    ]
    assert desk.archived() == {}


def test_personal_data_are_never_stored(desk: Desk) -> None:
    rows = changed("voce_tavolo", "voci", 0, sintesi="Parla RSSMRA80A01H501U")
    desk.put("provaglia", as_csv("voce_tavolo", rows))
    assert desk.rows()["state"].to_list() == ["rifiutata"]
    assert desk.archived() == {}


def test_a_removed_file_is_withdrawn_and_does_not_come_back_by_itself(desk: Desk) -> None:
    desk.put("provaglia", as_csv(KIND, GOOD[KIND]))
    desk.rows()
    desk.remove("provaglia", "utenti_servizi.csv")
    assert desk.rows(LATER).is_empty()
    desk.put("provaglia", {"utenti_servizi.csv": BAD})
    assert desk.rows(LATER)["state"].to_list() == ["rifiutata"]
    assert [name for name in desk.archived() if name.endswith(".parquet")]


@pytest.mark.parametrize("stand_in", ["dead link", "link to another town", "folder", "pipe"])
def test_what_is_no_file_in_a_delivery_s_place_leaves_the_last_good_one(
    desk: Desk, stand_in: str
) -> None:
    desk.put("provaglia", as_csv(KIND, GOOD[KIND]))
    desk.put("saggio", {"altro.csv": b"x"})
    first = desk.rows()
    place = desk.folder.folder / "provaglia" / "utenti_servizi.csv"
    place.unlink()
    if stand_in == "folder":
        place.mkdir()
    elif stand_in == "pipe":
        os.mkfifo(place)
    else:
        place.symlink_to("assente" if stand_in == "dead link" else "../saggio/altro.csv")
    kept = desk.rows(LATER).filter(pl.col("kind") == KIND)
    assert kept["state"].to_list() == ["ultima_buona"]
    assert "non è un file" in kept["message"].item()
    users = desk.table("service_users", kept)
    assert users.equals(desk.table("service_users", first.filter(pl.col("kind") == KIND)))


def test_a_lost_folder_withdraws_nothing(desk: Desk) -> None:
    desk.put("provaglia", as_csv(KIND, GOOD[KIND]))
    first = desk.rows()
    shutil.rmtree(desk.folder.folder / "provaglia")
    kept = desk.rows(LATER)
    assert kept["state"].to_list() == ["ultima_buona"]
    assert "la cartella non c'è più" in kept["message"].item()
    assert desk.table("service_users", kept).equals(desk.table("service_users", first))


def test_a_fault_of_one_town_or_kind_touches_no_other(desk: Desk) -> None:
    desk.put("provaglia", as_csv(KIND, GOOD[KIND]) | as_csv("presidi", GOOD["presidi"]))
    desk.put("saggio", {"presidi.csv": PLACES})
    before = desk.rows()
    desk.put("provaglia", {"utenti_servizi.csv": BAD})
    after = desk.rows(LATER)
    others = (pl.col("pro_com") == NEIGHBOUR) | (pl.col("kind") == "presidi")
    assert after.filter(others).equals(before.filter(others))
    assert after.filter(~others)["state"].to_list() == ["ultima_buona"]
    assert desk.table("delivered_place", after).equals(desk.table("delivered_place", before))


def test_two_towns_may_use_the_same_codes(desk: Desk) -> None:
    desk.put("saggio", {"presidi.csv": PLACES})
    desk.put("provaglia", {"presidi.csv": PLACES.replace(b"Q07", b"Q01")})
    places = desk.table("delivered_place", desk.rows())
    assert places["place_id"].to_list() == [f"{TOWN}-1", f"{NEIGHBOUR}-1"]


def test_an_altered_archive_is_not_used(desk: Desk) -> None:
    desk.put("provaglia", as_csv(KIND, GOOD[KIND]))
    first = desk.rows()
    path = desk.folder.archive.folder / "provaglia" / KIND / f"{first['sha256'][0]}.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(SourceFault, match="andati persi o sono cambiati"):
        desk.table("service_users", first)
    assert desk.rows(LATER)["state"].to_list() == ["accolta"]
    path.write_bytes(content)
    desk.put("provaglia", {"utenti_servizi.csv": BAD})
    assert desk.rows(LATER)["state"].to_list() == ["rifiutata"]


@pytest.mark.parametrize("text", ["", "{", '{"file": "x"}', "null"])
def test_an_unreadable_pointer_is_as_none(desk: Desk, text: str) -> None:
    desk.put("provaglia", as_csv(KIND, GOOD[KIND]))
    desk.rows()
    (desk.folder.archive.folder / "provaglia" / KIND / POINTER).write_text(text)
    assert desk.rows(LATER)["accepted_on"].to_list() == [LATER]


def test_last_good_data_on_areas_that_are_no_more_are_not_used(desk: Desk) -> None:
    desk.put("provaglia", as_csv(KIND, GOOD[KIND]))
    desk.rows()
    desk.areas = desk.areas.filter(pl.col("area_id") != f"{TOWN}.Q03")
    found = desk.rows(LATER)
    assert found["state"].to_list() == ["rifiutata"]
    assert "«Colle" not in found["message"][0]


def test_a_rehearsal_writes_nothing_and_says_what_would_be(desk: Desk) -> None:
    desk.put("provaglia", as_csv(KIND, GOOD[KIND]))
    [outcome] = desk.night(keep=False)
    assert (outcome.state, outcome.pointer, outcome.rows) == ("accolta", None, 3)
    assert desk.archived() == {}
    desk.rows()
    desk.remove("provaglia", "utenti_servizi.csv")
    before = desk.archived()
    assert desk.night(keep=False) == []
    assert desk.archived() == before


def test_files_of_other_names_are_told_and_lock_files_ignored(desk: Desk) -> None:
    desk.put("provaglia", {
        "utenti.csv": b"x", "~$presidi.xlsx": b"x", ".DS_Store": b"x", "presidi.leggimi.txt": b"x",
    })  # fmt: skip
    found = desk.rows()
    assert found.select("kind", "file", "state").rows() == [
        ("non_riconosciuta", "file con altri nomi (1)", "rifiutata")
    ]
    assert (
        "i nomi sono aree_proprie, confini_aree, confini_sezioni, conteggi_sezioni, misure"
        in found["message"][0]
    )


@pytest.mark.parametrize(
    "name",
    ["mario_rossi.csv", "presidi.mario rossi.csv", "presidi.rossi", "presidi", "rossi.presidi.csv"],
)
def test_a_name_of_no_delivery_is_never_repeated(name: str, desk: Desk) -> None:
    desk.put("provaglia", {name: b"x"})
    [row] = desk.rows().to_dicts()
    assert row["kind"] == "non_riconosciuta"
    assert "rossi" not in f"{row['file']}{row['message']}"


def test_folders_of_no_town_are_told(desk: Desk) -> None:
    desk.put("provagliaa", as_csv(KIND, GOOD[KIND]))
    assert desk.folder.strangers(desk.municipalities) == ["provagliaa"]
    assert desk.rows().is_empty()


def test_a_huge_file_is_refused_unread(desk: Desk) -> None:
    desk.put("provaglia", {"utenti_servizi.csv": b""})
    path = desk.folder.folder / "provaglia" / "utenti_servizi.csv"
    with path.open("r+b") as handle:
        handle.truncate(MOST_BYTES + 1)
    assert "pesa più di 20 MB" in desk.rows()["message"][0]


def test_names_of_files_may_be_written_in_capitals(desk: Desk) -> None:
    [(name, content)] = as_csv(KIND, GOOD[KIND]).items()
    desk.put("provaglia", {name.upper(): content})
    assert desk.rows()["state"].to_list() == ["accolta"]


def test_a_folder_that_cannot_be_opened_keeps_what_is_in_use(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.put("provaglia", as_csv(KIND, GOOD[KIND]))
    desk.put("saggio", {"presidi.csv": PLACES})
    desk.rows()
    listed = Path.iterdir

    def closed(path: Path) -> object:
        if path.name == "provaglia" and path.parent.name == "consegne":
            raise PermissionError(path)
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", closed)
    states = dict(desk.rows(LATER).select("pro_com", "state").iter_rows())
    assert states == {TOWN: "ultima_buona", NEIGHBOUR: "accolta"}


def test_the_pointer_says_what_and_since_when(desk: Desk) -> None:
    desk.put("provaglia", as_csv(KIND, GOOD[KIND]))
    desk.rows()
    pointer = json.loads(desk.archived()[f"provaglia/{KIND}/{POINTER}"])
    assert pointer["file"] == "utenti_servizi.csv"
    assert pointer["accepted_on"] == "2026-11-25"
    assert pointer["rows"] == 3
    assert pointer["bytes"] == len(desk.archived()[f"provaglia/{KIND}/{pointer['sha256']}.parquet"])
