"""What is deployed: units, containers and the door before the web server."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
import yaml

from will_pipeline.definitions import PROJECT
from will_pipeline.orchestration.alerts import MAIL_HOST, SECRETS, WEBHOOK

DEPLOY = PROJECT / "deploy"
ANALYZE = shutil.which("systemd-analyze")
UNITS = sorted((DEPLOY / "systemd").iterdir())
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))


def test_x09_what_is_deployed_is_read_only_behind_a_door() -> None:
    unit = (DEPLOY / "systemd" / "will-webserver.service").read_text("utf-8")
    server, proxy = COMPOSE["services"]["webserver"], COMPOSE["services"]["proxy"]
    for command in (unit, " ".join(server["command"])):
        assert "dagster-webserver --read-only --host 127.0.0.1" in command
    assert [each.split(":")[0] for each in server["ports"]] == ["127.0.0.1"]
    assert proxy["network_mode"] == "service:webserver"
    rules = (DEPLOY / "proxy" / "nginx.conf").read_text("utf-8")
    assert rules.index("auth_basic_user_file") < rules.index("location")
    assert "if ($arg_query) { return 405; }" in rules
    assert "if ($foreign) { return 403; }" in rules


def test_services_have_no_more_rights_than_they_need() -> None:
    for service in COMPOSE["services"].values():
        assert service["cap_drop"] == ["ALL"]
        assert service["read_only"] is True
        assert "no-new-privileges:true" in service["security_opt"]
        assert "privileged" not in service
    for path in UNITS:
        if path.suffix == ".service":
            text = path.read_text("utf-8")
            assert {"NoNewPrivileges=yes", "ProtectSystem=strict", "User=will"} <= set(
                text.splitlines()
            )


def test_secrets_come_from_the_environment_alone() -> None:
    told = COMPOSE["services"]["daemon"]["environment"]
    for name in (*SECRETS, WEBHOOK, MAIL_HOST):
        assert told[name] == f"${{{name}:-}}"
    for path in DEPLOY.rglob("*"):
        if path.is_file():
            assert not re.search(r"(?:PASSWORD|WEBHOOK)=\S", path.read_text("utf-8")), path


@pytest.mark.skipif(ANALYZE is None, reason="systemd is not installed")
@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_are_good_but_for_the_programs_they_start(path: object) -> None:
    told = subprocess.run(
        [str(ANALYZE), "verify", str(path)], capture_output=True, text=True, check=False
    )
    complaints = [
        line
        for line in (told.stdout + told.stderr).splitlines()
        if "will-" in line and "is not executable" not in line
    ]
    assert complaints == []


def test_the_image_installs_what_is_locked() -> None:
    text = (DEPLOY / "Containerfile").read_text("utf-8")
    assert "--no-deps --require-hashes -r requirements.lock" in text
    assert text.index("USER will") < text.index("CMD")
