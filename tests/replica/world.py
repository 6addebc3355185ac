"""What the services publish of the generated towns: every file by host and path.

Files are made when somebody asks for them and kept; a change of one is a change of its rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import geopandas as gpd
import numpy as np
import polars as pl
import shapely

from tests.replica.formats import delimited, shapefile, workbook, zipped
from tests.replica.openstreetmap import EXTRACT, extract
from tests.replica.registers import Registers
from tests.replica.towns import FIGURES, REGIONS, GeneratedTown, Place, places

CENSUS_2011 = "/storage/cartografia/variabili-censuarie/dati-cpa_2011.zip"
SHAPES_2011 = "/storage/cartografia/basi_territoriali/WGS_84_UTM/2011/R{region}_11_WGS84.zip"
SHAPES_2021 = "/storage/cartografia/basi_territoriali/2021/R{region}_21.zip"
CENSUS_RECENT = "/databrowser/DWL/PERMPOP/SUBCOM/Dati_regionali_{year}.zip"
FOREIGNERS = "/SDMXWS/rest/data/IT1,29_316,1.0/A..FJAN.9/ALL/"
AGID = "/data/censimento_full/{town}.geojson"
RECENT = 10_000
"""Sections of 2021 have other numbers than those of 2011."""

_EDUCATION = {"P83": "P46", "P84": "P53", "P87": "P50", "P88": "P49", "P89": "P48", "P90": "P47"}
_SAME = ("P1", "P2", "P3", "ST1", "ST2", "ST3", "ST4", "ST5", "PF1", "PF9", "A2", "A3", "A5")

Make = Callable[[], bytes]


class World:
    """Files of all services, by `(host, path)`."""

    def __init__(self, chosen: list[Place] | None = None) -> None:
        self.places = chosen or places()
        self.towns = {place.pro_com: GeneratedTown(place) for place in self.places}
        self.moved = dict[str, int]()
        self._made = dict[tuple[str, str], bytes]()
        self.files: dict[tuple[str, str], Make] = dict(self._files())

    def get(self, host: str, path: str) -> bytes | None:
        """A file; none where there is none."""
        key = (host, path)
        if key not in self._made:
            make = self.files.get(key)
            if make is None:
                return None
            self._made[key] = make()
        return self._made[key]

    def revise(self, host: str, path: str) -> None:
        """The producer revises a file: one figure in it is another."""
        key = (host, path)
        self.moved[path] = self.moved.get(path, 0) + 1
        self._made.pop(key, None)

    def _files(self) -> Iterator[tuple[tuple[str, str], Make]]:
        yield ("istat_sito", CENSUS_2011), self._census_2011
        for region in REGIONS:
            path = SHAPES_2011.format(region=region)
            yield ("istat_sito", path), lambda region=region: self._shapes_2011(region)
            path = SHAPES_2021.format(region=region)
            yield ("istat_sito", path), lambda region=region: self._shapes_2021(region)
        for year in (2021, 2023):
            path = CENSUS_RECENT.format(year=year)
            yield ("istat_esploradati", path), lambda year=year: self._census_recent(year)
        yield ("istat_esploradati", FOREIGNERS), self._foreigners
        yield from Registers(self.places, self.moved).files()
        for place in self.places:
            path = EXTRACT.format(town=place.pro_com, name=place.name)
            yield ("osm_estratti", path), lambda place=place: extract(place)
        for town in self.towns:
            path = AGID.format(town=town)
            yield ("agid_cruscotto", path), lambda town=town: self._agid(town)

    def _of(self, region: str) -> list[GeneratedTown]:
        return [town for town in self.towns.values() if town.place.region == region]

    def _census_2011(self) -> bytes:
        members = {}
        for region in REGIONS:
            tables = [self._with_names(town) for town in self._of(region)]
            sections = pl.concat(tables)
            if self.moved.get(CENSUS_2011, 0) % 2:
                sections = _revised(sections)
            folder, stem = "Sezioni di Censimento", f"R{region}_indicatori_2011"
            members[f"{folder}/{stem}_sezioni.csv"] = _cp1252(sections)
            variables = [
                name for name in sections.columns if name[-1].isdigit() and name != "SEZ2011"
            ]
            place = ["CODREG", "REGIONE", "CODPRO", "PROVINCIA", "CODCOM", "COMUNE", "PROCOM"]
            areas = sections.group_by(*place, "ACE", maintain_order=True).agg(
                pl.col(variables).sum()
            )
            members[f"Aree di Censimento/{stem}_areecensimento.csv"] = _cp1252(areas)
            named = pl.DataFrame(
                [
                    (town.place.number, area.code, area.name, area.kind)
                    for town in self._of(region)
                    for area in town.place.sub_municipal
                ],
                schema={
                    "PROCOM": pl.Int64,
                    "CODASC": pl.Int64,
                    "NOMEASC": pl.String,
                    "TIPOASC": pl.String,
                },
                orient="row",
            )
            parts = (
                sections.drop_nulls("CODASC")
                .group_by(*place, "CODASC", maintain_order=True)
                .agg(pl.col(variables).sum())
                .join(named, on=["PROCOM", "CODASC"])
                .select(*place, "CODASC", "NOMEASC", "TIPOASC", *variables)
            )
            # ISTAT publishes no file for a region without such areas.
            if parts.height:
                members[f"Aree Subcomunali/{stem}_areesubcomunali.csv"] = _cp1252(parts)
        return zipped(members)

    def _with_names(self, town: GeneratedTown) -> pl.DataFrame:
        place, sections = town.place, town.sections
        variables = [n for n in sections.columns if n not in ("number", "ace", "asc")]
        return sections.select(
            CODREG=pl.lit(int(place.region)),
            REGIONE=pl.lit(REGIONS[place.region]),
            CODPRO=pl.lit(place.number // 1000),
            PROVINCIA=pl.lit(place.province),
            CODCOM=pl.lit(place.number % 1000),
            COMUNE=pl.lit(place.name),
            PROCOM=pl.lit(place.number),
            SEZ2011=place.number * 10**7 + pl.col("number"),
            NSEZ="number",
            ACE="ace",
            CODLOC=pl.lit(10001),
            CODASC="asc",
            **{name: pl.col(name) for name in _layout(variables)},
        )

    def drawn(self, town: GeneratedTown) -> pl.DataFrame:
        """Numbers and areas of the sections with a polygon, in the order of the polygons."""
        numbers = town.numbers
        lived = numbers.head(numbers.height - 1)
        last = lived.row(lived.height - 1, named=True)
        empty = len(town.polygons()) - lived.height
        more = pl.DataFrame(
            {
                "ace": [last["ace"]] * empty,
                "asc": [last["asc"]] * empty,
                "number": [lived.height + 1 + place for place in range(empty)],
            },
            schema=lived.schema,
        )
        return pl.concat([lived, more])

    def _shapes_2011(self, region: str) -> bytes:
        columns: dict[str, list[float | int | None]] = {
            name: []
            for name in (
                "COD_REG",
                "PRO_COM",
                "SEZ2011",
                "SEZ",
                "LOC2011",
                "COM_ASC",
                "COD_ASC",
                "ACE",
            )
        }
        polygons = []
        for town in self._of(region):
            drawn, number = self.drawn(town), town.place.number
            polygons.extend(town.polygons())
            for ace, asc, section in drawn.select("ace", "asc", "number").iter_rows():
                columns["COD_REG"].append(int(region))
                columns["PRO_COM"].append(number)
                columns["SEZ2011"].append(float(number * 10**7 + section))
                columns["SEZ"].append(float(section))
                columns["LOC2011"].append(float(number * 10**5 + 10001))
                columns["COM_ASC"].append(float(number * 1000 + asc if asc else 0))
                columns["COD_ASC"].append(float(asc or 0))
                columns["ACE"].append(float(ace))
        if self.moved.get(SHAPES_2011.format(region=region), 0) % 2:
            columns["SEZ"][-1] = float(columns["SEZ"][-1] or 0) + 1
        return zipped(shapefile(f"R{region}_11_WGS84", columns, np.array(polygons)))

    def _recent(self, town: GeneratedTown, year: int) -> pl.DataFrame:
        """Counts of the permanent census by section: what the layout of 2011 tells of them."""
        codes = pl.read_parquet(FIGURES / "istat_censimento_2021_variabili.parquet")
        order = codes.filter(pl.col("vintage") == year).sort("position")["code"].to_list()
        counted = town.sections
        known: dict[str, pl.Expr] = {
            name: pl.col(name) for name in _SAME if name in counted.columns
        }
        known |= {f"P{n}": pl.col(f"P{n}") for n in range(14, 46)}
        known |= {f"P{67 + n}": pl.col(f"P{14 + n}") - pl.col(f"P{30 + n}") for n in range(16)}
        known |= {new: pl.col(old) for new, old in _EDUCATION.items()}
        known |= {"P85": pl.col("P46") - pl.col("P53"), "P86": pl.col("P51") + pl.col("P52")}
        known |= {
            "P101": pl.col("P61"),
            "P102": pl.col("P65"),
            "P103": pl.col("P61") - pl.col("P65"),
        }
        known |= {f"PF{n}": pl.col(f"PF{n}") for n in range(3, 9)}
        known |= _by_citizenship()
        known |= {"EM5": pl.col("ST3") // 2, "EM6": pl.col("ST1") - pl.col("ST3") // 2}
        known |= {"NA1": pl.col("PF1") * 5 // 4}
        return counted.select(
            "number", "ace", "asc", **{code: known.get(code, pl.lit(0)) for code in order}
        )

    def _census_recent(self, year: int) -> bytes:
        members = {}
        for region, label in REGIONS.items():
            rows: list[tuple[object, ...]] = []
            for town in self._of(region):
                place, frame = town.place, self._recent(town, year)
                codes = [name for name in frame.columns if name not in ("number", "ace", "asc")]
                header = (
                    "CODREG", "REGIONE", "CODPRO", "PROVINCIA", "CODCOM", "COMUNE", "PROCOM",
                    "SEZ21_ID", "COM_ASC1", "COM_ASC2", "COM_ASC3", *codes,
                )  # fmt: skip
                rows = rows or [header]
                for row in frame.iter_rows(named=True):
                    number = row["number"] + (RECENT if row["number"] < RECENT else 7)
                    asc = place.number * 1000 + row["asc"] if row["asc"] else 0
                    rows.append(
                        (
                            int(region), label, place.number // 1000, place.province,
                            place.number % 1000, place.name, place.number,
                            place.number * 10**7 + number, asc, 0, 0,
                            *(row[code] for code in codes),
                        )
                    )  # fmt: skip
            name = f"R{region}_indicatori_2021_sezioni.xlsx"
            if year == 2023:
                name = f"R{region}_{label}_2023_sezioni.xlsx"
            members[name] = workbook({"Foglio1": rows})
        return zipped(members)

    def _shapes_2021(self, region: str) -> bytes:
        parts, polygons = [], []
        for town in self._of(region):
            number, drawn = town.place.number, self.drawn(town)
            polygons.extend(town.polygons())
            people = town.sections.select("number", "P1", "PF1")
            parts.append(
                drawn.join(people, on="number", how="left", maintain_order="left").select(
                    COD_REG=pl.lit(int(region)),
                    COD_UTS=pl.lit(number // 1000),
                    PRO_COM=pl.lit(number),
                    SEZ21=pl.col("number") + RECENT,
                    SEZ21_ID=number * 10**7 + pl.col("number") + RECENT,
                    COD_TIPO_S=pl.lit(1),
                    TIPO_LOC=pl.lit(1),
                    COM_ASC1=pl.when(pl.col("asc").is_null())
                    .then(0)
                    .otherwise(number * 1000 + pl.col("asc")),
                    COM_ASC2=pl.lit(0),
                    COM_ASC3=pl.lit(0),
                    POP21=pl.col("P1").fill_null(0),
                    FAM21=pl.col("PF1").fill_null(0),
                )
            )
        columns = pl.concat(parts).to_dict(as_series=False)
        drawn = shapefile(f"SHP/R{region}_21_WGS84", columns, np.array(polygons))
        named = pl.DataFrame(
            [
                (int(region), town.place.number // 1000, town.place.number,
                 town.place.number * 1000 + area.code, area.code, f"{area.code:03d}", area.name,
                 area.kind)
                for town in self._of(region)
                for area in town.place.sub_municipal
            ],
            schema=["COD_REG", "COD_UTS", "PRO_COM", "COM_ASC_1", "COD_ASC_1", "COD_ASC_T_1",
                    "DEN_ASC_1", "TIPO_ASC_1"],
            orient="row",
        )  # fmt: skip
        table = delimited(named, separator="\t", encoding="utf-16")
        return zipped({**drawn, f"TAB/ASC1_R{region}_21.csv": table})

    def _foreigners(self) -> bytes:
        known = pl.read_parquet(FIGURES / "istat_stranieri.parquet")
        invented = known.filter(pl.col("pro_com") == "029041").with_columns(
            pro_com=pl.lit("039014"), foreign_population=pl.col("foreign_population") * 3
        )
        rows = pl.concat([known, invented])
        if self.moved.get(FOREIGNERS, 0) % 2:
            last = pl.int_range(pl.len()) == pl.len() - 10
            rows = rows.with_columns(
                foreign_population=pl.col("foreign_population") + last.cast(pl.Int64)
            )
        return delimited(
            rows.select(
                pl.lit("IT1:29_316(1.0)").alias("DATAFLOW"),
                pl.lit("A").alias("FREQ"),
                REF_AREA="pro_com",
                DATA_TYPE=pl.lit("FJAN"),
                SEX=pl.lit("9"),
                TIME_PERIOD=pl.format("{}-01-01", "year"),
                OBS_VALUE=pl.format("{}.0", "foreign_population"),
                OBS_STATUS=pl.lit(""),
                NOTE_DS=pl.lit(""), NOTE_REF_AREA=pl.lit(""), NOTE_DATA_TYPE=pl.lit(""),
                NOTE_SEX=pl.lit(""), BASE_PER=pl.lit(""), UNIT_MEAS=pl.lit(""),
                UNIT_MULT=pl.lit(""),
            ),
            separator=",",
            end="\n",
        )  # fmt: skip

    def _agid(self, town: str) -> bytes:
        made = self.towns[town]
        counts = self._recent(made, 2023)
        if self.moved.get(AGID.format(town=town), 0) % 2:
            # One car more in the first section: nobody else counts them.
            first = (pl.int_range(pl.len()) == 0).cast(pl.Int64)
            counts = counts.with_columns(NA1=pl.col("NA1") + first)
        figures = {row.pop("number"): row for row in counts.iter_rows(named=True)}
        shapes = gpd.GeoSeries(made.polygons(), crs=32632).to_crs(4326)
        rounded = shapely.transform(np.array(shapes, dtype=object), lambda p: np.round(p, 6))
        features = []
        drawn = self.drawn(made).select("number", "ace", "asc").iter_rows()
        for (number, _, asc), shape in zip(drawn, rounded, strict=True):
            values = {k: v for k, v in figures.get(number, {}).items() if k not in ("ace", "asc")}
            properties = {
                "id": made.place.number * 10**7 + number + RECENT,
                "sez": number + RECENT,
                "tipo_loc": 1,
                "loc_id": made.place.number * 10**5 + 10001,
                "asc1": made.place.number * 1000 + asc if asc else None,
                "asc2": None,
                "asc3": None,
                "area_mq": round(float(shapely.area(shape)), 9),
                "vars": values,
            }
            geometry = json.loads(shapely.to_geojson(shape))
            features.append({"type": "Feature", "properties": properties, "geometry": geometry})
        return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def _by_citizenship() -> dict[str, pl.Expr]:
    """Italians and foreigners by three ages, and those at work; they add up to the residents."""
    child, adult, old = (
        pl.sum_horizontal(f"P{code}" for code in ages)
        for ages in (range(14, 17), range(17, 27), range(27, 30))
    )
    foreign, work = pl.col("ST1"), pl.col("P61")
    old_foreign = (pl.col("ST5") // 3).clip(foreign - child - adult, old)
    young = (pl.col("ST3") // 3).clip(foreign - old_foreign - adult, child)
    grown = foreign - old_foreign - young
    at_work = (grown * 3 // 5).clip(work - adult + grown, work)
    return {
        "ST22": young, "ST23": grown, "ST24": old_foreign, "ST31": at_work,
        "IT1": child - young, "IT2": adult - grown, "IT3": old - old_foreign,
        "IT10": work - at_work,
    }  # fmt: skip


def _layout(variables: list[str]) -> list[str]:
    """Variables in the order of the layout of 2011."""
    families = ("P", "ST", "A", "PF", "E")

    def place(name: str) -> tuple[int, int]:
        family = name.rstrip("0123456789")
        return families.index(family), int(name.removeprefix(family))

    return sorted(variables, key=place)


def _cp1252(frame: pl.DataFrame) -> bytes:
    return delimited(frame, encoding="cp1252")


def _revised(sections: pl.DataFrame) -> pl.DataFrame:
    """One unmarried man of the first section is a widower: no sum changes but theirs."""
    first = pl.int_range(pl.len()) == 0
    one = first.cast(pl.Int64)
    return sections.with_columns(
        P4=pl.col("P4") - one, P9=pl.col("P9") - one, P7=pl.col("P7") + one, P12=pl.col("P12") + one
    )
