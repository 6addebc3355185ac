"""A failed run is told to whom the environment names, and no address or secret with it."""

from __future__ import annotations

import json
import logging
import smtplib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import dagster as dg
import httpx
import pytest

from will_pipeline.orchestration import alerts
from will_pipeline.orchestration.alerts import (
    HIDDEN,
    BadAlert,
    Channels,
    alarm,
    alert,
    channels,
    redacted,
    told_of_failure,
)


@pytest.fixture
def listener() -> Iterator[tuple[str, list[dict[str, str]]]]:
    heard: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(204)
            self.end_headers()

        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(500 if self.path == "/rotto" else 204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", heard
    server.shutdown()
    server.server_close()


def _fail_and_tell(reason: str) -> None:
    """Run a job that fails, and let the sensor tell of it."""

    @dg.op
    def broken() -> None:
        raise OSError(reason)

    @dg.job
    def giro() -> None:
        broken()

    with dg.DagsterInstance.ephemeral() as instance:
        result = giro.execute_in_process(instance=instance, raise_on_error=False)
        context = dg.build_run_status_sensor_context(
            sensor_name="allarme",
            dagster_instance=instance,
            dagster_run=result.dagster_run,
            dagster_event=result.get_run_failure_event(),
        ).for_run_failure()
        alarm(context)


def test_a_failed_run_is_told_to_the_webhook(
    listener: tuple[str, list[dict[str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, heard = listener
    monkeypatch.setenv(alerts.WEBHOOK, f"{address}/segreto-42")

    _fail_and_tell(f"non si apre {address}/segreto-42")
    [said] = heard
    assert "niente è stato pubblicato" in said["text"]
    assert "segreto-42" not in said["text"]


def test_nobody_is_told_where_nobody_is_named() -> None:
    assert not channels({}).any
    assert alert("prova", channels({})) == []


def test_x14_no_secret_is_told_or_logged(listener: tuple[str, list[dict[str, str]]]) -> None:
    address, _ = listener
    secret = {alerts.WEBHOOK: f"{address}/rotto", alerts.MAIL_PASSWORD: "pass-7"}
    assert redacted(f"POST {address}/rotto pass-7", secret) == f"POST {HIDDEN} {HIDDEN}"
    where = channels(secret)
    assert "rotto" not in repr(where)
    assert "pass-7" not in repr(where)
    [told] = alert("prova", where)
    assert address not in told
    dead = Channels(webhook="http://127.0.0.1:9/gettone")
    [told] = alert("prova", dead)
    assert "gettone" not in told


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({alerts.WEBHOOK: "http://example.org/gettone"}, "https"),
        ({alerts.WEBHOOK: "file:///etc/gettone"}, "https"),
        ({alerts.WEBHOOK: "https://[::1/gettone"}, "non è un indirizzo valido"),
        ({alerts.WEBHOOK: "https://example.org:gettone/a"}, "non è un indirizzo valido"),
        ({alerts.WEBHOOK: "https:///gettone"}, "non è un indirizzo valido"),
        ({alerts.MAIL_HOST: "posta.example.org:587"}, alerts.MAIL_FROM),
    ],
)
def test_x14_a_bad_address_is_refused_without_repeating_it(
    given: dict[str, str], told: str
) -> None:
    with pytest.raises(BadAlert, match=told) as caught:
        channels(given)
    assert "gettone" not in str(caught.value)


def test_x14_libraries_do_not_log_the_address(
    listener: tuple[str, list[dict[str, str]]], caplog: pytest.LogCaptureFixture
) -> None:
    address, heard = listener
    caplog.set_level(logging.DEBUG)
    assert alert("prova", Channels(webhook=f"{address}/gettone?chiave=abc")) == []
    assert heard == [{"text": "prova"}]
    assert "gettone" not in caplog.text
    httpx.get(address, trust_env=False)
    assert address in caplog.text


def test_x14_an_address_httpx_refuses_is_told_by_its_kind() -> None:
    [told] = alert("prova", Channels(webhook="https://example.org/\x01gettone"))
    assert told.endswith("InvalidURL")


def test_x14_the_parts_of_an_address_are_hidden() -> None:
    given = {alerts.WEBHOOK: "https://u:parola@example.org/services/T01AB2/x%2Fy99?chiave=gettone"}
    for part in (
        "/services/T01AB2/x%2Fy99",
        "/services/T01AB2/x/y99",
        "chiave=gettone",
        "gettone",
        "T01AB2",
        "parola",
    ):
        assert part not in redacted(f"POST example.org {part} 404", given), part
    assert redacted("POST example.org", given) == "POST example.org"
    bad = {alerts.WEBHOOK: "https://[::1/gettone-1"}
    assert "gettone" not in redacted("Invalid URL: /gettone-1", bad)
    assert redacted("a/b", {alerts.WEBHOOK: "https://example.org/"}) == "a/b"


def test_x14_a_bad_address_does_not_stop_the_sensor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(alerts.WEBHOOK, "https://[::1/gettone")

    _fail_and_tell("disco pieno")


def test_an_alert_by_mail_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = []

    class Server:
        def __init__(self, host: str, port: int, timeout: float) -> None:
            self.at = (host, port)

        def __enter__(self) -> Server:
            return self

        def __exit__(self, *_: object) -> None:
            """Close nothing."""

        def send_message(self, message: object) -> None:
            sent.append((self.at, message["To"], message.get_content().strip()))

    monkeypatch.setattr(smtplib, "SMTP", Server)
    where = Channels(mail_host="posta.example.org:25", sender="a@example.org", recipient="b@x.org")
    assert alert(told_of_failure("aggiornamento", "disco pieno"), where) == []
    [(at, to, text)] = sent
    assert (at, to) == (("posta.example.org", 25), "b@x.org")
    assert text.endswith("rilascio di prima. disco pieno")
