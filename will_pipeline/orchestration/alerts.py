"""Alerts of failed runs: one sentence to a webhook or to an e-mail address, if there is one.

What belongs here is where an alert goes and in which words; the addresses come from the
environment alone, and never reach a log.
"""

from __future__ import annotations

import logging
import os
import re
import smtplib
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import dagster as dg
import httpx

WEBHOOK, MAIL_HOST = "WILL_ALLARME_WEBHOOK", "WILL_ALLARME_SMTP"
MAIL_FROM, MAIL_TO = "WILL_ALLARME_DA", "WILL_ALLARME_A"
MAIL_USER, MAIL_PASSWORD = "WILL_ALLARME_UTENTE", "WILL_ALLARME_PASSWORD"
SECRETS = (WEBHOOK, MAIL_USER, MAIL_PASSWORD)
PATIENCE = 10.0
"""Seconds an alert may take: it must never hold the daemon."""
MOST_TOLD = 800
HIDDEN = "•••"
NOT_SENT = "l'allarme non è partito"
TALKATIVE = ("httpx", "httpcore")
"""Loggers that write the address of every request."""
TOKEN_LETTERS, LONG_TOKEN = 6, 16
"""Letters from which a piece of an address is a secret: with a figure in it, and without."""


class BadAlert(ValueError):
    """A variable of the environment cannot be used; the text names it and never repeats it."""


@dataclass(frozen=True)
class Channels:
    """Where alerts go.

    Attributes:
        webhook: address that takes a POST with `{"text": ...}`; nothing where empty.
        mail_host: `host:port` of the mail server; nothing where empty.
        sender: address of the sender.
        recipient: address of who is told.
        user: name at the mail server; none asked where empty.
        password: its password.
    """

    webhook: str = field(default="", repr=False)
    mail_host: str = ""
    sender: str = ""
    recipient: str = ""
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def any(self) -> bool:
        """Whether there is anybody to tell."""
        return bool(self.webhook or self.mail_host)


def channels(environment: Mapping[str, str] | None = None) -> Channels:
    """Read where alerts go.

    Args:
        environment: variables; those of the process where none are given.

    Raises:
        BadAlert: the webhook is no address or is not https (http is taken on this machine only), or
            the mail has no sender or recipient.
    """
    given = os.environ if environment is None else environment
    read = Channels(
        webhook=given.get(WEBHOOK, ""),
        mail_host=given.get(MAIL_HOST, ""),
        sender=given.get(MAIL_FROM, ""),
        recipient=given.get(MAIL_TO, ""),
        user=given.get(MAIL_USER, ""),
        password=given.get(MAIL_PASSWORD, ""),
    )
    if read.webhook:
        _check_webhook(read.webhook)
    if read.mail_host and not (read.sender and read.recipient):
        raise BadAlert(f"con {MAIL_HOST} servono anche {MAIL_FROM} e {MAIL_TO}")
    return read


def _check_webhook(webhook: str) -> None:
    try:
        address = urlsplit(webhook)
        scheme, host, _ = address.scheme, address.hostname, address.port
    except ValueError:
        # The message of the parser repeats the address.
        raise BadAlert(f"{WEBHOOK} non è un indirizzo valido") from None
    local = host in ("127.0.0.1", "localhost", "::1")
    if scheme != "https" and not (scheme == "http" and local):
        raise BadAlert(f"{WEBHOOK} deve cominciare con https://")
    if not host:
        raise BadAlert(f"{WEBHOOK} non è un indirizzo valido")


def redacted(text: str, environment: Mapping[str, str] | None = None) -> str:
    """A text without the secrets of the environment, for logs and alerts.

    Of the webhook its path, its query and the tokens in them are hidden too: a message often holds
    only a part of an address.

    Args:
        text: anything.
        environment: variables; those of the process where none are given.
    """
    given = os.environ if environment is None else environment
    secrets = {given.get(name, "") for name in SECRETS} | _parts(given.get(WEBHOOK, ""))
    for secret in sorted(secrets - {""}, key=lambda each: (-len(each), each)):
        text = text.replace(secret, HIDDEN)
    return text


