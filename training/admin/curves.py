"""A learning curve as a small drawing.

The site's own charts are drawn by scripts; here one picture without any, and without
styles of its own, passes the strictest content security policy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH, HEIGHT, MARGIN = 480, 160, 28


def curve_svg(points: Sequence[Mapping[str, float]]) -> SafeString | str:
    """Training bits dashed, held-out bits solid, over epochs; "-" with none to draw."""
    known = [p for p in points if "epoch" in p and "valid_bits" in p]
    if not known:
        return "-"
    bits = [
        p[name] for p in known for name in ("train_bits", "valid_bits") if name in p
    ]
    low, high = min(bits), max(bits)
    epochs = [p["epoch"] for p in known]
    lines = format_html_join(
        "",
        '<polyline points="{}" fill="none" stroke="currentColor" stroke-width="{}" '
        'stroke-dasharray="{}"/>',
        (
            (_line(known, name, epochs, low, high), width, dashes)
            for name, width, dashes in (("train_bits", 1, "4 3"), ("valid_bits", 2, ""))
        ),
    )
    best = min(known, key=lambda p: p["valid_bits"])
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" '
        'viewBox="0 0 {w} {h}" role="img" aria-label="{label}">{lines}'
        '<g fill="currentColor" font-size="11">'
        '<text x="{m}" y="14">{high} bits</text>'
        '<text x="{m}" y="{below}">{low} bits; epochs {first} to {last}. '
        "Dashed: training, solid: held out.</text></g></svg>",
        w=WIDTH,
        h=HEIGHT,
        m=MARGIN,
        below=HEIGHT - 6,
        high=f"{high:.2f}",
        low=f"{low:.2f}",
        first=epochs[0],
        last=epochs[-1],
        lines=lines,
        label=f"Learning curve over {len(known)} epochs; the lowest held-out value is "
        f"{best['valid_bits']:.3f} bits, after epoch {best['epoch']}",
    )


def _line(
    points: Sequence[Mapping[str, float]],
    name: str,
    epochs: Sequence[float],
    low: float,
    high: float,
) -> str:
    across = max(1e-9, epochs[-1] - epochs[0])
    down = max(1e-9, high - low)
    return " ".join(
        f"{MARGIN + (p['epoch'] - epochs[0]) / across * (WIDTH - 2 * MARGIN):.1f},"
        f"{MARGIN + (high - p[name]) / down * (HEIGHT - 2 * MARGIN):.1f}"
        for p in points
        if name in p
    )
