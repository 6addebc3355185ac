"""Registers and statistics that the services publish beside the census, in their own layouts.

Figures of the eight cities are those of the project; those of the ninth are Rovigo's under other
codes, so that a file has a row for every town the census speaks of.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import polars as pl

from tests.replica.formats import delimited, workbook, zipped
from tests.replica.towns import FIGURES, Place
from will_pipeline.geography.addresses import split_address
from will_pipeline.readers.istat_demo import _FOREIGNERS, _RESIDENTS, _SEXES
from will_pipeline.readers.mef_irpef import ITEMS

MEF = (
    "/finanze/analisi_stat/public/v_4_0_0/contenuti/"
    "Redditi_e_principali_variabili_IRPEF_su_base_{base}_CSV_{year}.zip"
)
MIM = "/opendata/opendata/catalogo/elements1/SCUANAGRAFE{kind}20252620250901.csv"
LIBRARIES = "/territorio.zip"
BENEFICIARIES = "/ondata/liberiamoli-tutti/main/cinque_per_mille/dati/cinque_per_mille.zip"
POLITICHE = (
    "/ondata/elezioni-politiche-2022/main/affluenza-risultati/dati/affluenza/affluenzaComuni.csv"
)
EUROPEE = "/ondata/elezioni_europee_2024/main/data/affluenza.csv"
SPENDING = (
    "/Italian-Builders-Org/DoveVannoINostriSoldi/main/src/data/generated/opencivitas-2022.json"
)
BES = "/wp-content/uploads/2025/06/Bes_dei_territori_edizione_2025.zip"
BALANCE = "/data/p2/P2_2025_it_Comuni.zip"
FOREIGN_BALANCE = "/data/p3/P3_2025_it_Comuni.zip"
POSAS = "/data/posas/POSAS_{year}_it_Comuni.zip"
LIFE = "/SDMXWS/rest/data/IT1,DF_DCSS_BEST_PPC_2_GC,1.0/ALL/ALL/"
PHARMACY_PAGE = "/it/dataset/farmacie/"
PHARMACIES = "/sites/default/files/opendata/FRM_FARMA_5_20261101.json"
CIVIC_NUMBERS = "/age-inspire/opendata/anncsu/getds.php"
NEET = "/SDMXWS/rest/data/IT1,172_931_DF_DCCV_NEET1_11,1.0/ALL/ALL/"

MODEL, NINTH = "029041", "039014"
BELFIORE = {
    "016024": "A794", "013075": "C933", "108033": "F704", "003106": "F952", "034027": "G337",
    "035033": "H223", "028060": "G224", "029041": "H620", "039014": "H199",
}  # fmt: skip
ANNCSU = {"EMIL": "08", "LOMB": "03", "PIEM": "01", "VENE": "05"}
_SERIES = ("02IST006-N22", "03LAV003P-N22", "02IST010P")

Make = Callable[[], bytes]


class Registers:
    """Files by `(host, path)`, of the towns of a world."""

    def __init__(self, places: Sequence[Place], moved: Mapping[str, int]) -> None:
        self._places = {place.pro_com: place for place in places}
        self._moved = moved

    def files(self) -> Iterator[tuple[tuple[str, str], Make]]:
        for year in range(2021, 2025):
            path = MEF.format(base="comunale", year=year)
            yield ("mef_finanze", path), lambda year=year: self._income(year, cap=False)
        for year in range(2019, 2024):
            path = MEF.format(base="subcomunale", year=year)
            yield ("mef_finanze", path), lambda year=year: self._income(year, cap=True)
        for kind in ("STAT", "PAR"):
            path = MIM.format(kind=kind)
            yield ("mim_istruzione", path), lambda kind=kind: self._schools(kind)
        for year in range(2022, 2027):
            yield ("istat_demo", POSAS.format(year=year)), lambda year=year: self._ages(year)
        yield ("iccu_anagrafe", LIBRARIES), self._libraries
        yield ("ripubblicazioni", BENEFICIARIES), self._beneficiaries
        yield ("ripubblicazioni", POLITICHE), self._politiche
        yield ("ripubblicazioni", EUROPEE), self._europee
        yield ("ripubblicazioni", SPENDING), self._spending
        yield ("istat_sito", BES), self._bes
        yield ("istat_demo", BALANCE), lambda: self._balances("bilancio", _RESIDENTS)
        yield ("istat_demo", FOREIGN_BALANCE), lambda: self._balances("cittadinanza", _FOREIGNERS)
        for code, region in ANNCSU.items():
            asked = f"{CIVIC_NUMBERS}?INDIR_{code}"
            yield ("agenzia_anncsu", asked), lambda region=region: self._civic_numbers(region)
        yield ("salute_farmacie", PHARMACY_PAGE), self._pharmacy_page
        yield ("salute_farmacie", PHARMACIES), self._pharmacies
        yield ("istat_esploradati", LIFE), self._life
        yield ("istat_esploradati", NEET), self._neet

    def table(self, key: str, **others: pl.Expr) -> pl.DataFrame:
        """Figures of a source for the towns there are; `others` is what the ninth has else."""
        known = pl.read_parquet(FIGURES / f"{key}.parquet")
        invented = known.filter(pl.col("pro_com") == MODEL).with_columns(
            pro_com=pl.lit(NINTH), **others
        )
        both = pl.concat([known, invented])
        return both.filter(pl.col("pro_com").is_in(list(self._places)))

    def _more(self, path: str) -> int:
        return self._moved.get(path, 0) % 2

    def _income(self, year: int, *, cap: bool) -> bytes:
        base, key = ("subcomunale", "mef_irpef_cap") if cap else ("comunale", "mef_irpef_comuni")
        path = MEF.format(base=base, year=year)
        known = self.table(key)
        last = min(year, int(known["year"].max()))  # type: ignore[arg-type]
        rows = known.filter(pl.col("year") == last)
        place = ["pro_com", "cap"] if cap else ["pro_com"]
        header = ["Anno di imposta", "Codice catastale", "Codice Istat Comune"]
        header += ["Denominazione Comune", "Sigla Provincia", *(["CAP"] if cap else [])]
        header += ["Numero contribuenti"]
        for title in ITEMS.values():
            header += [f"{title} - Frequenza", f"{title} - Ammontare in euro"]
        lines = [header]
        for number, part in enumerate(rows.partition_by(place, maintain_order=True)):
            first = part.row(0, named=True)
            cells: list[Any] = [year, BELFIORE[first["pro_com"]], first["pro_com"]]
            cells += [first["municipality"], "XX", *([first["cap"]] if cap else [])]
            cells += [first["taxpayers"]]
            found = {row["item"]: row for row in part.iter_rows(named=True)}
            for item in ITEMS:
                more = self._more(path) if number == 0 and item == "taxable_income" else 0
                amount = found[item]["amount_eur"]
                cells += [found[item]["frequency"], None if amount is None else amount + more]
            # A column without a name stays open at the end of each row.
            lines.append([*("" if each is None else str(each) for each in cells), ""])
        return zipped({f"Redditi_{base}_{year}.csv": _plain(lines, "\r\n").encode("cp1252")})

    def _schools(self, kind: str) -> bytes:
        own = pl.col("school_code").str.replace("^RO", "RA")
        schools = self.table(
            "mim_scuole",
            school_code=own,
            institute_code=pl.col("institute_code").str.replace("^RO", "RA"),
        )
        state = kind == "STAT"
        schools = schools.filter(pl.col("management") == ("statale" if state else "paritaria"))
        absent = pl.lit("Non Disponibile")
        more = self._more(MIM.format(kind=kind))
        first = pl.int_range(pl.len()) == 0
        columns = {
            "ANNOSCOLASTICO": pl.lit("202526"),
            "REGIONE": pl.lit("-"),
            "CODICESCUOLA": pl.col("school_code"),
            "DENOMINAZIONESCUOLA": pl.when(first & (more == 1))
            .then(pl.lit("SCUOLA RINOMINATA"))
            .otherwise("name"),
            "INDIRIZZOSCUOLA": pl.col("address").fill_null(absent),
            "CAPSCUOLA": pl.col("cap").fill_null(absent),
            "CODICECOMUNESCUOLA": pl.col("pro_com").replace_strict(BELFIORE),
            "DESCRIZIONETIPOLOGIAGRADOISTRUZIONESCUOLA": pl.col("school_type"),
            "INDIRIZZOEMAILSCUOLA": absent,
        }
        if state:
            columns |= {
                "CODICEISTITUTORIFERIMENTO": pl.col("institute_code"),
                "DESCRIZIONECARATTERISTICASCUOLA": pl.col("feature"),
            }
        return schools.select(**columns).write_csv().encode()

    def _libraries(self) -> bytes:
        centre = {"latitude": pl.lit(44.415), "longitude": pl.lit(12.2)}
        libraries = self.table(
            "iccu_biblioteche", isil_code=pl.col("isil_code").str.replace("-RO", "-RA"), **centre
        )
        comma = {
            name: pl.col(ours).cast(pl.String).str.replace(".", ",", literal=True)
            for name, ours in (("latitudine", "latitude"), ("longitudine", "longitude"))
        }
        more = self._more(LIBRARIES)
        first = pl.int_range(pl.len()) == 0
        frame = libraries.select(
            pl.col("isil_code").alias("codice-isil"),
            pl.when(first & (more == 1))
            .then(pl.lit("Biblioteca rinominata"))
            .otherwise("name")
            .alias("denominazione"),
            pl.col("address").alias("indirizzo"),
            pl.col("locality").alias("frazione"),
            "cap",
            pl.col("pro_com").alias("codice istat comune"),
            **comma,
        )
        text = frame.write_csv(separator=";", quote_style="always")
        return zipped({"territorio.csv": text.encode()})

    def _beneficiaries(self) -> bytes:
        known = self.table("agenzia_cinque_per_mille").with_row_index("place")
        flags = {
            "ets_e_onlus": "third_sector",
            "asd": "amateur_sport",
            "ricerca_scientifica": "scientific_research",
            "ricerca_sanitaria": "health_research",
            "comuni": "municipality_itself",
            "beni_culturali_e_paesaggistici": "cultural_heritage",
            "enti_gestori_aree_protette": "protected_areas",
        }
        frame = known.select(
            prog="place",
            codice_fiscale=(80_000_000_000 + pl.col("place")).cast(pl.String),
            denominazione="name",
            codice_comune="pro_com",
            **{name: pl.when(pl.col(ours)).then(pl.lit("X")) for name, ours in flags.items()},
            numero_scelte="choices",
            importo_delle_scelte_espresse="amount_expressed_eur",
            importo_totale_erogabile="amount_total_eur",
        )
        return zipped({"cinque_per_mille.csv": frame.write_csv().encode()})

    def _turnout(self, consultation: str) -> pl.DataFrame:
        return self.table("eligendo_affluenza").filter(consultation=consultation)

    def _politiche(self) -> bytes:
        frame = self._turnout("politiche_2022").select(
            pl.col("pro_com").alias("CODICE ISTAT"),
            pl.col("electors").alias("elettori"),
            pl.col("turnout").alias("%h23"),
            pl.col("voters").alias("voti_h23"),
        )
        return frame.write_csv().encode()

    def _europee(self) -> bytes:
        comma = pl.col("turnout").cast(pl.String).str.replace(".", ",", literal=True)
        frame = self._turnout("europee_2024").select(
            pl.col("electors").alias("ele_t"),
            comma.alias("perc"),
            pl.col("voters").alias("vot_t"),
            pl.col("pro_com").alias("CODICE ISTAT"),
        )
        return frame.write_csv().encode()

    def _spending(self) -> bytes:
        fields = {
            "istatCode": "pro_com",
            "name": "municipality",
            "historicalSpendingCents": "historical_spending_eur",
            "standardSpendingCents": "standard_spending_eur",
            "differenceCents": "difference_eur",
            "historicalPerCapitaCents": "historical_per_resident_eur",
            "standardPerCapitaCents": "standard_per_resident_eur",
            "differenceBasisPoints": "difference_percent",
            "serviceDifferenceBasisPoints": "service_difference_percent",
            "spendingLevel": "spending_level",
            "serviceLevel": "service_level",
        }
        table = self.table("opencivitas_spesa", municipality=pl.lit("RAVENNA"))
        hundred = [ours for ours in fields.values() if ours.endswith(("_eur", "_percent"))]
        whole = table.with_columns((pl.col(hundred) * 100).round().cast(pl.Int64))
        document = {
            "referenceYear": int(table["year"][0]),
            "municipalityColumns": list(fields),
            "municipalityRows": [list(row) for row in whole.select(*fields.values()).iter_rows()],
        }
        return json.dumps(document).encode()

    def _bes(self) -> bytes:
        told = pl.read_parquet(FIGURES / "istat_bes_indicatori.parquet")
        names = {row["indicator_code"]: row for row in told.iter_rows(named=True)}
        more = self._more(BES)
        rows: list[list[Any]] = []
        years: list[int] = []
        for key, code, name, geo in (
            ("istat_bes_territori", "province_code", "province", "01-01-0{:02d}"),
            ("istat_bes_confronti", "territory_code", "territory", "01-{:02d}-000"),
        ):
            known = pl.read_parquet(FIGURES / f"{key}.parquet").filter(
                pl.col("indicator_code").is_in(_SERIES)
            )
            years = sorted(set(years) | set(known["year"]))
            for part in known.partition_by(code, "indicator_code", "sex", maintain_order=True):
                first = part.row(0, named=True)
                about = names[first["indicator_code"]]
                cells = {row["year"]: _sign(row) for row in part.iter_rows(named=True)}
                rows.append(
                    [about["domain"], first["indicator_code"], about["name"],
                     {"M": "Maschi", "F": "Femmine", "T": "Totale"}[first["sex"]], first[name],
                     about["unit"], about["source"], cells, geo.format(len(rows) % 90 + 1)]
                )  # fmt: skip
        header = ["DOMINIO", "CODICE", "INDICATORE", "SESSO", "TERRITORIO", "UNITA_MISURA", "FONTE"]
        sheet = [[*header, *(f"V{year}" for year in years), "NOTA", "W_GEO"]]
        for row in rows:
            *start, cells, geo = row
            sheet.append([*start, *(cells.get(year) for year in years), None, geo])
        if more:
            place = header.index("FONTE")
            sheet[1][place] = "Istat, dato rivisto"
            at = len(header) + len(years) - 1
            sheet[1][at] = "1,5"
        name = "Indicatori_per_provincia_sesso_ed.2025.xlsx"
        return zipped({name: workbook({"Indicatori_per_provincia_sesso": sheet})})

    def _balances(self, kind: str, items: Mapping[str, str]) -> bytes:
        residents = kind == "bilancio"
        known = self.table(f"istat_{kind}_2025", municipality=pl.lit("Ravenna"))
        rows = {(r["pro_com"], r["sex"]): r for r in known.iter_rows(named=True)}
        more = self._more(BALANCE if residents else FOREIGN_BALANCE)
        title = "Bilancio demografico e popolazione residente al 31 dicembre 2025"
        if not residents:
            title = "Cittadini stranieri: popolazione residente e bilancio al 31 dicembre 2025"
        header = ["Codice comune", "Comune"]
        header += [h.format(sex=label) for label in _SEXES for h in items.values()]
        lines = [f'\ufeff"{title}"']
        lines.append(";".join(f'"{name}"' for name in [*header, "Informazioni"]))
        for town in sorted({town for town, _ in rows}):
            cells = [f'"{town}"', f'"{rows[town, "T"]["municipality"]}"']
            for sex in _SEXES.values():
                row = dict(rows[town, sex])
                if town == min(rows)[0] and sex != "M":
                    row["registered_other"] += more
                cells += [str(row[item]) for item in items]
            lines.append(";".join([*cells, '"p"']))
        lines.append('"Note: p = dato provvisorio. I dati saranno rivisti."')
        name = "P2_2025_it_Comuni.csv" if residents else "P3_2025_it_Comuni.csv"
        return zipped({name: ("\n".join(lines) + "\n").encode()})

    def _ages(self, year: int) -> bytes:
        totals = self._residents(year)
        header = ["Codice comune", "Comune", "Età", "Totale maschi", "Totale femmine", "Totale"]
        lines = [f'"Popolazione residente per età, sesso e stato civile al 1° gennaio {year}"']
        lines.append(";".join(f'"{name}"' for name in header))
        for town, total in sorted(totals.items()):
            name = self._places[town].name
            ages = [total // 101 + (age < total % 101) for age in range(101)]
            for age, persons in enumerate(ages):
                men = persons // 2
                lines.append(f'"{town}";"{name}";{age};{men};{persons - men};{persons}')
            men = sum(persons // 2 for persons in ages)
            lines.append(f'"{town}";"{name}";999;{men};{total - men};{total}')
        lines.append('"Nota: stima, i dati saranno rivisti."')
        body = "\ufeff" + "\n".join(lines) + "\n"
        return zipped({f"POSAS_{year}_it_Comuni.csv": body.encode()})

    def _residents(self, year: int) -> dict[str, int]:
        known = self.table("istat_popolazione")
        near = known.filter(pl.col("year") == min(max(year, 2022), 2023))
        drift = 120 * max(year - 2023, 0)
        return {
            town: persons + drift for town, persons in near.select("pro_com", "population").rows()
        }

    def _civic_numbers(self, region: str) -> bytes:
        """A number for nine in ten of the addresses of schools, somewhere in their town."""
        header = "CODICE_COMUNE;CODICE_ISTAT;PROGRESSIVO_NAZIONALE;CODICE_COMUNALE;ODONIMO"
        header += ";LOCALITA';PROGRESSIVO_ACCESSO;CIVICO;ESPONENTE;COORD_X_COMUNE"
        header += ";COORD_Y_COMUNE;QUOTA;METODO"
        lines = [header]
        schools = self.table("mim_scuole").drop_nulls("address")
        for town in [place for place in self._places.values() if place.region == region]:
            known = schools.filter(pl.col("pro_com") == town.pro_com)["address"]
            found = {split_address(text) for text in known.to_list()}
            numbered = sorted({(street, number) for street, number, _ in found if number})
            east, north = _spread(town, len(numbered))
            for at, (street, number) in enumerate(numbered):
                if at % 10 == 9:
                    continue
                where = f"{east[at]:.6f};{north[at]:.6f}".replace(".", ",")
                code = BELFIORE[town.pro_com]
                lines.append(
                    f"{code};{town.pro_com};{at};{at};{street.upper()};;{at};{number};;{where};;3"
                )
        body = "\r\n".join(lines) + "\r\n"
        return zipped({"INDIR_REG_20261101.csv": body.encode()})

    def _pharmacy_page(self) -> bytes:
        link = f'<a href="{PHARMACIES}">JSON</a>'
        return f"<!DOCTYPE html>\n<html><body>{link}</body></html>\n".encode()

    def _pharmacies(self) -> bytes:
        rows = []
        for town in self._places.values():
            east, north = _spread(town, 12)
            for at in range(12):
                name = town.name.upper().replace("'", "`")
                rows.append(
                    {
                        "cod_farmacia": f"{town.number}{at:03d}",
                        "descrizione_farmacia": f"FARMACIA {at + 1 + self._more(PHARMACIES)}",
                        "indirizzo": f"VIA INVENTATA {at + 1}",
                        "cap": "00000",
                        "comune": name,
                        "descrizione_tipologia": "Ordinaria",
                        "latitudine": "-" if at == 0 else f"{north[at]:.6f}".replace(".", ","),
                        "longitudine": "-" if at == 0 else f"{east[at]:.6f}".replace(".", ","),
                        "data_fine_validita": "31/12/2024" if at == 11 else "-",
                        "p_iva": "00000000000",
                    }
                )
        return json.dumps(rows).encode()

    def _life(self) -> bytes:
        known = pl.read_parquet(FIGURES / "istat_soddisfazione_vita.parquet")
        rows: list[tuple[Any, ...]] = []
        for row in known.iter_rows(named=True):
            high = {f"SA_{score}": row[f"persons_{score}"] for score in (8, 9, 10)}
            all_ = row["persons_total"]
            for code, value in {**high, "SA_0": all_ - sum(high.values()), "ALL": all_}.items():
                rows.append(
                    ("IT1:DF_DCSS_BEST_PPC_2_GC(1.0)", "A", row["province_code"], "LIFESAT_14",
                     "T", code, str(row["year"]), f"{value}", "")
                )  # fmt: skip
        header = ["DATAFLOW", "FREQ", "REF_AREA", "INDICATOR", "GENDER", "LIFE_SATISF"]
        header += ["TIME_PERIOD", "OBS_VALUE", "OBS_STATUS"]
        return delimited(pl.DataFrame(rows, schema=header, orient="row"), separator=",", end="\n")

    def _neet(self) -> bytes:
        known = pl.read_parquet(FIGURES / "istat_neet_regioni.parquet")
        codes = {"M": "1", "F": "2", "T": "9"}
        frame = known.select(
            pl.lit("IT1:172_931_DF_DCCV_NEET1_11(1.0)").alias("DATAFLOW"),
            pl.lit("A").alias("FREQ"),
            REF_AREA="region_code",
            DATA_TYPE=pl.lit("NEET_I"),
            SEX=pl.col("sex").replace_strict(codes),
            AGE="age_class",
            TIME_PERIOD=pl.col("year").cast(pl.String),
            OBS_VALUE=pl.col("share").cast(pl.String),
            OBS_STATUS=pl.lit(""),
        )
        return delimited(frame, separator=",", end="\n")


def _spread(town: Place, count: int) -> tuple[list[float], list[float]]:
    """Points (degrees) on a spiral about the middle of a town, none far from it."""
    steps = np.arange(count)
    reach = 0.25 * np.sqrt(town.surface_km2 * 1e6) * np.sqrt((steps + 0.5) / max(count, 1))
    x = town.centre[0] + reach * np.cos(steps * 2.4)
    y = town.centre[1] + reach * np.sin(steps * 2.4)
    points = gpd.GeoSeries(gpd.points_from_xy(x, y), crs=32632).to_crs(4326)
    return points.x.to_list(), points.y.to_list()


def _sign(row: Mapping[str, Any]) -> str | None:
    if row["value"] is not None:
        return str(row["value"]).replace(".", ",")
    return {"no_case": "-", "unknown": "....", "negligible": ".."}[row["status"]]


def _plain(lines: Iterable[Sequence[str]], end: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator=end).writerows(lines)
    return text.getvalue()
