"""Hand-written YAML documents checked against a model, with faults that a planner can read.

What belongs here is the passage from a file to a pydantic model; the models live elsewhere.
"""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from will_pipeline.errors import SourceFault
from will_pipeline.yaml_text import parse_yaml

Model = TypeVar("Model", bound=BaseModel)

_WORDING = {
    "missing": "campo obbligatorio assente",
    "extra_forbidden": "campo sconosciuto",
    "literal_error": "valore non ammesso, sono ammessi {expected}",
    "string_type": "deve essere un testo",
    "string_too_short": "il testo è vuoto",
    "string_pattern_mismatch": "il testo non risponde a {pattern}",
    "int_type": "deve essere un numero intero",
    "int_parsing": "deve essere un numero intero",
    "date_from_datetime_parsing": "deve essere una data AAAA-MM-GG",
    "tuple_type": "deve essere un elenco",
    "dict_type": "deve essere un gruppo di campi",
    "model_type": "deve essere un gruppo di campi",
    "too_short": "l'elenco è vuoto",
    "greater_than_equal": "deve essere almeno {ge}",
    "value_error": "{error}",
}


def load_document(path: Path, source: str, model: type[Model]) -> Model:
    """Load one YAML document.

    Args:
        path: The file, UTF-8.
        source: Name of the source, for the fault.
        model: Model the content must respect.

    Returns:
        The model's instance.

    Raises:
        SourceFault: The file is not YAML or breaks the model; file and field are named.
    """
    try:
        content = parse_yaml(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise SourceFault(source, path.name, "", "il file non è testo UTF-8") from error
    except yaml.YAMLError as error:
        rule = f"YAML non leggibile: {' '.join(str(error).split())}"
        raise SourceFault(source, path.name, "", rule) from error
    if not isinstance(content, dict):
        raise SourceFault(source, path.name, "", "il file deve essere un elenco di campi")
    try:
        return model.model_validate(content)
    except ValidationError as error:
        where, rule = _first_problem(error)
        raise SourceFault(source, path.name, where, rule) from error


def _first_problem(error: ValidationError) -> tuple[str, str]:
    problem = error.errors()[0]
    field = ".".join(str(part) for part in problem["loc"])
    context: dict[str, Any] = dict(problem.get("ctx", {}))
    wording = _WORDING.get(problem["type"], "valore non valido ({message})")
    rule = wording.format_map({**context, "message": problem["msg"]})
    return (f"campo {field}" if field else "", rule)
