"""Rows V06, H03 and H05: a jump waits for a person, and what a person lets through is published."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from tests.mart.publisher import publish_residents
from will_pipeline.contracts.model import TableContract
from will_pipeline.definitions import OVERRIDES
from will_pipeline.errors import SourceFault
from will_pipeline.mart.jumps import (
    CHECK,
    Bands,
    JumpRefused,
    confirmed,
    find_jumps,
    load_bands,
)
from will_pipeline.mart.overrides import (
    NONE,
    UNUSED,
    Override,
    Overrides,
    load_overrides,
    overridden,
)
from will_pipeline.mart.release import release_news
from will_pipeline.mart.shelf import LATEST, Shelf, Statement

Tables = dict[str, pl.DataFrame]
TODAY = date(2026, 11, 24)
BANDS = load_bands()


def override(check: str = CHECK, subject: str = "x", end: date = TODAY) -> Overrides:
    given = Override(
        controllo=check,
        oggetto=subject,
        motivo="La fonte ha corretto l'unità.",
        autore="Anna, ufficio dati",
        scade=end,
    )
    return Overrides(deroghe=(given,))


def scaled(tables: Tables, factor: float) -> Tables:
    values = tables["fatto_indicatore"].with_columns(pl.col("valore") * factor)
    return {**tables, "fatto_indicatore": values}


@pytest.mark.parametrize("factor", [10.0, 0.1, 1000.0, 1.3, -1.0])
def test_v06_a_change_of_unit_stops_until_somebody_confirms(
    tables: Tables, contracts: dict[str, TableContract], factor: float
) -> None:
    jumps = find_jumps(scaled(tables, factor), tables, contracts, BANDS)
    assert jumps
    assert all(jump.subject.split(" · ")[1].endswith(".C") for jump in jumps)
    with pytest.raises(JumpRefused, match="finché una persona non conferma") as caught:
        confirmed(jumps, NONE, today=TODAY)
    assert jumps[0].subject in str(caught.value)
    accepted = override(subject=jumps[0].subject)
    told = confirmed(jumps[:1], accepted, today=TODAY)
    assert "Anna, ufficio dati" in told
    assert "24/11/2026" in told
    with pytest.raises(JumpRefused, match="Deroghe scadute: 1"):
        confirmed(jumps[:1], accepted, today=date(2026, 11, 25))


def test_v06_what_stays_within_its_band_is_no_jump(
    tables: Tables, contracts: dict[str, TableContract]
) -> None:
    assert find_jumps(tables, tables, contracts, BANDS) == []
    assert find_jumps(scaled(tables, 1.1), tables, contracts, BANDS) == []
    wide = Bands(value=0.01, least=0.0, rows=0.2, indicators={"disoccupazione": 5.0})
    assert find_jumps(scaled(tables, 1.1), tables, contracts, wide) == []
    # A new year is news, and no jump.
    later = tables["fatto_indicatore"].with_columns(anno=pl.col("anno") + 1, valore=pl.lit(1e6))
    moved = {**tables, "fatto_indicatore": later}
    assert find_jumps(moved, tables, contracts, BANDS) == []


def test_v05_a_table_that_lost_its_rows_is_a_jump(
    tables: Tables, contracts: dict[str, TableContract]
) -> None:
    lost = {**tables, "dim_area": tables["dim_area"].head(1)}
    found = find_jumps(lost, tables, contracts, BANDS)
    assert "righe · dim_area" in [jump.subject for jump in found]
    names = [name for name, each in contracts.items() if each.from_deliveries]
    gone = {**tables, **{name: tables[name].clear() for name in names}}
    assert find_jumps(gone, tables, contracts, BANDS) == []


CONTROLS = pl.DataFrame(
    [
        ("somma_residenti", "034027.Q", "fallito", "errore", "Non torna.", 3.0, 0.0),
        ("somma_residenti", "034027.A", "superato", "errore", "Torna.", 0.0, 0.0),
    ],
    schema=["controllo", "oggetto", "esito", "gravita", "messaggio", "valore", "soglia"],
    orient="row",
)


def test_h05_an_override_lets_one_check_through_and_says_so_to_readers() -> None:
    rows = overridden(CONTROLS, override("somma_residenti", "034027.Q"), today=TODAY).to_dicts()
    assert [(row["esito"], row["gravita"]) for row in rows] == [
        ("fallito", "avviso"),
        ("superato", "errore"),
    ]
    assert rows[0]["messaggio"] == (
        "Non torna. Deroga di Anna, ufficio dati fino al 24/11/2026: La fonte ha corretto l'unità."
    )


def test_h05_an_override_that_is_over_lets_nothing_through() -> None:
    over = override("somma_residenti", "034027.Q", date(2026, 11, 23))
    first = overridden(CONTROLS, over, today=TODAY).row(0, named=True)
    assert first["gravita"] == "errore"
    assert "è scaduta il 23/11/2026" in first["messaggio"]


def test_h05_an_override_without_effect_is_told() -> None:
    rows = overridden(CONTROLS, override("somma_residenti", "034027.A"), today=TODAY)
    assert rows.row(-1, named=True)["controllo"] == UNUSED
    assert rows.height == 3
    assert overridden(CONTROLS, NONE, today=TODAY).equals(CONTROLS)


GOOD = """
deroghe:
  - {controllo: a, oggetto: b, motivo: "Un motivo lungo", autore: Anna, scade: 2026-12-31}
"""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (GOOD.replace(", autore: Anna", ""), "autore"),
        (GOOD.replace(", scade: 2026-12-31", ""), "scade"),
        (GOOD.replace("Un motivo lungo", "boh"), "motivo"),
        (GOOD.replace("2026-12-31", "mai"), "scade"),
        (GOOD + GOOD.partition("deroghe:")[2].lstrip("\n"), "due volte"),
    ],
)
def test_h03_an_override_has_author_reason_and_end(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "deroghe.yaml"
    path.write_text(GOOD, "utf-8")
    assert load_overrides(path).of("a", "b") is not None
    path.write_text(text, "utf-8")
    with pytest.raises(SourceFault, match=told):
        load_overrides(path)


def test_the_tracked_overrides_are_good() -> None:
    assert isinstance(load_overrides(OVERRIDES), Overrides)
    assert load_overrides(OVERRIDES.with_name("assente.yaml")) == NONE


def test_v06_a_jump_reaches_nobody_and_a_confirmed_one_is_told(
    tables: Tables, contracts: dict[str, TableContract], tmp_path: Path
) -> None:
    shelf = Shelf(tmp_path / "marts")
    publish_residents(shelf.folder, tables, 5000)
    moved = scaled(tables, 1000.0)
    new = Statement("2026.11.2", "1" * 64, "2026-11-25T02:30:00+01:00", "1.0.0")
    with pytest.raises(JumpRefused) as caught:
        release_news(shelf, new, moved, contracts, overrides=NONE, today=TODAY)
    assert shelf.led_to(LATEST) == "2026.11.1"
    given = [override(subject=jump.subject).deroghe[0] for jump in caught.value.jumps]
    accepted = Overrides(deroghe=tuple(given))
    rows = release_news(shelf, new, moved, contracts, overrides=accepted, today=TODAY)
    about = rows.filter(pl.col("oggetto") == "rilascio")["motivo"].item()
    assert "Confermato: " in about
    assert "Deroga di Anna, ufficio dati fino al 24/11/2026" in about
