"""Help and complaints of the command line in Italian: the words that the parser says by itself.

Only those words belong here; what each command says is said by the commands.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

_WORDS = (
    (r"^Usage: ", "Uso: "),
    (r"^Options:$", "Opzioni:"),
    (r"^Arguments:$", "Argomenti:"),
    (r"^Commands:$", "Comandi:"),
    (r"\[OPTIONS\]", "[OPZIONI]"),
    (r"COMMAND \[ARGS\]\.\.\.", "COMANDO [ARGOMENTI]..."),
    (r"Show this message and exit\.", "Mostra questo aiuto ed esce."),
    (r"\[default: ", "[di solito: "),
    (r"\[required\]", "[obbligatorio]"),
    (r"; required\]", "; obbligatorio]"),
    (r"^Try '(.+)' for help\.$", r"Per l'aiuto: «\1»."),
    (r"^Error: ", "Errore: "),
    (r"No such command '(.+)'\.", r"il comando «\1» non c'è."),
    (r"No such option: (\S+)", r"l'opzione «\1» non c'è."),
    (r"\(Possible options: (.+)\)", r"Forse: \1."),
    (r"Missing command\.", "manca il comando."),
    (r"Missing argument '(.+)'\.", r"manca l'argomento «\1»."),
    (r"Missing option '(.+)'\.", r"manca l'opzione «\1»."),
    (r"Invalid value for '(.+?)': (?:Value error, )?", r"il valore di «\1» non va bene: "),
    (r"'(.*)' is not one of (.+)\.", r"«\1» non è fra \2."),
    (r"Got unexpected extra argument\(s\) \((.+)\)", r"c'è qualcosa di troppo: «\1»."),
    (r"Option '(.+)' requires an argument\.", r"l'opzione «\1» vuole un valore."),
    (r"Option '(.+)' does not take a value\.", r"l'opzione «\1» non vuole un valore."),
    (r"Input should be a valid integer.*", "serve un numero intero."),
    (r"Input should be a valid number.*", "serve un numero."),
)
_PATTERNS = tuple((re.compile(found, re.MULTILINE), said) for found, said in _WORDS)


def in_italian(text: str) -> str:
    """Say in Italian what the parser says in English; other words stay as they are."""
    for pattern, said in _PATTERNS:
        text = pattern.sub(said, text)
    return text


class ItalianCommand(TyperCommand):
    """A command whose help is in Italian."""

    def get_help(self, ctx: Any) -> str:
        """Help of the command."""
        return in_italian(super().get_help(ctx))


class ItalianGroup(TyperGroup):
    """A group of commands whose help and complaints are in Italian."""

    def get_help(self, ctx: Any) -> str:
        """Help of the group."""
        return in_italian(super().get_help(ctx))

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command; what was typed wrongly is told in Italian, with exit code 2."""
        try:
            code = super().main(
                args,
                prog_name,
                complete_var,
                standalone_mode=False,
                windows_expand_args=windows_expand_args,
                **extra,
            )
        except TyperException as fault:
            if not standalone_mode:
                raise
            typer.echo(in_italian(_complaint(fault)), err=True, nl=False)
            sys.exit(fault.exit_code)
        except typer.Abort:
            if not standalone_mode:
                raise
            typer.echo("Interrotto.", err=True)
            sys.exit(1)
        if not standalone_mode:
            return code
        sys.exit(code if isinstance(code, int) else 0)


def _complaint(fault: TyperException) -> str:
    """What the parser would print of a fault."""
    said = io.StringIO()
    # Faults of who typed the command know how to show themselves, with the usage first.
    show = getattr(fault, "show", None)
    if show is None:
        return f"Error: {fault.format_message()}\n"
    show(said)
    return said.getvalue()


def speak_italian(app: typer.Typer) -> None:
    """Give every command and group of an application its Italian help."""
    app.info.cls = ItalianGroup
    for command in app.registered_commands:
        command.cls = ItalianCommand
    for group in app.registered_groups:
        if group.typer_instance is not None:
            speak_italian(group.typer_instance)
