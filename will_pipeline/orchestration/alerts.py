"""Alerts of failed runs: one sentence to a webhook or to an e-mail address, if there is one.

What belongs here is where an alert goes and in which words; the addresses come from the
environment alone, and never reach a log.
"""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from urllib.parse import urlsplit

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
        BadAlert: the webhook is not https (http is taken on this machine only), or the mail has no
            sender or recipient.
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
        address = urlsplit(read.webhook)
        local = address.hostname in ("127.0.0.1", "localhost", "::1")
        if address.scheme != "https" and not (address.scheme == "http" and local):
            raise BadAlert(f"{WEBHOOK} deve cominciare con https://")
    if read.mail_host and not (read.sender and read.recipient):
        raise BadAlert(f"con {MAIL_HOST} servono anche {MAIL_FROM} e {MAIL_TO}")
    return read


def redacted(text: str, environment: Mapping[str, str] | None = None) -> str:
    """A text without the secrets of the environment, for logs and alerts.

    Args:
        text: anything.
        environment: variables; those of the process where none are given.
    """
    given = os.environ if environment is None else environment
    for name in SECRETS:
        if given.get(name):
            text = text.replace(given[name], HIDDEN)
    return text


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
    except (httpx.HTTPError, smtplib.SMTPException, OSError, ValueError) as problem:
        # The message of the problem may hold the address: only its kind is told.
        return [f"{NOT_SENT} ({name}): {type(problem).__name__}"]
    return []


def _post(text: str, where: Channels) -> None:
    with httpx.Client(timeout=PATIENCE, trust_env=False) as client:
        client.post(where.webhook, json={"text": text}).raise_for_status()


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
    where = channels()
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
