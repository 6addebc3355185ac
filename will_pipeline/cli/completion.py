"""`will completamento`: what a shell needs to finish commands and options when Tab is pressed.

Only the script is printed here; where a shell keeps it is told in `docs/comandi.md`.
"""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated

import typer
from typer.completion import completion_init, get_completion_script

from will_pipeline.cli.called import NAME

ASKED = f"_{NAME.upper()}_COMPLETE"
"""Variable with which the script asks the command what could follow."""


class Shell(StrEnum):
    """Shells that can be served."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completamento(
    shell: Annotated[Shell, typer.Argument(help="La shell in uso.")] = Shell.BASH,
) -> None:
    """Stampa lo script che completa comandi e opzioni con il tasto Tab."""
    typer.echo(get_completion_script(prog_name=NAME, complete_var=ASKED, shell=shell.value))


def answer_the_shell() -> None:
    """Make ready to answer where it is the shell that calls; nothing otherwise."""
    if ASKED in os.environ:
        completion_init()
