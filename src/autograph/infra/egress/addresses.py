"""Which addresses belong to everybody. Everything else is somebody's inside.

Ranges are IANA's special-purpose registries (RFC 6890 and its updates), as the standard library knows them, and
those that carry an IPv4 address inside an IPv6 one: the inner address counts, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_NAT64: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE: Final = IPv6Network("::/96")
_ALSO_INSIDE: Final[Sequence[Network]] = (
    IPv4Network("100.64.0.0/10"),  # carrier-grade NAT
    IPv4Network("192.88.99.0/24"),  # 6to4 relays
    IPv4Network("168.63.129.16/32"),  # a cloud's metadata, in a public range
    IPv6Network("fec0::/10"),  # site-local, deprecated
    IPv6Network("2001::/23"),  # protocol assignments, Teredo among them
    IPv6Network("2002::/16"),  # 6to4
    IPv6Network("5f00::/16"),  # segment routing
)


def is_public(address: Address) -> bool:
    """Tell whether an address belongs to everybody, also by what is inside it."""
    inner = _inner(address)
    if inner is not None and not is_public(inner):
        return False
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address in network for network in _ALSO_INSIDE)
        and not (isinstance(address, IPv6Address) and address in _COMPATIBLE)
    )


def parsed(text: str) -> Address | None:
    """Return the address that a host is, `[…]` and zones taken off; None where it is a name."""
    try:
        return ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None


def _inner(address: Address) -> IPv4Address | None:
    """Return the IPv4 address inside an IPv6 one."""
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if any(address in network for network in _NAT64) or address in _COMPATIBLE:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return None
