"""What scenarios, series and places say of themselves in Italian is easy to read."""

import runpy
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from will_pipeline.contracts.catalogue import load_contracts, load_views
from will_pipeline.documentation.readability import LEAST_FOR_EVERYONE, gulpease
from will_pipeline.needs import city_series, scenario

ROOT = runpy.run_path(str(Path(__file__).with_name("texts.py")))["ROOT"]
TABLES = ("proiezione", "serie_citta", "presidio", "accesso_presidi")
QUESTIONS = ("04_cambiamento_nel_tempo", "08_alto_bisogno_pochi_presidi", "18_scenario")


def told() -> Iterator[tuple[str, str]]:
    for name in ("ONE_STRUCTURE", "NO_SHARE", "NO_PERSONS", "FEW", "BESIDE", "PARTS_MISSING"):
        yield name, getattr(scenario, name)
    yield "NO_VARIATION", city_series.NO_VARIATION
    short = city_series.Track("x", np.array([2021, 2022, 2023]), np.array([1.0, 2.0, 3.0]))
    yield "short series", city_series.short_series(short)
    contracts = load_contracts("mart")
    for table in TABLES:
        yield table, contracts[table].description.it
    yield "v_bisogno_e_presidi", load_views()["v_bisogno_e_presidi"].description.it
    for question in QUESTIONS:
        text = (ROOT / "will_pipeline" / "domande" / f"{question}.sql").read_text("utf-8")
        head = [line[3:] for line in text.splitlines() if line.startswith("-- ")]
        yield question, " ".join(head).split("come_si_legge: ")[1]


@pytest.mark.parametrize(("where", "text"), list(told()))
def test_it_is_easy_to_read(where: str, text: str) -> None:
    assert gulpease(text) >= LEAST_FOR_EVERYONE, where
