"""The section on IDISE: present with numbers where files were handed in, absent with a reason."""

from pathlib import Path

import polars as pl
import pytest

from will_pipeline.documentation.__main__ import write_method
from will_pipeline.documentation.idise import (
    ABSENT,
    BEGIN,
    END,
    dropped_in,
    idise_section,
    with_section,
)
from will_pipeline.errors import SourceFault

TOWN = "034027"
SCORES = [110.0, 105.0, 95.0, 90.0]
INDICES = pl.DataFrame(
    [
        {
            "area_id": f"{TOWN}.Q{place:02d}", "dimensione": "giovani", "anno": 2011,
            "metodo": "ampi_citta", "indice": score, "rango_min": place, "rango_max": place,
        }
        for place, score in enumerate(SCORES, start=1)
    ]
)  # fmt: skip
TOWNS = pl.DataFrame({"pro_com": [TOWN], "nome": ["Parma"]})
CSV = (
    f"PRO_COM;COM_ASC1;IDISE\n{TOWN};34027001;108\n{TOWN};34027002;109\n{TOWN};34027003;97\n"
    f"{TOWN};34027004;93\n{TOWN};34027099;80\n"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "data" / "raw" / "consegne" / "idise"
    folder.mkdir(parents=True)
    return tmp_path


def hand_in(project: Path, name: str, text: str) -> None:
    (project / "data" / "raw" / "consegne" / "idise" / name).write_text(text, "utf-8")


def test_without_files_the_section_says_why(tmp_path: Path, project: Path) -> None:
    hand_in(project, "colonne.yaml", "valore: x")
    hand_in(project, ".nascosto.csv", "x")
    assert dropped_in(tmp_path / "altrove") is None
    assert dropped_in(project) is None
    assert idise_section(None, INDICES, TOWNS) == ABSENT


def test_with_files_it_shows_agreement_by_city_and_what_was_left_out(project: Path) -> None:
    hand_in(project, "parma.csv", CSV)
    section = idise_section(dropped_in(project), INDICES, TOWNS)
    # Ranks differ by one in two places of four: 1 - 6 x 2 / (4 x 15); one pair of six disagrees.
    assert "| Parma | aree sub-comunali | `giovani` | 2011 | 4 | 0,96 | 0,80 | 0,67 |" in section
    assert "`giovani` 2 su 4" in section
    assert "senza un indice qui: 034027.Q99" in section
    assert "nessun" not in section


def test_files_of_other_places_only_say_so(project: Path) -> None:
    hand_in(project, "roma.csv", CSV.replace("34027", "58091"))
    section = idise_section(dropped_in(project), INDICES, TOWNS)
    assert "nessuna delle 5 aree" in section


def test_files_that_cannot_be_read_stop_the_page(project: Path) -> None:
    hand_in(project, "parma.csv", CSV.replace("IDISE", "ALTRO"))
    with pytest.raises(SourceFault, match="colonna IDISE"):
        dropped_in(project)


def test_the_section_takes_its_place_and_only_that() -> None:
    page = f"prima\n\n{BEGIN}\n\nvecchio\n\n{END}\n\ndopo\n"
    told = with_section(page, "nuovo")
    assert told == f"prima\n\n{BEGIN}\n\nnuovo\n\n{END}\n\ndopo\n"
    assert with_section(told, "nuovo") == told
    for broken in ("senza segni", f"{BEGIN} x", f"{page}{END}"):
        with pytest.raises(ValueError, match="once each"):
            with_section(broken, "nuovo")


def test_nothing_is_written_where_the_files_cannot_be_read(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(project, "parma.csv", CSV.replace("IDISE", "ALTRO"))
    folder = project / "method"
    folder.mkdir()
    (folder / "coverage.md").write_text("x", "utf-8")
    (folder / "validazione.md").write_text(f"{BEGIN}{END}", "utf-8")
    monkeypatch.setattr("will_pipeline.documentation.__main__.page", lambda *given: "persone")
    tables = {"fatto_indice": INDICES, "dim_comune": TOWNS}
    with pytest.raises(SourceFault):
        write_method(tables, folder, project)
    assert {file.name for file in folder.iterdir()} == {"coverage.md", "validazione.md"}
    hand_in(project, "parma.csv", CSV)
    write_method(tables, folder, project)
    assert "| Parma |" in (folder / "validazione.md").read_text("utf-8")
    assert (folder / "persone.md").read_text("utf-8") == "persone"
