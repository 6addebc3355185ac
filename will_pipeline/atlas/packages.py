"""Libraries of others for the browser: fetched with npm, checked against our sha512, taken apart.

Only packages of `packages.yaml` and only the files it names belong here; pages are made elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from will_pipeline.sources.documents import load_document

PINNED = Path(__file__).with_name("packages.yaml")
LICENCES = "LICENZE.txt"
ALGORITHM = "sha512"
PATIENCE = 120
"""Seconds that npm may take for one package."""


class PackageFault(RuntimeError):
    """A library cannot be had, or is not the pinned one; the text says so in Italian."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Package(_Strict):
    """One pinned package, and where each of the files that we want goes.

    Attributes:
        integrity: `sha512-` and the digest of the archive in base64, as npm writes it.
        files: name of a file of the package to the name it takes.
        note: what a reader of the licences should know, in Italian.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    licence: str
    integrity: Annotated[str, Field(pattern=r"^sha512-[A-Za-z0-9+/]{86}==$")]
    files: dict[str, str]
    note: str = ""


class _Pinned(_Strict):
    packages: tuple[Package, ...]


def pinned_packages(path: Path = PINNED) -> tuple[Package, ...]:
    """The packages of the section explorer.

    Args:
        path: YAML document with `packages`.

    Raises:
        SourceFault: the document is not as it should be.
    """
    return load_document(path, "esploratore", _Pinned).packages


def npm_pack(package: Package) -> bytes:
    """The archive of a package from the registry that this machine is set to, or from its cache.

    Args:
        package: which; what comes back is not checked here.

    Raises:
        PackageFault: npm is not installed, or could not bring the package.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise PackageFault("manca npm: apt-get install npm")
    wanted = f"{package.name}@{package.version}"
    with tempfile.TemporaryDirectory() as folder:
        try:
            subprocess.run(  # noqa: S603
                [npm, "pack", wanted, "--ignore-scripts", "--prefer-offline", "--silent"],
                cwd=folder,
                env={**os.environ, "npm_config_update_notifier": "false"},
                check=True,
                capture_output=True,
                timeout=PATIENCE,
            )
            (archive,) = Path(folder).glob("*.tgz")
        except (OSError, subprocess.SubprocessError, ValueError) as fault:
            raise PackageFault(
                f"npm non riesce a scaricare {wanted}: serve la rete, oppure la sua copia locale"
            ) from fault
        return archive.read_bytes()


def library_files(
    packages: Sequence[Package], fetch: Callable[[Package], bytes] = npm_pack
) -> dict[str, bytes]:
    """The wanted files of some packages with their licences, and a page that lists the licences.

    Args:
        packages: what to take.
        fetch: gives the archive of a package.

    Returns:
        Content by name.

    Raises:
        PackageFault: a package cannot be had, is not the pinned one or lacks a file.
    """
    taken: dict[str, bytes] = {}
    told = ["Queste librerie sono di altri. Ecco chi le fa e con quale licenza."]
    for package in packages:
        taken |= _taken(package, fetch(package))
        names = ", ".join(sorted(package.files.values()))
        line = f"{package.name} {package.version}, licenza {package.licence}: {names}. "
        told.append((line + package.note).rstrip())
    return taken | {LICENCES: ("\n\n".join(told) + "\n").encode()}


def _taken(package: Package, archive: bytes) -> dict[str, bytes]:
    digest = base64.b64encode(hashlib.new(ALGORITHM, archive).digest()).decode()
    if f"{ALGORITHM}-{digest}" != package.integrity:
        raise PackageFault(
            f"{package.name} {package.version} non è il pacchetto atteso: la sua impronta "
            f"{ALGORITHM} è diversa da quella scritta in {PINNED.name}. Non lo uso"
        )
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as opened:
        return {
            target: _member(opened, package, name) for name, target in sorted(package.files.items())
        }


def _member(opened: tarfile.TarFile, package: Package, name: str) -> bytes:
    path = f"package/{name}"
    member = opened.getmember(path) if path in opened.getnames() else None
    # A link of the archive is followed nowhere: only a plain file is read.
    content = opened.extractfile(member) if member is not None and member.isfile() else None
    if content is None:
        raise PackageFault(f"in {package.name} {package.version} non trovo il file {name}")
    return content.read()
