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
    NAMES_TOWN,
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
    wide = BANDS.model_copy(
        update={"value": 0.01, "least": 0.0, "indicators": {"disoccupazione": 5.0}}
    )
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
    told = next(jump for jump in found if jump.subject == "righe · dim_area").told()
    assert told == "«righe · dim_area» passa da 4 a 1"


def test_v05_one_row_of_a_short_table_is_no_jump(
    tables: Tables, contracts: dict[str, TableContract]
) -> None:
    one = {**tables, "dim_area": tables["dim_area"].head(3)}
    two = {**tables, "dim_area": tables["dim_area"].head(2)}
    assert find_jumps(one, tables, contracts, BANDS) == []
    assert [jump.subject for jump in find_jumps(two, tables, contracts, BANDS)] == [
        "righe · dim_area"
    ]


def gone_missing(tables: Tables, *areas: str) -> Tables:
    gone = pl.col("area_id").is_in(areas)
    facts = tables["fatto_indicatore"].with_columns(
        valore=pl.when(~gone).then("valore"),
        stato=pl.when(gone).then(pl.lit("non_disponibile")).otherwise("stato"),
    )
    return {**tables, "fatto_indicatore": facts}


def test_v06_values_that_became_missing_are_a_jump(
    tables: Tables, contracts: dict[str, TableContract]
) -> None:
    every = tables["fatto_indicatore"]["area_id"].to_list()
    found = find_jumps(gone_missing(tables, *every), tables, contracts, BANDS)
    assert [jump.told() for jump in found] == [
        "«valori presenti · fatto_indicatore · disoccupazione · 034027» passa da 3 a 0"
    ]
    subject = found[0].subject
    with pytest.raises(JumpRefused, match="finché una persona non conferma"):
        confirmed(found, NONE, today=TODAY)
    assert "Anna" in confirmed(found, override(subject=subject), today=TODAY)
    # One value is below the least loss; a share may go; what comes back is no loss.
    assert find_jumps(gone_missing(tables, every[1]), tables, contracts, BANDS) == []
    wide = BANDS.model_copy(update={"missing": 0.7})
    assert find_jumps(gone_missing(tables, *every[1:]), tables, contracts, wide) == []
    assert find_jumps(tables, gone_missing(tables, *every), contracts, BANDS) == []


def with_editions(tables: Tables, *towns: str, factor: float = 1.0) -> Tables:
    """The same figures on the areas of the later censuses, handed in by these towns."""
    areas, facts, sources = (tables[name] for name in ("dim_area", "fatto_indicatore", "dim_fonte"))
    own = pl.col("area_id").str.head(6).is_in(towns)
    handed = pl.concat(
        [
            sources.with_columns(fonte_id=pl.lit(f"consegna_conteggi_sezioni_{town}"))
            for town in towns
        ]
        or [sources.clear()]
    )
    return {
        **tables,
        "area_edizione": areas.filter(own),
        "fatto_annata": facts.filter(own).with_columns(
            pl.col("valore") * factor, anno=2023, anno_struttura=2023
        ),
        "dim_fonte": pl.concat([sources, handed]),
    }


TOWNS = ("034027", "028060")


def test_v06_values_of_the_later_censuses_have_bands_too(
    tables: Tables, contracts: dict[str, TableContract]
) -> None:
    before = with_editions(tables, *TOWNS)
    before["fatto_annata"] = pl.concat(
        [before["fatto_annata"], before["fatto_annata"].with_columns(anno_struttura=2021)]
    )
    assert find_jumps(before, before, contracts, BANDS) == []
    found = find_jumps(with_editions(tables, *TOWNS, factor=10.0), tables, contracts, BANDS)
    assert found == []
    moved = {
        **before,
        "fatto_annata": before["fatto_annata"].with_columns(
            valore=pl.when(pl.col("anno_struttura") == 2023)
            .then(pl.col("valore") * 10)
            .otherwise("valore")
        ),
    }
    assert [jump.told() for jump in find_jumps(moved, before, contracts, BANDS)] == [
        "«disoccupazione · 034027.C · 2023 · totale · 2023» passa da 8 a 80"
    ]
    empty = before["fatto_annata"].with_columns(valore=pl.lit(None, pl.Float64))
    found = find_jumps({**before, "fatto_annata": empty}, before, contracts, BANDS)
    assert "valori presenti · fatto_annata · disoccupazione · 034027" in {
        jump.subject for jump in found
    }


def test_v05_only_a_withdrawn_delivery_takes_its_rows_away_unasked(
    tables: Tables, contracts: dict[str, TableContract]
) -> None:
    before = with_editions(tables, *TOWNS)
    assert find_jumps(with_editions(tables), before, contracts, BANDS) == []
    assert find_jumps(with_editions(tables, TOWNS[1]), before, contracts, BANDS) == []
    # The delivery is still in use and its rows are not there.
    lost = {**before, "fatto_annata": before["fatto_annata"].clear()}
    assert [jump.told() for jump in find_jumps(lost, before, contracts, BANDS)] == [
        f"«righe · fatto_annata» passa da {before['fatto_annata'].height} a 0"
    ]
    # One town withdrew, and the rows of another went with its own.
    both = {**with_editions(tables, TOWNS[0]), "fatto_annata": before["fatto_annata"].clear()}
    assert [jump.told() for jump in find_jumps(both, before, contracts, BANDS)] == [
        "«righe · fatto_annata» passa da 3 a 0"
    ]


def test_v05_every_delivered_table_names_its_municipality(
    tables: Tables, contracts: dict[str, TableContract]
) -> None:
    for name, contract in contracts.items():
        if contract.from_deliveries:
            assert set(tables[name].columns) & set(NAMES_TOWN)


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
