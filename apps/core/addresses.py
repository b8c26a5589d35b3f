"""Where a link leads, as far as its address tells by itself: one rule for paper and for pages that strangers read."""

import ipaddress
import re
from collections.abc import Collection
from urllib.parse import urlsplit

#: Endings that no name of the internet has (RFC 6761, RFC 6762, RFC 8375), and those that networks of offices use.
PRIVATE_ENDINGS = (
    *(".local", ".localhost", ".localdomain", ".test", ".home.arpa"),
    *(".internal", ".intranet", ".lan", ".corp", ".home"),
)
#: A browser reads such a last label as a number, and the name as an address: 127.1, 0x7f.0.0.1 (WHATWG URL, 3.5).
_NUMERIC = re.compile(r"(?:\d+|0x[0-9a-f]*)\Z")


def leads_outside(address: str, *, own: Collection[str] = ()) -> bool:
    """Tell whether an address is of the open internet: http or https, no password in it, no private host, none of ``own``."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").rstrip(".").lower()
    except ValueError:
        return False
    if parts.scheme.lower() not in {"http", "https"} or "@" in parts.netloc or is_own(host, own):
        return False
    try:
        return is_global(host)
    except ValueError:
        numeric = _NUMERIC.match(host.rpartition(".")[2])
        return "." in host and not numeric and not host.endswith(PRIVATE_ENDINGS)


def is_global(host: str) -> bool:
    """Tell whether an IP address is one of the internet; raises ValueError for what is no IP address."""
    found = ipaddress.ip_address(host)
    inner = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (inner or found).is_global


def is_own(host: str, own: Collection[str]) -> bool:
    """Tell whether a host in lower case is one of ``own``, or beneath one that begins with a dot."""
    names = [one.lower() for one in own]
    return any(
        host == one.removeprefix(".") or (one.startswith(".") and host.endswith(one)) for one in names if one
    )
