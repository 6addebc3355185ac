"""`will aggiungi-citta`: the file of a new city, checked before it is written.

Parsing and printing belong here; what a city must say belongs to `will_pipeline.cities`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from will_pipeline.cli.called import as_called
from will_pipeline.cli.towns import BAD, stop
from will_pipeline.cli.writing import write_whole

CITIES = Path(__file__).parent.parent / "cities"
NEXT = (
    "Che cosa fare adesso:",
    "  1. Se la regione è nuova, aggiungi i suoi file a istat_sezioni_2011 e a "
    "istat_basi_territoriali_2011 (docs/fonti.md).",
    "  2. Esegui «will esegui --online»: aree, conteggi e confini vengono dai file nazionali.",
    "  3. Guarda «will controlla»: quello che le fonti non dicono resta non disponibile, mai zero.",
)


def aggiungi_citta(
    nome: Annotated[str, typer.Argument(help="Nome della città, come lo scrive ISTAT.")],
    *,
    codice: Annotated[str, typer.Option(help="Codice ISTAT del comune, sei cifre.")],
    sigla: Annotated[str, typer.Option(help="Sigla della provincia, due lettere.")],
    provincia: Annotated[str, typer.Option(help="Nome della provincia.")],
    codice_provincia: Annotated[str, typer.Option(help="Codice ISTAT della provincia: ITD57.")],
    nuts3: Annotated[str, typer.Option(help="Codice Eurostat della provincia: ITH57.")],
    regione: Annotated[str, typer.Option(help="Nome della regione.")],
    codice_regione: Annotated[str, typer.Option(help="Codice ISTAT della regione, due cifre.")],
    catastale: Annotated[str, typer.Option(help="Codice catastale: una lettera e tre cifre.")],
    fuso: Annotated[
        Literal["32", "33"], typer.Option(help="Fuso UTM: 32 a ovest, 33 a est di 12 gradi.")
    ] = "32",
    prova: Annotated[bool, typer.Option("--prova", help="Mostra il file e non lo scrive.")] = False,
    cartella: Annotated[
        Path, typer.Option(help="Cartella delle città.", show_default=False)
    ] = CITIES,
) -> None:
    """Scrive il file di una nuova città, dopo aver controllato i suoi codici."""
    from pydantic import ValidationError  # noqa: PLC0415

    from will_pipeline.cities.catalogue import City, load_cities  # noqa: PLC0415
    from will_pipeline.domande.places import folded  # noqa: PLC0415
    from will_pipeline.errors import SourceFault  # noqa: PLC0415

    try:
        present = load_cities(cartella)
    except SourceFault as fault:
        stop(f"{fault}", code=BAD)
    told = {
        "order": max(city.order for city in present) + 1,
        "slug": folded(nome).replace(" ", "_"),
        "pro_com": codice,
        "name": nome,
        "sigla": sigla.upper(),
        "province": provincia,
        "province_code": codice_provincia,
        "nuts3": nuts3,
        "region": regione,
        "region_code": codice_regione,
        "belfiore": catastale.upper(),
        "crs": f"EPSG:326{fuso}",
        "uri": f"urn:istat:comune:{codice}",
        "schemes": ["asc1", "ace"],
    }
    try:
        city = City.model_validate(told)
    except ValidationError as fault:
        stop("questi valori non vanno bene: " + "; ".join(_wrong(fault)) + ".")
    taken = [
        f"{field} {getattr(city, field)} è già di {other.name}"
        for other in present
        for field in ("slug", "pro_com", "belfiore")
        if getattr(other, field) == getattr(city, field)
    ]
    if taken:
        stop(f"la città c'è già: {'; '.join(taken)}.")
    text = _written(told)
    if prova:
        typer.echo(text, nl=False)
        return
    path = cartella / f"{city.slug}.yaml"
    write_whole({path: text.encode()})
    typer.echo(f"Scritto {path.name}, la città numero {city.order}.")
    for line in NEXT:
        typer.echo(as_called(line))


OPTIONS = {
    "pro_com": "--codice",
    "sigla": "--sigla",
    "province": "--provincia",
    "province_code": "--codice-provincia",
    "nuts3": "--nuts3",
    "region": "--regione",
    "region_code": "--codice-regione",
    "belfiore": "--catastale",
    "slug": "nome",
    "name": "nome",
}
"""What a person typed for each field of the file."""


def _wrong(fault: Exception) -> list[str]:
    from pydantic import ValidationError  # noqa: PLC0415

    if not isinstance(fault, ValidationError):
        return []
    fields = [str(each["loc"][0]) if each["loc"] else "" for each in fault.errors()]
    return list(dict.fromkeys(OPTIONS.get(field, field) for field in fields))


def _written(told: dict[str, object]) -> str:
    """Write the file with every text in quotes: a code that begins with zero is no number."""
    return "".join(
        f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in told.items()
    )
