"""The page of attributions: everything to cite, and which licences can share a file."""

from __future__ import annotations

import polars as pl
import pytest

from will_pipeline.mart.descriptors import APART, WITHIN, attribution_page, licence_duty
from will_pipeline.mart.osm_layer import SOURCE as OSM


def page(tables: dict[str, pl.DataFrame], *licences: str) -> str:
    one = tables["dim_fonte"]
    rows = [
        one.with_columns(
            licenza=pl.lit(licence),
            fonte_id=pl.lit(f"fonte_{number}"),
            attribuzione=pl.lit(f"Ente {number}"),
        )
        for number, licence in enumerate(licences)
    ]
    return attribution_page(pl.concat(rows), "Da citare.").decode()


@pytest.mark.parametrize(
    ("licence", "fits"),
    [
        ("CC BY 4.0", WITHIN), ("CC BY 3.0 IT", WITHIN), ("CC0 1.0", WITHIN), ("IODL 2.0", WITHIN),
        ("IODL 1.0", APART), ("ODbL 1.0", APART), ("CC BY-SA 4.0", APART), ("CC BY-NC 4.0", APART),
        ("CC BY-ND 4.0", APART), ("Licenza della casa", "da verificare"),
    ],
)  # fmt: skip
def test_a_licence_fits_or_stays_apart(licence: str, fits: str) -> None:
    assert licence_duty(licence)[0] == fits


def test_every_attribution_is_in_the_line_to_copy(tables: dict[str, pl.DataFrame]) -> None:
    told = page(tables, "CC BY 4.0", "IODL 2.0")
    assert "> Ente 0; Ente 1." in told
    assert "| CC BY 4.0 | 1 | sì |" in told
    assert "Nessuna fonte chiede di stare a parte." in told
    assert "ODbL" in told


def test_what_must_stay_apart_is_named(tables: dict[str, pl.DataFrame]) -> None:
    told = page(tables, "CC BY 4.0", "ODbL 1.0", "Licenza della casa")
    assert "| ODbL 1.0 | 1 | no, a parte |" in told
    assert "Da tenere a parte, o da non ridistribuire: fonte_1, fonte_2." in told


def test_the_row_of_openstreetmap_says_that_its_layer_is_apart(
    tables: dict[str, pl.DataFrame],
) -> None:
    one = tables["dim_fonte"].with_columns(
        licenza=pl.lit("ODbL 1.0"), attribuzione=pl.lit("© OpenStreetMap contributors")
    )
    told = attribution_page(one.with_columns(fonte_id=pl.lit(OSM)), "Da citare.").decode()
    assert "| © OpenStreetMap contributors. Strato a parte, in `osm/` |" in told
    assert "Strato a parte" not in attribution_page(one, "Da citare.").decode()


def test_no_source_of_ours_is_of_an_unknown_licence(tables: dict[str, pl.DataFrame]) -> None:
    from will_pipeline.definitions import PROJECT  # noqa: PLC0415
    from will_pipeline.sources.descriptor import load_sources  # noqa: PLC0415

    sources = load_sources(PROJECT / "assets" / "raw").values()
    fits = {source.licence.name: licence_duty(source.licence.name)[0] for source in sources}
    assert {name for name, fit in fits.items() if fit != WITHIN} == {"ODbL 1.0"}, fits
    apart = {each.key for each in sources if each.licence.name == "ODbL 1.0"}
    assert apart == {OSM}
    assert tables["dim_fonte"].height == 1
