"""What a person types for a place, found whatever its form, or answered with the possible ones."""

from collections.abc import Iterator

import duckdb
import pytest

from will_pipeline.domande.places import Unknown, find


@pytest.fixture
def mart() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        made.execute(
            "CREATE TABLE dim_comune AS SELECT * FROM (VALUES ('034027', 'Parma', 'PR'), "
            "('035033', 'Reggio nell''Emilia', 'RE')) AS t(pro_com, nome, sigla);"
            "CREATE TABLE dim_area AS SELECT * FROM (VALUES ('034027.Q04', '034027', 'Lubiana'), "
            "('034027.A01', '034027', 'Centro'), ('035033.A01', '035033', 'Centro'), "
            "('035033.A02', '035033', 'Città d''Arco')) AS t(area_id, pro_com, nome);"
            "CREATE TABLE dim_indicatore AS SELECT 'disoccupazione' AS indicatore_id, "
            "'Tasso di disoccupazione' AS nome, 'Disoccupazione' AS nome_breve;"
            "CREATE TABLE fatto_profilo AS SELECT 'regola' AS modello"
        )
        yield made


@pytest.mark.parametrize(
    "given",
    [
        "Reggio nell'Emilia", "Reggio nell’Emilia", "Reggio nellʼEmilia", "reggio emilia",
        "reggio_emilia", "REGGIO EMILIA", "Comune di Reggio nell'Emilia", "035033", "re",
    ],
)  # fmt: skip
def test_a_city_is_found_in_every_common_form(mart: duckdb.DuckDBPyConnection, given: str) -> None:
    assert find(mart, "comune", given) == "Reggio nell'Emilia"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("034027.Q04", "034027.Q04"), ("034027.q04", "034027.Q04"), ("lubiana", "034027.Q04"),
        ("Parma Q04", "034027.Q04"),
        ("Centro, Parma", "034027.A01"), ("citta d’arco", "035033.A02"),
    ],
)  # fmt: skip
def test_an_area_is_found_by_code_or_name(
    mart: duckdb.DuckDBPyConnection, given: str, code: str
) -> None:
    assert find(mart, "area", given) == code


@pytest.mark.parametrize(
    ("parameter", "given", "told"),
    [
        ("comune", "Milano", "le città sono Parma, Reggio nell'Emilia"),
        ("comune", "", "le città sono"),
        ("area", "Centro", "034027.A01 (Centro), 035033.A01 (Centro); scrivi il codice"),
        ("area", "034027.Q77", "le aree di quella città sono A01, Q04"),
        ("area", "Lubianna", "forse 034027.Q04 (Lubiana)"),
        ("area", "xyz", "034027 per Parma"),
        ("indicatore", "disocupazione", "forse disoccupazione"),
        ("modello", "altro", "i modelli sono regola"),
    ],
)
def test_what_is_not_there_names_what_is(
    mart: duckdb.DuckDBPyConnection, parameter: str, given: str, told: str
) -> None:
    with pytest.raises(Unknown) as caught:
        find(mart, parameter, given)
    assert told in str(caught.value)


def test_other_parameters_stay_as_given(mart: duckdb.DuckDBPyConnection) -> None:
    assert find(mart, "soglia", "Reggio Emilia") == "Reggio Emilia"
    assert find(mart, "indicatore", "Tasso di Disoccupazione") == "disoccupazione"
