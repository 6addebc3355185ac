"""Politely getting one file from an allowed host: redirects, conditions, limits, retries.

What belongs here is what an answer means before its content is looked at; sockets, turns and the
content itself are other modules' matter.
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from zlib import crc32

import httpcore
import httpx
import numpy as np

from will_pipeline.sources.hosts import Host, Hosts
from will_pipeline.sources.limiter import Limiter, NoTurn
from will_pipeline.sources.live import Retry
from will_pipeline.sources.network import (
    PinnedTransport,
    Resolver,
    Unreachable,
    addresses_of,
    checked_addresses,
    verified_tls,
)

MOST_REDIRECTS = 5
MOVED = "spostata?"
"""Hint for an address that is not there any more."""

_REDIRECTS = (301, 302, 303, 307, 308)
_ALWAYS_AGAIN = (408, 425)
_NEVER_AGAIN = (501, 505)
_GONE = (404, 410)
# One layer at most: layers over layers would unpack without measure.
_ENCODINGS = ("identity", "gzip", "deflate")
_CHUNK = 1 << 16
_CONNECTION_FAULTS = (
    httpx.HTTPError,
    httpx.StreamError,
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
)


@dataclass(frozen=True)
class Validators:
    """What a server says to recognise a version of a file."""

    etag: str | None = None
    last_modified: str | None = None

    def __bool__(self) -> bool:
        """Whether there is any."""
        return self.etag is not None or self.last_modified is not None


@dataclass(frozen=True)
class Wanted:
    """A file to get.

    Attributes:
        source: Key of the source.
        url: Its address.
        retry: Limits and attempts.
        most_bytes: Size at which the download stops.
        accept: `Accept` header.
        known: Validators of the copy already here.
        confirm: Whether to ask again after the download if the file is still the same.
    """

    source: str
    url: httpx.URL
    retry: Retry
    most_bytes: int
    accept: str | None = None
    known: Validators = Validators()
    confirm: bool = True


@dataclass(frozen=True)
class Fetched:
    """A file that arrived whole.

    Attributes:
        url: Address that answered.
        redirects: Addresses passed on the way.
        validators: What the server says to recognise it.
        content_type: Type the server gives it.
        bytes: Its size.
        sha256: Its digest.
    """

    url: str
    redirects: tuple[str, ...]
    validators: Validators
    content_type: str
    bytes: int
    sha256: str


class TransportFault(Exception):
    """A file could not be got; the text says why, in Italian.

    Attributes:
        again: Whether another attempt may go better.
        wait: Seconds that the server asked to wait.
        hint: What may have happened, in Italian.
        of_host: Whether it tells against the host, and not against the address.
    """

    def __init__(
        self,
        why: str,
        *,
        again: bool = False,
        wait: float | None = None,
        hint: str = "",
        of_host: bool = False,
    ) -> None:
        """Keep the fault.

        Args:
            why: The reason, in Italian.
            again: Whether another attempt may go better.
            wait: Seconds that the server asked to wait.
            hint: What may have happened, in Italian.
            of_host: Whether it tells against the host, and not against the address.
        """
        super().__init__(why)
        self.again, self.wait, self.hint, self.of_host = again, wait, hint, of_host


class _Changed(TransportFault):
    """The file became another while it was being downloaded."""


class Transport:
    """Gets files, one at a time."""

    def __init__(
        self,
        hosts: Hosts,
        limiter: Limiter,
        *,
        seed: int,
        tls: ssl.SSLContext | None = None,
        resolve: Resolver = addresses_of,
    ) -> None:
        """Keep what a download needs.

        Args:
            hosts: The allow-list.
            limiter: Turns of the hosts; its clock is used.
            seed: Seed of the jitter of waits.
            tls: TLS settings; verified against public authorities where none are given.
            resolve: Who answers for names.
        """
        self._hosts, self._limiter = hosts, limiter
        self.clock = limiter.clock
        self._seed, self._resolve = seed, resolve
        self._tls = tls or verified_tls()

    def fetch(self, wanted: Wanted, part: Path, *, until: float) -> Fetched | None:
        """Get a file, trying again where it makes sense.

        Args:
            wanted: The file.
            part: Where to write it; overwritten by every attempt.
            until: Value of `clock.elapsed()` by which everything ends, waits included.

        Returns:
            What arrived; none where the server says that the copy already here is the current one.

        Raises:
            TransportFault: The file could not be got.
        """
        jitter = np.random.default_rng([self._seed, crc32(wanted.source.encode())])
        changes = 0
        for attempt in range(1, wanted.retry.attempts + 1):
            try:
                return self._attempt(wanted, part, until)
            except TransportFault as fault:
                changes += isinstance(fault, _Changed)
                if not fault.again or attempt == wanted.retry.attempts or changes > 1:
                    raise
                wait = wanted.retry.first_wait * 2 ** (attempt - 1) * (1 + jitter.random())
                wait = max(wait, fault.wait or 0.0)
                if self.clock.elapsed() + wait >= until:
                    why = f"{fault}; il tempo per riprovare è finito"
                    raise TransportFault(why, hint=fault.hint) from fault
                self.clock.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def _attempt(self, wanted: Wanted, part: Path, until: float) -> Fetched | None:
        url, passed = wanted.url, list[str]()
        while True:
            host = self._allowed(url)
            try:
                with self._exchange(wanted, url, host, until) as answer:
                    target = _target(answer)
                    if target is None:
                        fetched = _received(wanted, answer, part, passed)
            except TransportFault as fault:
                self._report(host, fault)
                raise
            if target is None:
                self._limiter.succeeded(host)
                break
            passed.append(str(url))
            if len(passed) > MOST_REDIRECTS:
                raise TransportFault(f"più di {MOST_REDIRECTS} rinvii", hint=MOVED)
            url = target
        if fetched is not None and wanted.confirm and fetched.validators:
            self._confirm(wanted, url, host, fetched.validators, until)
        return fetched

    def _allowed(self, url: httpx.URL) -> Host:
        host = self._hosts.owner(url)
        if host is None:
            where = f"{url.scheme}://{url.host}"
            raise TransportFault(f"{where} non è un indirizzo ammesso", hint=MOVED)
        return host

    @contextmanager
    def _exchange(
        self, wanted: Wanted, url: httpx.URL, host: Host, until: float
    ) -> Iterator[httpx.Response]:
        retry = wanted.retry
        try:
            with self._limiter.turn(host, until=until):
                addresses = checked_addresses(host, url, self._resolve, seconds=retry.connect)
                transport = PinnedTransport(addresses, self._tls, self.clock, until=until)
                client = httpx.Client(
                    transport=transport,
                    timeout=httpx.Timeout(retry.read, connect=retry.connect),
                    follow_redirects=False,
                    trust_env=False,
                )
                request = client.build_request("GET", url, headers=_headers(wanted))
                try:
                    answer = client.send(request, stream=True)
                except BaseException:
                    client.close()
                    raise
            with closing(client), closing(answer):
                yield answer
        except NoTurn as fault:
            raise TransportFault(str(fault)) from fault
        except Unreachable as fault:
            raise TransportFault(str(fault), again=fault.again, of_host=True) from fault
        except (httpx.TimeoutException, httpcore.TimeoutException) as fault:
            why = f"{url.host} non risponde entro i limiti"
            raise TransportFault(why, again=True, of_host=True) from fault
        except _CONNECTION_FAULTS as fault:
            why = f"{url.host} ha interrotto la risposta"
            raise TransportFault(why, again=True, of_host=True) from fault

    def _confirm(
        self, wanted: Wanted, url: httpx.URL, host: Host, was: Validators, until: float
    ) -> None:
        """Ask if the file just downloaded is still the current one."""
        try:
            with self._exchange(replace(wanted, known=was), url, host, until) as answer:
                if answer.status_code == HTTPStatus.NOT_MODIFIED:
                    return
                _check_status(answer)
                now = _validators(answer)
        except TransportFault as fault:
            self._report(host, fault)
            raise
        if now != was:
            raise _Changed("il file è cambiato mentre si scaricava", again=True)

    def _report(self, host: Host, fault: TransportFault) -> None:
        if fault.wait is not None:
            self._limiter.hold(host, fault.wait)
        if isinstance(fault, _Refused):
            self._limiter.close(host, str(fault))
        elif fault.of_host:
            self._limiter.failed(host, str(fault))


class _Refused(TransportFault):
    """The host asked for fewer requests without saying when to come back."""


def _headers(wanted: Wanted) -> dict[str, str]:
    headers = {
        "User-Agent": f"will-pipeline/{version('will-pipeline')}",
        "Accept": wanted.accept or "*/*",
        # ISTAT answers in English otherwise.
        "Accept-Language": "it",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    if wanted.known.etag is not None:
        headers["If-None-Match"] = wanted.known.etag
    if wanted.known.last_modified is not None:
        headers["If-Modified-Since"] = wanted.known.last_modified
    return headers


def _target(answer: httpx.Response) -> httpx.URL | None:
    """Where a redirect leads; none for any other answer."""
    if answer.status_code not in _REDIRECTS:
        return None
    try:
        return answer.request.url.join(answer.headers["Location"])
    except (httpx.InvalidURL, KeyError) as error:
        raise TransportFault("il server rinvia a un indirizzo che non si legge") from error


def _check_status(answer: httpx.Response) -> None:
    status = answer.status_code
    if status == HTTPStatus.OK:
        return
    why = f"il server risponde {status}"
    wait = _asked_wait(answer)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        if wait is None:
            raise _Refused(f"{why}: troppe richieste")
        raise TransportFault(f"{why}: troppe richieste", again=True, wait=wait)
    if status in _ALWAYS_AGAIN or (status >= 500 and status not in _NEVER_AGAIN):
        raise TransportFault(why, again=True, wait=wait, of_host=True)
    if status == HTTPStatus.PARTIAL_CONTENT:
        raise TransportFault("il server manda solo una parte del file", again=True)
    raise TransportFault(why, hint=MOVED if status in _GONE else "")


def _asked_wait(answer: httpx.Response) -> float | None:
    """Seconds of the header `Retry-After` (RFC 9110), in either of its forms."""
    text = answer.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        until, now = parsedate_to_datetime(text), parsedate_to_datetime(answer.headers["Date"])
        return max((until - now).total_seconds(), 0.0)
    except (ValueError, TypeError, KeyError):
        return None


def _validators(answer: httpx.Response) -> Validators:
    return Validators(answer.headers.get("ETag"), answer.headers.get("Last-Modified"))


def _received(
    wanted: Wanted, answer: httpx.Response, part: Path, passed: list[str]
) -> Fetched | None:
    if answer.status_code == HTTPStatus.NOT_MODIFIED and wanted.known:
        return None
    _check_status(answer)
    if answer.headers.get("Content-Encoding", "identity").lower() not in _ENCODINGS:
        raise TransportFault("il server comprime la risposta in un modo non ammesso")
    declared = answer.headers.get("Content-Length", "")
    if declared.isascii() and declared.isdigit() and int(declared) > wanted.most_bytes:
        raise TransportFault(_too_large(wanted))
    digest, size = hashlib.sha256(), 0
    with part.open("wb") as file:
        for chunk in answer.iter_bytes(_CHUNK):
            size += len(chunk)
            if size > wanted.most_bytes:
                raise TransportFault(_too_large(wanted))
            digest.update(chunk)
            file.write(chunk)
    return Fetched(
        url=str(answer.request.url),
        redirects=tuple(passed),
        validators=_validators(answer),
        content_type=answer.headers.get("Content-Type", ""),
        bytes=size,
        sha256=digest.hexdigest(),
    )


def _too_large(wanted: Wanted) -> str:
    return f"il file supera {wanted.most_bytes} byte"
