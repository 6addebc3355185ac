"""YAML text to plain values, by the compiled parser where the library carries one.

What belongs here is the choice of the parser alone; models, files and faults live elsewhere.
"""

from typing import Any

import yaml

_LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse_yaml(text: str | bytes) -> Any:
    """Parse one document into plain values (maps, lists, texts, numbers, dates).

    Args:
        text: The document; tags that would build other objects are refused.

    Returns:
        Its content.

    Raises:
        yaml.YAMLError: The text is not YAML, or asks for another object.
    """
    loader = _LOADER(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()
