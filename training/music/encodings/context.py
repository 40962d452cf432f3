"""Context that every encoding of barred music shares: metre, key, place, what is left.

All functions count in *steps*, the encoding's grid, and return integers below the size
of the field that ``BARRED_FIELDS`` names.
"""

from __future__ import annotations

from dataclasses import dataclass

from training.music.encodings.base import Field, Form, NotEncodable
from training.music.pitch import MODES, Key
from training.music.score import TICKS_PER_QUARTER, Metre, Score

#: The metres a network tells apart; all others share one more symbol.
METRES = tuple(
    Metre(numerator, denominator)
    for numerator, denominator in (
        (2, 4),
        (3, 4),
        (4, 4),
        (2, 2),
        (3, 2),
        (3, 8),
        (6, 8),
        (9, 8),
        (12, 8),
        (6, 4),
    )
)
MAX_PLACE = 192  # the longest bar we can count in, in steps: eight quarters of 24
MAX_BARS = 32  # bars to the end, or from the start, beyond which we stop counting
MAX_NEAR_END = 32  # eighth notes to the end


@dataclass(frozen=True, slots=True)
class BarGrid:
    """A form, measured in steps."""

    length: int
    bar: int
    beat: int
    pickup: int
    eighth: int
    metre: int  # index in METRES, or len(METRES)
    mode: int  # 1 + index in MODES, or 0
    tonic: int  # 1 + pitch class, or 0

    @classmethod
    def of(cls, form: Form, ticks_per_step: int) -> BarGrid:
        """Raises ``NotEncodable`` when the form's bars do not fall on whole steps."""
        bar_ticks = form.metre.bar_ticks
        lengths = (form.length_ticks, bar_ticks, form.pickup_ticks)
        if any(ticks % ticks_per_step for ticks in lengths):
            raise NotEncodable("The bar lines do not fall on the encoding's grid.")
        if bar_ticks // ticks_per_step > MAX_PLACE:
            raise NotEncodable(f"Bars of {form.metre} are too long for this encoding.")
        known = form.metre in METRES
        return cls(
            length=form.length_ticks // ticks_per_step,
            bar=bar_ticks // ticks_per_step,
            beat=max(1, form.metre.beat_ticks // ticks_per_step),
            pickup=form.pickup_ticks // ticks_per_step,
            eighth=TICKS_PER_QUARTER // 2 // ticks_per_step,
            metre=METRES.index(form.metre) if known else len(METRES),
            mode=1 + MODES.index(form.key.mode) if form.key else 0,
            tonic=1 + form.key.tonic if form.key else 0,
        )

    def place(self, step: int) -> int:
        """Steps since the bar line; a pick-up counts as the end of a whole bar."""
        return (step - self.pickup) % self.bar

    def bar_number(self, step: int) -> int:
        """0 in the pick-up, otherwise 1 and up; 1 and up when there is no pick-up."""
        return (step - self.pickup) // self.bar + 1


#: (name, size) of what ``barred_context`` returns, in order.
BARRED_FIELDS = (
    Field("metre", len(METRES) + 1),
    Field("mode", len(MODES) + 1),
    Field("tonic", 13),
    Field("place", MAX_PLACE),
    Field("place_in_beat", MAX_PLACE),
    Field("bar", MAX_BARS + 1),
    Field("bar_of_eight", 8),
    Field("bars_left", MAX_BARS + 1),
    Field("eighths_left", MAX_NEAR_END + 1),
)


def barred_context(grid: BarGrid, step: int, length: int) -> tuple[int, ...]:
    """Where ``step`` stands in a piece of ``length`` steps."""
    place = (step - grid.pickup) % grid.bar
    bar = (step - grid.pickup) // grid.bar + 1
    left = length - step
    return (
        grid.metre,
        grid.mode,
        grid.tonic,
        place,
        place % grid.beat,
        min(bar, MAX_BARS),
        bar % 8,
        min(-(-left // grid.bar), MAX_BARS),
        min(-(-left // grid.eighth), MAX_NEAR_END),
    )


def barred_form(score: Score) -> Form:
    """The form of a score in one metre and one key.

    The last bar is filled up to a whole one, or to what the pick-up bar lacks when the
    last note ends before that. Raises ``NotEncodable`` for changing metres.
    """
    if len(score.metres) > 1:
        raise NotEncodable("The metre changes; cut the piece into one for each metre.")
    metre, pickup = score.metre, score.pickup_ticks
    bar = metre.bar_ticks
    bars = max(1, -(-(score.end_tick - pickup) // bar))
    length = pickup + bars * bar
    if pickup and score.end_tick <= length - pickup:
        length -= pickup
    return Form(
        length_ticks=length,
        metre=metre,
        key=score.key,
        pickup_ticks=pickup,
        phrase_end_ticks=score.phrase_end_ticks,
    )


def tonic_pitch(key: Key | None) -> int:
    """The pitch from which an encoding counts: the tonic from middle C up."""
    return 60 + (key.tonic if key else 0)