def _parts(address: str) -> set[str]:
    """Parts of an address that give access; read without a parser, which refuses bad addresses."""
    rest = address.partition("://")[2] or address
    place = re.search(r"[/?#].*", rest, re.DOTALL)
    tail = place.group() if place else ""
    user = rest.removesuffix(tail).rpartition("@")[0]
    values = [each for each in re.findall(r"=([^&#]+)", tail) if len(each) >= TOKEN_LETTERS]
    pieces = [each for each in re.split(r"[/?#&=]", tail) if _token(each)]
    whole = [each for each in (tail, user, *re.split(r"[?#]", tail)) if len(each.strip("/")) > 1]
    found = {*whole, *values, *pieces, *user.split(":")[1:]}
    return found | {unquote(each) for each in found}


def _token(piece: str) -> bool:
    figures = any(letter.isdigit() for letter in piece)
    return len(piece) >= (TOKEN_LETTERS if figures else LONG_TOKEN)


def alert(text: str, where: Channels) -> list[str]:
    """Send one alert to every channel.

    Args:
        text: a sentence in Italian.
        where: the channels.

    Returns:
        What did not work, one sentence for each channel, without addresses.
    """
    failed = []
    for name, told, send in (
        ("webhook", where.webhook, _post),
        ("posta", where.mail_host, _mail),
    ):
        if told:
            failed += _tried(name, send, text[:MOST_TOLD], where)
    return failed


def _tried(
    name: str, send: Callable[[str, Channels], None], text: str, where: Channels
) -> list[str]:
    try:
        send(text, where)
    except (
        httpx.HTTPError,
        httpx.InvalidURL,
        smtplib.SMTPException,
        OSError,
        ValueError,
    ) as problem:
        # The message of the problem may hold the address: only its kind is told.
        return [f"{NOT_SENT} ({name}): {type(problem).__name__}"]
    return []


def _post(text: str, where: Channels) -> None:
    with _silent(), httpx.Client(timeout=PATIENCE, trust_env=False) as client:
        client.post(where.webhook, json={"text": text}).raise_for_status()


@contextmanager
def _silent() -> Iterator[None]:
    """Keep the address of a request out of every log, whatever its level."""
    names = [
        name
        for name in (*TALKATIVE, *logging.root.manager.loggerDict)
        if name.partition(".")[0] in TALKATIVE
    ]
    before = {name: logging.getLogger(name).disabled for name in names}
    for name in names:
        logging.getLogger(name).disabled = True
    try:
        yield
    finally:
        for name, disabled in before.items():
            logging.getLogger(name).disabled = disabled


def _mail(text: str, where: Channels) -> None:
    host, _, port = where.mail_host.partition(":")
    message = EmailMessage()
    message["Subject"] = "will-pipeline: allarme"
    message["From"], message["To"] = where.sender, where.recipient
    message.set_content(text)
    with smtplib.SMTP(host, int(port or 587), timeout=PATIENCE) as server:
        if where.user:
            server.starttls(context=ssl.create_default_context())
            server.login(where.user, where.password)
        server.send_message(message)


@dg.run_failure_sensor(
    name="allarme",
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=30,
    monitor_all_code_locations=False,
    description="Un giro fallito avvisa chi è scritto nelle variabili WILL_ALLARME_*.",
)
def alarm(context: dg.RunFailureSensorContext) -> None:
    """Tell a failed run to whoever the environment names; to nobody where it names none."""
    try:
        where, wrong = channels(), ""
    except BadAlert as fault:
        where, wrong = Channels(), f"{NOT_SENT}: {fault}"
    if wrong:
        context.log.error(wrong)
    if not where.any:
        return
    told = redacted(told_of_failure(context.dagster_run.job_name, context.failure_event.message))
    for problem in alert(told, where):
        context.log.error(problem)


def told_of_failure(job: str, reason: str | None) -> str:
    """The sentence of an alert.

    Args:
        job: name of the job.
        reason: what Dagster says of the failure.
    """
    return (
        f"Il giro «{job}» si è fermato e niente è stato pubblicato: chi legge ha ancora il "
        f"rilascio di prima. {(reason or '').strip()}"
    ).strip()
