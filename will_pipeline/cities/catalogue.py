"""The cities of the mart, one YAML a city: a ninth city is a file.

What belongs here is who a city is (codes, names, projection); its figures belong to the sources.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from will_pipeline.errors import SourceFault
from will_pipeline.sources.documents import load_document

SOURCE = "città"
Scheme = Literal["aree_proprie", "asc1", "ace"]


class Benchmark(BaseModel):
    """A figure a municipality has of its own, which takes the place of the province's.

    Attributes:
        rate: Persons in the condition per hundred exposed residents of the city.
        year: Year of the figure.
        source: Key of the description of its source.
        error: Standard error of the rate, in percentage points; zero for a count.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rate: Annotated[float, Field(gt=0, lt=100)]
    year: Annotated[int, Field(ge=1990, le=2100)]
    source: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    error: Annotated[float, Field(ge=0, lt=100)]


class ProjectedResidents(BaseModel):
    """Residents of the municipality in a year to come, as an official projection gives them.

    Attributes:
        persons: Residents of every age.
        source: Key of the description of its source.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    persons: Annotated[float, Field(gt=0)]
    source: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class City(BaseModel):
    """One municipality and its codes.

    Attributes:
        order: Place in every list, from 1.
        slug: Name of the file and of the folders of the city.
        pro_com: ISTAT code of the municipality, six digits of text.
        name: Name as ISTAT writes it.
        sigla: Two-letter sign of the province.
        province: Name of the province.
        province_code: Code of the province in ISTAT's data warehouse, on the 2006 NUTS (`ITD52`).
        nuts3: Code of the province in NUTS 2024.
        region: Name of the region.
        region_code: ISTAT code of the region, two digits of text.
        belfiore: Cadastral code of the municipality.
        crs: Projected reference system in which areas and distances are measured.
        uri: Persistent identifier.
        benchmarks: Figures of the city's own by indicator of persons (`neet_15_29`).
        projected_residents: Official projections of the municipality by year, to which the
            scenarios of its areas are made to add up.
        basin_minimum: Expected persons a basin of demand must reach, by theme (`giovani`); themes
            left out take `will_pipeline.needs.basins.DEFAULT_MINIMUM`.
        note: What a reader of the city's figures should know, in Italian.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    order: int = Field(ge=1)
    slug: Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")]
    pro_com: Annotated[str, Field(pattern=r"^\d{6}$")]
    name: Annotated[str, Field(min_length=1)]
    sigla: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    province: Annotated[str, Field(min_length=1)]
    province_code: Annotated[str, Field(pattern=r"^IT([A-Z]\d[0-9A-Z]|\d{3})$")]
    nuts3: Annotated[str, Field(pattern=r"^IT[A-Z]\d[0-9A-Z]$")]
    region: Annotated[str, Field(min_length=1)]
    region_code: Annotated[str, Field(pattern=r"^\d{2}$")]
    belfiore: Annotated[str, Field(pattern=r"^[A-Z]\d{3}$")]
    crs: Annotated[str, Field(pattern=r"^EPSG:3263[23]$")]
    uri: Annotated[str, Field(pattern=r"^(https?://|urn:)\S+$")]
    benchmarks: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Benchmark] = Field(
        default_factory=dict
    )
    projected_residents: dict[Annotated[int, Field(ge=2000, le=2100)], ProjectedResidents] = Field(
        default_factory=dict
    )
    basin_minimum: dict[
        Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")], Annotated[float, Field(gt=0, lt=1e6)]
    ] = Field(default_factory=dict)
    schemes: tuple[Scheme, ...] = ("asc1", "ace")
    note: str = ""

    @model_validator(mode="after")
    def _schemes_end_in_census_areas(self) -> "City":
        if len(set(self.schemes)) < len(self.schemes) or self.schemes[-1:] != ("ace",):
            raise ValueError("gli schemi di aree non si ripetono e finiscono con ace")
        return self

    @model_validator(mode="after")
    def _uri_of_the_city(self) -> "City":
        if self.pro_com not in self.uri:
            raise ValueError(f"l'identificativo {self.uri} non cita il codice {self.pro_com}")
        return self


def load_cities(folder: Path | None = None) -> tuple[City, ...]:
    """Load every city.

    Args:
        folder: Folder of the `<slug>.yaml` files; the package's own when absent.

    Returns:
        The cities, by `order`.

    Raises:
        SourceFault: No file, a file that breaks the model or is not named after its slug, or a
            place, slug or code given twice.
    """
    home = Path(__file__).parent if folder is None else folder
    paths = sorted(home.glob("*.yaml"))
    if not paths:
        raise SourceFault(SOURCE, "*.yaml", "", "nessuna città descritta nella cartella")
    cities = [load_document(path, SOURCE, City) for path in paths]
    for path, city in zip(paths, cities, strict=True):
        if path.stem != city.slug:
            rule = f"'{city.slug}' non è il nome del file"
            raise SourceFault(SOURCE, path.name, "campo slug", rule)
    for field in ("order", "pro_com", "belfiore", "uri"):
        counts = Counter(getattr(city, field) for city in cities)
        for path, city in zip(paths, cities, strict=True):
            value = getattr(city, field)
            if counts[value] > 1:
                raise SourceFault(SOURCE, path.name, f"campo {field}", f"{value} è ripetuto")
    return tuple(sorted(cities, key=lambda city: city.order))


def projected_totals(cities: Iterable[City]) -> dict[str, dict[int, float]]:
    """Projected residents of each municipality by year, where an official projection is given."""
    return {
        city.pro_com: {year: told.persons for year, told in city.projected_residents.items()}
        for city in cities
        if city.projected_residents
    }


def other_names(cities: Iterable[City]) -> dict[str, dict[str, str]]:
    """ISTAT codes of the municipalities by the names that registers write in their place.

    Args:
        cities: The cities.

    Returns:
        `belfiore`: by cadastral code; `municipalities`: by name.
    """
    known = tuple(cities)
    return {
        "belfiore": {city.belfiore: city.pro_com for city in known},
        "municipalities": {city.name: city.pro_com for city in known},
    }
