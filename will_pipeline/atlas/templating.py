"""The templates of the atlas: where they are and how strictly they are filled.

What a page is filled with belongs to the module of the page.
"""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from will_pipeline.italian import number

TEMPLATES = Path(__file__).parent / "templates"


def template_environment() -> Environment:
    """Templates that escape what they are given, and refuse a name that nobody gave."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["number"] = number
    return environment
