"""Connections that go only where they may and end when they must.

What belongs here is the passage from an allowed host to sockets: addresses resolved once and
checked, TLS always verified, every read bounded by one deadline. Meanings of answers do not.
"""

from __future__ import annotations

import ipaddress
import queue
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import certifi
import httpcore
import httpx

from will_pipeline.sources.clock import Clock
from will_pipeline.sources.hosts import Host, on_this_machine

Resolver = Callable[[str, int], Sequence[str]]
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class Unreachable(Exception):
    """A host cannot be reached; the text says why, in Italian.

    Attributes:
        again: Whether another attempt may go better.
    """

    def __init__(self, why: str, *, again: bool) -> None:
        """Keep the reason.

        Args:
            why: The reason, in Italian.
            again: Whether another attempt may go better.
        """
        super().__init__(why)
        self.again = again


def verified_tls() -> ssl.SSLContext:
    """TLS that checks certificate and name against the authorities of certifi."""
    return ssl.create_default_context(cafile=certifi.where())


def addresses_of(name: str, port: int) -> list[str]:
    """Ask the name servers.

    Args:
        name: Host name.
        port: Port.

    Returns:
        Literal addresses, in the order of preference.

    Raises:
        OSError: The name is unknown or no server answers.
    """
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def is_public(address: str) -> bool:
    """Say whether an address is on the public network, whatever it is wrapped in.

    Args:
        address: Literal IPv4 or IPv6 address.
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if found in _NAT64:
            inner = ipaddress.IPv4Address(found.packed[-4:])
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast


def checked_addresses(
    host: Host, url: httpx.URL, resolve: Resolver, *, seconds: float
) -> list[str]:
    """Resolve the host of an address and check where it leads.

    Args:
        host: The allowed host that covers the address.
        url: The address.
        resolve: Who answers for names.
        seconds: Longest wait for an answer.

    Returns:
        Literal addresses to connect to, and no others.

    Raises:
        Unreachable: Nobody answers, or one of the addresses is not public and the host is no
            replica, or the connection would be in clear and not on this machine.
    """
    port = url.port or (443 if url.scheme == "https" else 80)
    found = _in_time(resolve, url.host, port, seconds)
    if url.scheme != "https" and not all(on_this_machine(address) for address in found):
        raise Unreachable("una connessione senza TLS uscirebbe da questa macchina", again=False)
    if not host.replica and not all(is_public(address) for address in found):
        raise Unreachable(f"{url.host} porta a un indirizzo privato", again=False)
    return list(found)


def _in_time(resolve: Resolver, name: str, port: int, seconds: float) -> Sequence[str]:
    # The system's resolver cannot be told how long to wait.
    answers: queue.Queue[Sequence[str]] = queue.Queue()

    def ask() -> None:
        try:
            answers.put(resolve(name, port))
        except (OSError, UnicodeError):
            answers.put(())

    threading.Thread(target=ask, daemon=True).start()
    try:
        found = answers.get(timeout=seconds)
    except queue.Empty:
        found = ()
    if not found:
        raise Unreachable(f"il nome {name} non si risolve", again=True)
    return found


class _Bounded(httpcore.NetworkStream):
    """A connection whose every operation ends by one deadline."""

    def __init__(self, stream: httpcore.NetworkStream, clock: Clock, until: float) -> None:
        self._stream, self._clock, self._until = stream, clock, until

    def _left(self, timeout: float | None) -> float:
        left = self._until - self._clock.elapsed()
        if left <= 0:
            raise httpcore.ReadTimeout("deadline")
        return left if timeout is None else min(timeout, left)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        try:
            safe = self._stream.start_tls(ssl_context, server_hostname, self._left(timeout))
        except httpcore.ConnectError as error:
            raise Unreachable("il certificato del server non è valido", again=False) from error
        return _Bounded(safe, self._clock, self._until)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Pinned(httpcore.NetworkBackend):
    """Connects to addresses already checked, so that a name cannot change its answer meanwhile."""

    def __init__(self, addresses: Sequence[str], clock: Clock, until: float) -> None:
        self._addresses, self._clock, self._until = addresses, clock, until
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        fault: Exception | None = None
        for address in self._addresses:
            left = self._until - self._clock.elapsed()
            if left <= 0:
                break
            try:
                stream = self._backend.connect_tcp(
                    address,
                    port,
                    timeout=left if timeout is None else min(timeout, left),
                    local_address=local_address,
                    socket_options=socket_options,
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                fault = error
            else:
                return _Bounded(stream, self._clock, self._until)
        raise Unreachable(f"{host} non accetta la connessione", again=True) from fault


class PinnedTransport(httpx.BaseTransport):
    """Transport of one request: checked addresses, verified TLS, one deadline, no proxy."""

    def __init__(
        self, addresses: Sequence[str], tls: ssl.SSLContext, clock: Clock, *, until: float
    ) -> None:
        """Prepare the transport; nothing is opened yet.

        Args:
            addresses: Literal addresses that may be connected to.
            tls: TLS settings.
            clock: The time.
            until: Value of `clock.elapsed()` by which everything ends.
        """
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls,
            max_connections=1,
            max_keepalive_connections=0,
            network_backend=_Pinned(addresses, clock, until),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the answer's body is read as it is asked for."""
        url = request.url
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(answer),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        """Close the connection."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()
