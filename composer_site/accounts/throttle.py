"""How often something may be tried. See ``Bucket`` for why it is a row."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.db.models import F, FloatField, Value
from django.db.models.functions import Greatest
from django.http import HttpRequest

from composer_site.accounts.models import Bucket


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``tries`` at once; then one more every ``seconds / tries``."""

    kind: str
    tries: int
    seconds: float

    @property
    def step(self) -> float:
        return self.seconds / self.tries

    def of(self, *what: object) -> Counted:
        return Counted(self, what)


@dataclass(frozen=True, slots=True)
class Counted:
    """A limit and whose tries it counts."""

    limit: Limit
    what: tuple[object, ...]

    @property
    def key(self) -> str:
        said = repr((self.limit.kind, *map(str, self.what)))
        return hashlib.sha256(said.encode()).hexdigest()


def take(counted: Counted, *, now: float | None = None) -> float:
    """Count one try. Returns 0.0 if it may go on, else how many seconds to wait."""
    now = time.time() if now is None else now
    step, key = counted.limit.step, counted.key
    full_at = now + (counted.limit.tries - 1) * step

    def pour() -> bool:
        with_room = Bucket.objects.filter(key=key, empty_at__lte=full_at + step / 1000)
        level = Greatest(F("empty_at"), Value(now), output_field=FloatField())
        return bool(with_room.update(empty_at=level + step))

    if pour():
        return 0.0
    bucket, is_new = Bucket.objects.get_or_create(
        key=key, defaults={"empty_at": now + step}
    )
    if is_new or pour():
        return 0.0
    return max(1.0, bucket.empty_at - full_at)


def take_all(counted: Sequence[Counted], *, now: float | None = None) -> float:
    """Count one try against each, the narrowest first.

    It ends at the first that refuses: whoever is stopped by a narrow limit does not
    use up a wide one, which others share.
    """
    for one in counted:
        if wait_seconds := take(one, now=now):
            return wait_seconds
    return 0.0


def give_back(counted: Sequence[Counted]) -> None:
    """The try was a good one, and good ones are not limited."""
    for one in counted:
        Bucket.objects.filter(key=one.key).update(
            empty_at=F("empty_at") - one.limit.step
        )


def purge_buckets(*, now: float | None = None) -> int:
    """An empty bucket is no bucket."""
    empty = Bucket.objects.filter(empty_at__lt=time.time() if now is None else now)
    return empty.delete()[0]


def client_address(request: HttpRequest) -> str:
    """Where a request comes from, as far as that can be believed.

    Each proxy of ours adds the address it saw at the right of X-Forwarded-For; what
    stands further left is only what the client says.
    """
    address = str(request.META.get("REMOTE_ADDR", ""))
    if settings.NUM_PROXIES:
        seen = request.headers.get("X-Forwarded-For", "").split(",")
        if len(seen) >= settings.NUM_PROXIES:
            address = seen[-settings.NUM_PROXIES].strip()
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if not isinstance(ip, IPv6Address):
        return str(ip)
    # Whoever has one address of IPv6 has all 2^64 of its network.
    return str(ip.ipv4_mapped or ip_network((ip.packed, 64), strict=False))


def in_words(seconds: float) -> str:
    """How long to wait: ``2 minutes``."""
    minutes = -(-int(seconds) // 60)
    return "a minute" if minutes <= 1 else f"{minutes} minutes"
