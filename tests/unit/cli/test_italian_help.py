"""What the parser says by itself is in Italian, whichever command it is asked about."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import typer
from typer.testing import CliRunner

from will_pipeline.cli.main import app

ENGLISH = re.compile(
    r"\b(Usage|Options|Arguments|Commands|Show this|exit\.|default|required|Error|Missing|Invalid"
    r"|No such|Try|Got unexpected|Input should)\b"
)


def commands(group: typer.Typer, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for command in group.registered_commands:
        yield (*path, command.name or command.callback.__name__)
    for each in group.registered_groups:
        yield from commands(each.typer_instance, (*path, each.typer_instance.info.name))


@pytest.mark.parametrize("path", list(commands(app)), ids=" ".join)
def test_help_is_in_italian(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [*path, "--help"], env={"COLUMNS": "100"})
    assert result.exit_code == 0
    assert result.stdout.startswith("Uso: ")
    assert "Mostra questo aiuto ed esce." in result.stdout
    assert ENGLISH.findall(result.stdout) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("pippo",), "Errore: il comando «pippo» non c'è."),
        (("consegne", "pippo"), "Errore: il comando «pippo» non c'è."),
        (("ripristina",), "Errore: manca l'argomento «rilascio»."),
        (("relazione",), "Errore: manca l'opzione «--citta»."),
        (("rilasci", "--pippo"), "Errore: l'opzione «--pippo» non c'è."),
        (("rilasci", "--proget"), "Forse: --progetto."),
        (("rilasci", "--progetto"), "Errore: l'opzione «--progetto» vuole un valore."),
        (("rilasci", "troppo"), "Errore: c'è qualcosa di troppo: «troppo»."),
        (("domande", "esegui", "x"), "il valore di «numero» non va bene: serve un numero intero."),
        (
            ("domande", "esegui", "1", "--formato", "x"),
            "«x» non è fra 'tabella', 'csv', 'json', 'xlsx'.",
        ),
    ],
)
def test_what_was_typed_wrongly_is_told_in_italian_with_code_two(
    words: tuple[str, ...], said: str
) -> None:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert ENGLISH.findall(result.stderr) == []
    assert result.stdout == ""


def test_without_words_there_is_the_help() -> None:
    result = CliRunner().invoke(app, [])
    assert result.exit_code == 2
    assert "Comandi:" in result.output
    assert ENGLISH.findall(result.output) == []
