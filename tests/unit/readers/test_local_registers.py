"""Schools, libraries, beneficiaries, municipalities: registers read without persons' data."""

import pytest

from will_pipeline.errors import SourceFault
from will_pipeline.readers.agenzia_cinque_per_mille import beneficiaries
from will_pipeline.readers.iccu_biblioteche import libraries
from will_pipeline.readers.istat_territori import municipalities
from will_pipeline.readers.mim_scuole import schools

PRIVATE = (
    "ANNOSCOLASTICO,CODICESCUOLA,DENOMINAZIONESCUOLA,INDIRIZZOSCUOLA,CAPSCUOLA,CODICECOMUNESCUOLA,"
    "DESCRIZIONETIPOLOGIAGRADOISTRUZIONESCUOLA,INDIRIZZOEMAILSCUOLA\n"
    "202324,BG1A000001,ASILO,VIA ROMA 1,Non Disponibile,A794,SCUOLA INFANZIA,uno@esempio.it\n"
)
STATE = (
    "ANNOSCOLASTICO,CODICEISTITUTORIFERIMENTO,CODICESCUOLA,DENOMINAZIONESCUOLA,INDIRIZZOSCUOLA,"
    "CAPSCUOLA,CODICECOMUNESCUOLA,DESCRIZIONECARATTERISTICASCUOLA,"
    "DESCRIZIONETIPOLOGIAGRADOISTRUZIONESCUOLA\n"
    "202526,BGIC000001,BGEE000002,PRIMARIA,VIA PO 2,24100,A794,NORMALE,SCUOLA PRIMARIA\n"
)
LIBRARIES = (
    "codice-isil,denominazione,indirizzo,frazione,cap,codice istat comune,latitudine,longitudine,"
    "email\n"
    "IT-PR0001,Palatina,Strada alla Pilotta 3,,43121,034027,44.8,10.3,a@b.it\n"
    "IT-PR0002,Civica,Vicolo S. Maria 5,,43121,034027,0.0,0.0,\n"
)
FIVE = (
    "codice_fiscale,denominazione,codice_comune,ets_e_onlus,asd,ricerca_scientifica,"
    "ricerca_sanitaria,comuni,beni_culturali_e_paesaggistici,enti_gestori_aree_protette,"
    "numero_scelte,importo_delle_scelte_espresse,importo_totale_erogabile\n"
    "95008730160,CESVI,016024,X,,,,,,,6687,268289.98,278639.9\n"
)
UNITS = (
    "Codice Regione;Codice Comune (alfanumerico);Comune (dizione italiana);Ripartizione geografica;"
    "Regione;Provincia/Uts;Sigla automobilistica;Codice catasto;Codice NUTS1 2024;"
    "Codice NUTS2 2024;Codice NUTS3 2024\n"
    "03;108033;Monza;Nord-ovest;Lombardia;Monza e della Brianza;MB;F704;ITC;ITC4;ITC4D\n"
)
BELFIORE = {"A794": "016024"}
NAMES = ("scuole_paritarie.csv", "scuole_statali.csv")


def both(private: str = PRIVATE, state: str = STATE) -> dict[str, bytes]:
    return dict(zip(NAMES, (private.encode(), state.encode()), strict=True))


def test_schools_carry_no_electronic_address() -> None:
    result = schools(both(), belfiore=BELFIORE)
    assert result.drop("name", "address").rows() == [
        ("BG1A000001", "016024", "SCUOLA INFANZIA", "paritaria", None, None, None, "2023/24"),
        ("BGEE000002", "016024", "SCUOLA PRIMARIA", "statale", "BGIC000001", "NORMALE", "24100",
         "2025/26"),
    ]  # fmt: skip
    assert "@" not in str(result.rows())


@pytest.mark.parametrize(
    ("files", "rule"),
    [
        (both(private="<html></html>"), "pagina web"),
        (both(state=STATE.replace("CAPSCUOLA", "CAP")), "colonna CAPSCUOLA"),
        (both(state=STATE.replace("202526", "202527")), "anno scolastico malformato"),
        (both(state=STATE.replace("BGEE000002", "BG1A000001")), "scuola ripetuta"),
        (both(state=STATE.replace("A794", "F704")), "nessuna scuola statale"),
    ],
)
def test_refuses_broken_school_registers(files: dict[str, bytes], rule: str) -> None:
    with pytest.raises(SourceFault, match=rule):
        schools(files, belfiore=BELFIORE)


def test_a_library_at_zero_has_no_coordinates() -> None:
    result = libraries({"b.csv": LIBRARIES.encode()}, cities=["034027"])
    assert result.select("isil_code", "latitude", "longitude", "coordinates").rows() == [
        ("IT-PR0001", 44.8, 10.3, "observed"),
        ("IT-PR0002", None, None, "missing"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (LIBRARIES, "<html></html>", "pagina web"),
        ("latitudine", "lat", "colonna latitudine"),
        ("44.8", "44.8N", "riga 2, colonna latitude"),
        ("PR0002", "PR0001", "chiave ripetuta"),
        ("034027", "016024", "manca il codice 034027"),
    ],
)
def test_refuses_a_broken_library_register(old: str, new: str, rule: str) -> None:
    with pytest.raises(SourceFault, match=rule):
        libraries({"b.csv": LIBRARIES.replace(old, new).encode()}, cities=["034027"])


def test_beneficiaries_keep_categories_and_amounts_without_tax_codes() -> None:
    result = beneficiaries({"c.csv": FIVE.encode()}, year=2022, cities=["016024"])
    assert result.row(0) == (
        "016024", "CESVI", 2022, True, False, False, False, False, False, False, 6687, 268289.98,
        278639.9,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (FIVE, "<html></html>", "pagina web"),
        ("numero_scelte", "scelte", "colonna numero_scelte"),
        ("95008730160", "RSSMRA80A01A794X", "può contenere dati di persone"),
        (",X,", ",S,", "atteso X o niente"),
        ("6687", "molte", "colonna choices"),
        ("016024", "013075", "manca il codice 016024"),
    ],
)
def test_refuses_a_broken_list_of_beneficiaries(old: str, new: str, rule: str) -> None:
    with pytest.raises(SourceFault, match=rule):
        beneficiaries({"c.csv": FIVE.replace(old, new).encode()}, year=2022, cities=["016024"])


def test_a_municipality_gets_istats_code_of_its_province() -> None:
    result = municipalities({"u.csv": UNITS.encode()}).row(0, named=True)
    assert (result["province_code"], result["nuts3_2024"]) == ("IT108", "ITC4D")
    with pytest.raises(SourceFault, match="provincia sconosciuta: 'Brianza'"):
        municipalities({"u.csv": UNITS.replace("Monza e della Brianza", "Brianza").encode()})
    with pytest.raises(SourceFault, match="riga 2, colonna belfiore: il valore manca"):
        municipalities({"u.csv": UNITS.replace("F704", "").encode()})


def test_the_register_of_every_day_writes_semicolons_and_commas() -> None:
    daily = LIBRARIES.replace(",", ";").replace("44.8", "44,8").replace("10.3", "10,3")
    daily = daily.replace("034027", "34027").replace("0.0", "0,0")
    read = libraries(
        {"territorio.csv": daily.encode()},
        cities=["034027"], separator=";", decimal_comma=True,
    )  # fmt: skip
    assert read.equals(libraries({"x.csv": LIBRARIES.encode()}, cities=["034027"]))
