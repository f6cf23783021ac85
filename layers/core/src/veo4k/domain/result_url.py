"""Which result links are accepted and fetched: one rule for the callback, the poll and the archive."""

import re
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple, Self
from urllib.parse import quote

DEFAULT_PORT = {"http": 80, "https": 443}
MAX_PORT = 65535

LONGEST_LINK = 8192  # as web servers take it

# A link is taken apart here and nowhere else, and only if nothing in it can be read in two ways: printable ASCII
# without backslash, 8 KiB as web servers take it, a host in lower case without user or percent sign.
_HOST = r"(?P<host>\[[0-9a-f:.]{2,45}\]|[a-z0-9.-]{1,253})(?::(?P<port>[1-9][0-9]{0,4}))?"
_URL = re.compile(
    rf"(?=[!-\[\]-~]{{1,{LONGEST_LINK}}}\Z)(?P<scheme>https?)://{_HOST}(?P<path>/[^?#]*)?(?P<query>\?[^#]*)?(?:#.*)?"
)
_ENTRY = re.compile(_HOST)
_BELOW = re.compile(r"\.(?:[a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}")  # never a whole top-level domain
_START = re.compile(r"(?i)(https?://[^/?#]*)(.*)", re.DOTALL)
_KEPT = "".join(map(chr, range(128))).replace(" ", "")  # what is ambiguous stays as it is, and is refused
_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")

# What Python's is_global lets through (it differs between 3.11 and 3.13) although it leads elsewhere than it says.
_TRANSLATED_V4 = (
    IPv4Network("192.0.0.0/24"),  # IETF protocol assignments: the NAT64 and DS-Lite ends of this very host
    IPv4Network("192.88.99.0/24"),  # 6to4 relay anycast
)
_UNICAST_V6 = IPv6Network("2000::/3")  # all that is assigned: no mapped, NAT64, link-local, site-local or multicast
_TRANSLATED_V6 = (
    IPv6Network("2001::/23"),  # Teredo (2001::/32), ORCHID and other protocol assignments
    IPv6Network("2002::/16"),  # 6to4 carries any IPv4 address
    IPv6Network("3fff::/20"),  # documentation, unknown to Python 3.11
)


@dataclass(frozen=True, slots=True)
class Target:
    """Where an allowed link leads: host as in a Host header (lower case, IPv6 in brackets), path with its query."""

    scheme: str
    host: str
    port: int
    path: str = field(repr=False)

    @property
    def authority(self) -> str:
        """Return the value of the Host header."""
        return self.host if self.port == DEFAULT_PORT[self.scheme] else f"{self.host}:{self.port}"

    def admits(self, address: str) -> bool:
        """Return whether this link may connect to this address: loopback for a loopback host, else public."""
        ip = _literal(address)
        if ip is None:
            return False
        return ip.is_loopback if _is_loopback(self.host) else is_public(ip)


class Refusal(NamedTuple):
    """Why a link is not fetched. `host`: set where nothing but its host stands in the way."""

    reason: str
    host: str = ""


@dataclass(frozen=True, slots=True)
class ResultHosts:
    """The hosts that results are fetched from.

    `entries`: each host with its port; a port of None is any, for loopback hosts only. `domains`: all hosts below
    these are allowed too, on 443; each begins with its dot.
    """

    entries: frozenset[tuple[str, int | None]]
    domains: tuple[str, ...] = ()

    @classmethod
    def parse(cls, parameter: str, kie_base_url: str) -> Self:
        """Read the stack parameter: entries `host` (https on 443), `host:port`, or `.domain` for all hosts below it.

        Loopback entries count only while `KieBaseUrl` is loopback too; then http is allowed as well, on the entry's
        port or, without one, on any. ValueError names an entry that is none of these.
        """
        base = _URL.fullmatch(kie_base_url.strip().lower())
        local = base is not None and _is_loopback(base["host"])
        texts = [text.strip().lower() for text in parameter.split(",") if text.strip()]
        domains = tuple(text for text in texts if _BELOW.fullmatch(text))
        entries = [_entry(text) for text in texts if text not in domains]
        return cls(frozenset((host, port) for host, port in entries if local or not _is_loopback(host)), domains)

    def target(self, url: object) -> Target | Refusal:
        """Return where an allowed link leads, or why a link or another value is not fetched."""
        link = _URL.fullmatch(url) if isinstance(url, str) else None
        port = int(link["port"] or DEFAULT_PORT[link["scheme"]]) if link else 0
        if link is None or port > MAX_PORT:
            return Refusal("the link is malformed, or longer than 8 KiB")
        scheme, host = link["scheme"], link["host"]
        ip = _literal(host)
        if not (self._is_local and _is_loopback(host)):
            if scheme != "https":
                return Refusal("the link is not https")
            if ip is not None and not is_public(ip):
                return Refusal("the link leads to an address that is not public")
        if not self._allows(host, port):
            default = port == DEFAULT_PORT["https"]
            return Refusal("the link leads outside ResultHosts", host if default else f"{host}:{port}")
        return Target(scheme, host, port, (link["path"] or "/") + (link["query"] or ""))

    @property
    def _is_local(self) -> bool:
        return any(_is_loopback(host) for host, _ in self.entries)

    def _allows(self, host: str, port: int) -> bool:
        if not self.entries.isdisjoint({(host, port), (host, None)}):
            return True
        return port == DEFAULT_PORT["https"] and _NAME.fullmatch(host) is not None and host.endswith(self.domains)


def normalized(url: str) -> str:
    """Return a link as it is stored and fetched.

    Scheme and host are in lower case, blanks around it are gone, and what may not stand in a path as it is, blanks and
    non-ASCII characters, is escaped.
    """
    text = url.strip()
    start = _START.match(text)
    return start[1].lower() + quote(start[2], safe=_KEPT, errors="backslashreplace") if start else text


def without_query(url: object) -> str:
    """Return the public form of a link, without query string and fragment; empty for another type."""
    return re.split(r"[?#]", url)[0] if isinstance(url, str) else ""


def is_public(ip: IPv4Address | IPv6Address) -> bool:
    """Return whether the address is a single host on the public internet, and not translated to another one."""
    if not ip.is_global or ip.is_multicast:
        return False
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in _TRANSLATED_V4)
    return ip in _UNICAST_V6 and not any(ip in network for network in _TRANSLATED_V6)


def _entry(text: str) -> tuple[str, int | None]:
    """Return one entry of the parameter as (host, port). Raise ValueError."""
    match = _ENTRY.fullmatch(text)
    if (
        match is None
        or int(match["port"] or 1) > MAX_PORT
        or not (_literal(match["host"]) or _NAME.fullmatch(match["host"]))
    ):
        raise ValueError(f"ResultHosts: {text!r} is neither host nor host:port")
    if match["port"]:
        return match["host"], int(match["port"])
    return match["host"], None if _is_loopback(match["host"]) else DEFAULT_PORT["https"]


def _is_loopback(host: str) -> bool:
    """Return whether the host of a link is this machine by definition; no name is looked up."""
    ip = _literal(host)
    return host == "localhost" or (ip is not None and ip.is_loopback)


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    """Return the address that a host spells out, or None."""
    try:
        return ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
