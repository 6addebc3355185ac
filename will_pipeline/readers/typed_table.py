"""Small tables of published rates that we typed ourselves, each cell with the page it comes from.

What belongs here is the reading and the checking of those tables; the tables are YAML files in
`typed/`.
"""

from collections.abc import Mapping
from importlib.resources import files as package_files
from typing import Any

import polars as pl
import yaml

from will_pipeline.readers.tabular import Origin, only_file, text_of
from will_pipeline.yaml_text import parse_yaml

_RATE_FIELDS = ("measure", "breakdown", "level", "percent", "page")
_PASSI = "passi_argento.yaml"
_EMPLOYMENT = "istat_occupazione_eta.yaml"


def passi_argento(files: Mapping[str, bytes]) -> pl.DataFrame:
    """Read the rates of isolation of people aged 65 and over of PASSI d'Argento.

    Args:
        files: The typed table as YAML; the one of the package where empty.

    Returns:
        One row per rate: measure (`isolation`, `no_aggregation_place`, `no_contact`), breakdown,
        level, percent (whole percentage of residents aged 65 and over), period, page (address
        where the rate was read).

    Raises:
        SourceFault: The file is not YAML, a field is missing, a rate is not a percentage, a page
            is not listed, a rate is typed twice.
    """
    return _rates(files or _packaged(_PASSI), "iss_passi_argento")


def employment_by_age(files: Mapping[str, bytes]) -> pl.DataFrame:
    """Read the employment rates by age and sex that serve as standard rates.

    Args:
        files: The typed table as YAML; the one of the package where empty.

    Returns:
        One row per rate: measure (`employment`), breakdown (`total`, `women`, `men`), level (age
        band in years), percent (of residents of the band), period, page.

    Raises:
        SourceFault: As `passi_argento`.
    """
    return _rates(files or _packaged(_EMPLOYMENT), "istat_occupazione_eta")


def _rates(files: Mapping[str, bytes], source: str) -> pl.DataFrame:
    content, origin = only_file(files, source)
    document = _document(content, origin)
    pages: Mapping[str, str] = document["pages"]
    rows = [
        _rate(rate, pages, origin, number) for number, rate in enumerate(document["rates"], start=1)
    ]
    schema = {
        "measure": pl.String,
        "breakdown": pl.String,
        "level": pl.String,
        "percent": pl.Float64,
        "page": pl.String,
    }
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    key = ["measure", "breakdown", "level"]
    repeated = frame.filter(pl.struct(key).is_duplicated())
    if repeated.height:
        values = ", ".join(repeated.select(key).row(0))
        raise origin.fault("", f"tasso scritto due volte: {values}")
    period = pl.lit(str(document["period"])).alias("period")
    return frame.select(*key, "percent", period, "page")


def _packaged(name: str) -> dict[str, bytes]:
    return {name: (package_files("will_pipeline.readers") / "typed" / name).read_bytes()}


def _document(content: bytes, origin: Origin) -> dict[str, Any]:
    try:
        document = parse_yaml(text_of(content, origin))
    except yaml.YAMLError as error:
        raise origin.fault("", "il file non è YAML") from error
    expected = {"citation": str, "period": str, "pages": dict, "rates": list}
    for field, kind in expected.items():
        if not isinstance(document, dict) or not isinstance(document.get(field), kind):
            raise origin.fault(f"campo {field}", "il campo manca o non è del tipo atteso")
    return dict(document)


def _rate(
    rate: Any, pages: Mapping[str, str], origin: Origin, number: int
) -> tuple[str, str, str, float, str]:
    where = f"tasso {number}"
    if not isinstance(rate, dict) or set(rate) != set(_RATE_FIELDS):
        raise origin.fault(where, f"i campi devono essere {', '.join(_RATE_FIELDS)}")
    percent = rate["percent"]
    if isinstance(percent, bool) or not isinstance(percent, int | float):
        raise origin.fault(where, f"{percent!r} non è un numero")
    if not 0 <= percent <= 100:
        raise origin.fault(where, f"{percent:g} non è una percentuale")
    if rate["page"] not in pages:
        raise origin.fault(where, f"la pagina {rate['page']!r} non è nell'elenco")
    labels = (str(rate["measure"]), str(rate["breakdown"]), str(rate["level"]))
    return (*labels, float(percent), pages[rate["page"]])
