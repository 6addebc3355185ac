"""The cities: eight, in the order planners expect, each a file that is refused when wrong."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from will_pipeline.cities import catalogue
from will_pipeline.cities.catalogue import load_cities
from will_pipeline.errors import SourceFault

GOOD = {
    "order": 1,
    "slug": "novara",
    "pro_com": "003106",
    "name": "Novara",
    "sigla": "NO",
    "province": "Novara",
    "province_code": "ITC15",
    "nuts3": "ITC15",
    "region": "Piemonte",
    "region_code": "01",
    "belfiore": "F952",
    "crs": "EPSG:32632",
    "uri": "urn:istat:comune:003106",
}


def write(folder: Path, content: dict[str, Any], name: str = "novara") -> None:
    text = yaml.safe_dump(content, allow_unicode=True)
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def test_the_eight_cities_in_order() -> None:
    assert [(city.name, city.pro_com, city.province_code) for city in load_cities()] == [
        ("Bergamo", "016024", "ITC46"),
        ("Como", "013075", "ITC42"),
        ("Monza", "108033", "IT108"),
        ("Novara", "003106", "ITC15"),
        ("Parma", "034027", "ITD52"),
        ("Reggio nell'Emilia", "035033", "ITD53"),
        ("Padova", "028060", "ITD36"),
        ("Rovigo", "029041", "ITD37"),
    ]


def test_every_yaml_of_the_package_is_a_city() -> None:
    home = Path(catalogue.__file__).parent
    assert {path.stem for path in home.glob("*.yaml")} == {city.slug for city in load_cities()}


def test_a_ninth_city_is_a_file(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    write(
        tmp_path,
        {
            **GOOD,
            "order": 9,
            "slug": "lodi",
            "pro_com": "098031",
            "belfiore": "E648",
            "uri": "urn:istat:comune:098031",
        },
        name="lodi",
    )
    assert [city.slug for city in load_cities(tmp_path)] == ["novara", "lodi"]


@pytest.mark.parametrize(
    ("change", "where", "rule"),
    [
        ({"pro_com": 3106}, "campo pro_com", "deve essere un testo"),
        ({"sigla": False}, "campo sigla", "deve essere un testo"),
        ({"crs": "EPSG:3857"}, "campo crs", "il testo non risponde a"),
        ({"uri": "urn:istat:comune:016024"}, "", "non cita il codice 003106"),
        ({"slug": "como"}, "campo slug", "non è il nome del file"),
        ({"popolazione": 100000}, "campo popolazione", "campo sconosciuto"),
        ({"order": 0}, "campo order", "deve essere almeno 1"),
    ],
)
def test_a_wrong_field_is_named(
    tmp_path: Path, change: dict[str, Any], where: str, rule: str
) -> None:
    write(tmp_path, {**GOOD, **change})
    with pytest.raises(SourceFault) as caught:
        load_cities(tmp_path)
    assert (caught.value.file, caught.value.where) == ("novara.yaml", where)
    assert rule in caught.value.rule


def test_no_city_and_the_same_city_twice(tmp_path: Path) -> None:
    with pytest.raises(SourceFault, match="nessuna città"):
        load_cities(tmp_path)
    write(tmp_path, GOOD)
    write(tmp_path, {**GOOD, "slug": "novara_due", "order": 2}, name="novara_due")
    with pytest.raises(SourceFault, match="campo pro_com: 003106 è ripetuto"):
        load_cities(tmp_path)


def test_a_city_may_give_a_figure_of_its_own(tmp_path: Path) -> None:
    own = {"rate": 10.4, "year": 2024, "source": "anagrafe", "error": 0.8}
    write(tmp_path, {**GOOD, "benchmarks": {"neet_15_29": own}})
    found = load_cities(tmp_path)[0].benchmarks
    assert found["neet_15_29"].model_dump() == own
    assert all(not city.benchmarks for city in load_cities())


@pytest.mark.parametrize("wrong", [{"rate": 0}, {"rate": 100}, {"error": -1}, {"colour": "red"}])
def test_a_figure_of_its_own_must_be_a_rate_with_an_error(
    tmp_path: Path, wrong: dict[str, Any]
) -> None:
    own = {"rate": 10.4, "year": 2024, "source": "anagrafe", "error": 0.8, **wrong}
    write(tmp_path, {**GOOD, "benchmarks": {"neet_15_29": own}})
    with pytest.raises(SourceFault):
        load_cities(tmp_path)
