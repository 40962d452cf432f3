"""From a source and what is kept of it to what the model is to write.

The form of the whole piece comes first. It keeps the source's metre, key, pick-up,
phrases and players; what is open, the phrases to come, is drawn from the model's own
forms. Then the source is put in the model's words: its parts, its key, its register.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from generation.composing.guides.base import Guide, Run, Wanted, runs_of
from generation.composing.guides.melody import MelodyGuide, PitchesGuide
from generation.composing.guides.polyphony import PolyphonyGuide
from generation.composing.guides.voices import VoicesGuide
from generation.composing.plans import MIN_PHRASE_BARS, Plan, choose_plan
from generation.composing.recipe import BadRequest, ComposeRequest
from generation.composing.repertoire import written_in
from generation.composing.source import NOTES, PITCHES, RHYTHM, Source
from training.learning.bundle import Bundle
from training.music.encodings import (
    Encoding,
    Form,
    Instrument,
    MelodyEncoding,
    PitchesEncoding,
    PolyphonyEncoding,
    VoicesEncoding,
)
from training.music.pitch import HIGHEST_PITCH, LOWEST_PITCH, Key
from training.music.score import Note

#: Music whose middle is further than this from where the model's lies, in semitones, is
#: read an octave nearer.
_FAR = 9.0
Parts = tuple[tuple[Note, ...], ...]


@dataclass(frozen=True, slots=True)
class Steering:
    """What is settled before the first event.

    ``source`` are the notes of each of the model's parts as it would write them, in the
    piece's key and time.
    """

    plan: Plan
    wanted: Wanted
    source: Parts
    guide: Guide[Any]


def steer(bundle: Bundle, request: ComposeRequest) -> Steering:
    """Raises ``BadRequest`` for what this model cannot do with the source."""
    source = request.source
    assert source is not None
    _refuse_another_music(request, source)
    steering = steering_of(bundle, request, source)
    first, last = steering.wanted.open_ticks
    if first == last:
        raise BadRequest(
            f"All {source.bars} bars are kept, and there is nothing left to write. "
            f"Keep fewer, or ask for more than {source.bars} bars."
        )
    return steering


def steering_of(bundle: Bundle, request: ComposeRequest, source: Source) -> Steering:
    """The same, though there may be nothing left to write. Raises ``BadRequest``."""
    plan = _plan(bundle, request, source)
    form, encoding = plan.form, bundle.encoding
    has_its_metre = request.metre in (None, source.metre)
    parts = _parts(encoding, form, source, request.as_part)
    notes = [
        _moved(own, source.key, form.key, plan.transposition) if own else ()
        for own in parts
    ]
    if not has_its_metre:
        notes = [_in_metre(own, source, form) for own in notes]
    numbers = _numbers(encoding, form, source, request.as_part)
    wanted = Wanted(
        form,
        runs=tuple(
            ()
            if number is None
            else runs_of(request.keep, number, own, form.length_ticks)
            for number, own in zip(numbers, notes, strict=True)
        ),
        like=tuple(notes) if request.likeness else None,
        has_its_rhythm=has_its_metre,
    )
    try:
        for own in notes:
            _check_line(encoding, own)
        encoding.walk(form)  # A pick-up may be off the model's grid.
        guide = guide_of(encoding, wanted)
    except ValueError as reason:
        raise BadRequest(f"This model cannot work from these bars. {reason}") from None
    return Steering(plan, wanted, tuple(notes), guide)


def guide_of(encoding: Encoding, wanted: Wanted) -> Guide[Any]:
    """Raises ``NotEncodable`` for what has no place in the encoding."""
    if isinstance(encoding, MelodyEncoding):
        return MelodyGuide(wanted)
    if isinstance(encoding, VoicesEncoding):
        return VoicesGuide(wanted, encoding)
    if isinstance(encoding, PitchesEncoding):
        return PitchesGuide(wanted, encoding)
    assert isinstance(encoding, PolyphonyEncoding)
    return PolyphonyGuide(wanted, encoding)


def _check_line(encoding: Encoding, notes: Sequence[Note]) -> None:
    if isinstance(encoding, PolyphonyEncoding):
        return
    if any(a.end_tick > b.start_tick for a, b in zip(notes, notes[1:], strict=False)):
        raise ValueError("Some notes of a part sound together; it sings one at a time.")


def _refuse_another_music(request: ComposeRequest, source: Source) -> None:
    key = source.key
    has_other_key = request.tonic not in (None, key.tonic if key else None) or (
        request.mode not in (None, key.mode if key else None)
    )
    has_other_metre = request.metre not in (None, source.metre)
    if request.keeps_notes and (has_other_key or has_other_metre):
        raise BadRequest(
            "Kept notes stay in their own key and metre. Leave both open, or keep no "
            "notes."
        )
    if has_other_metre and any(keep.what == RHYTHM for keep in request.keep):
        raise BadRequest(
            "A rhythm belongs to its metre. Leave the metre open, or keep no rhythm."
        )
    if has_other_metre and any(keep.what == PITCHES for keep in request.keep):
        raise BadRequest(
            "Pitches are kept within their bars. Leave the metre open, or ask for "
            "likeness instead."
        )


# The form ---------------------------------------------------------------------------


def _plan(bundle: Bundle, request: ComposeRequest, source: Source) -> Plan:
    """The form of the whole piece. Raises ``BadRequest`` for a metre or a mode that
    the model does not know."""
    bars = request.bars or source.bars
    key = source.key if any(form.key for form, _ in bundle.forms) else None
    if key is not None:
        tonic = key.tonic if request.tonic is None else request.tonic
        key = Key(tonic, request.mode or key.mode)
    is_own_metre = request.metre in (None, source.metre)
    known = {form.metre for form, _ in bundle.forms}
    metre = written_in(known, source.metre) if is_own_metre else request.metre
    assert metre is not None
    # Of the asked metre's bars as many; of one that only stands for it, as much time.
    written = bars
    if is_own_metre:
        written = -(-bars * source.metre.bar_ticks // metre.bar_ticks)
    drawn = choose_plan(
        bundle,
        replace(
            request,
            source=None,
            keep=(),
            likeness=0.0,
            bars=written,
            metre=metre if bundle.forms else None,
            tonic=key.tonic if key else request.tonic,
            mode=key.mode if key else request.mode,
        ),
    )
    if key is None:
        key = drawn.form.key if request.tonic is not None or request.mode else None
        shift = drawn.transposition if key else 0
    else:
        shift, key = drawn.transposition, key.transposed(-drawn.transposition)
    if not is_own_metre:
        players = _players(bundle, drawn.form, source, request)
        form = replace(drawn.form, key=key, instruments=players)
    else:
        length = bars * source.metre.bar_ticks
        if bars == source.bars:
            length = source.length_ticks
        elif bundle.encoding.name == "pitches":
            length += source.score.pickup_ticks  # Elsewhere the last bar lacks that.
        form = Form(
            length_ticks=length,
            metre=metre,
            key=key,
            pickup_ticks=source.score.pickup_ticks,
            phrase_end_ticks=_phrases(drawn.form, source, length),
            instruments=_players(bundle, drawn.form, source, request),
        )
    octaves = 0
    if not _has_its_players(drawn.form, source):
        octaves = _octaves(bundle, form, source, shift, request.as_part)
    return replace(
        drawn,
        form=form,
        transposition=shift + 12 * octaves,
        metre=source.metre if is_own_metre and metre != source.metre else None,
    )


def _phrases(drawn: Form, source: Source, length: int) -> tuple[int, ...]:
    """The given fermatas, then those of ``drawn`` from the first that leaves room.

    A source without any gets those of ``drawn``, each on the longest note near by.
    """
    if not drawn.phrase_end_ticks:
        return ()
    given = [end for end in source.score.phrase_end_ticks if end < length]
    if given and length == source.length_ticks:
        return tuple(given)
    shift = source.score.pickup_ticks - drawn.pickup_ticks
    last = length - (drawn.length_ticks - drawn.phrase_end_ticks[-1])
    room = int(MIN_PHRASE_BARS * source.metre.bar_ticks)
    begin = min(source.length_ticks, length) if given else 0
    ends = [end + shift for end in drawn.phrase_end_ticks[:-1]]
    kept = [end for end in ends if begin + room <= end <= last - room]
    if last >= begin:
        kept.append(last)
    if not given:
        kept = _on_long_notes(kept, source)
    return tuple(sorted({*given, *kept}))


def _on_long_notes(ends: Sequence[int], source: Source) -> list[int]:
    notes = next(part.notes for part in source.score.parts if part.notes)
    reach = source.metre.bar_ticks // 2
    found = []
    for end in ends:
        near = [n for n in notes if abs(n.start_tick - end) <= reach]
        best = max(
            near,
            key=lambda n: (n.duration_ticks, -abs(n.start_tick - end)),
            default=None,
        )
        found.append(best.start_tick if best else end)
    return [max(0, end) for end in found]


def _keeps_all(request: ComposeRequest, source: Source) -> bool:
    """Whether the piece is as long as the source, which stays as it is."""
    if request.bars not in (None, source.bars):
        return False
    length = source.length_ticks
    return all(
        runs_of(request.keep, number, (), length) == (Run(NOTES, 0, length, ()),)
        for number in range(len(source.score.parts))
    )


def _players(
    bundle: Bundle, drawn: Form, source: Source, request: ComposeRequest
) -> tuple[Instrument, ...]:
    """The source's, with the compass they had there and have in ``drawn``."""
    if not isinstance(bundle.encoding, PolyphonyEncoding):
        return ()
    given = len(source.score.parts)
    if given < len(drawn.instruments) and _keeps_all(request, source):
        # All that is left to write are the others.
        if request.as_part + given > len(drawn.instruments):
            raise BadRequest(
                f"This model writes {len(drawn.instruments)} parts; choose one of them."
            )
        players = list(drawn.instruments)
        for number, (low, high) in enumerate(source.compasses, request.as_part):
            own = players[number]
            low, high = min(low, own.lowest_pitch), max(high, own.highest_pitch)
            players[number] = replace(own, lowest_pitch=low, highest_pitch=high)
        return tuple(players)
    known = {player.name: player for player in drawn.instruments}
    players = []
    for part, (low, high) in zip(source.score.parts, source.compasses, strict=True):
        if player := known.get(part.name):
            low = min(low, player.lowest_pitch)
            high = max(high, player.highest_pitch)
        players.append(Instrument(part.name, part.program, low, high))
    return tuple(players)


def _has_its_players(drawn: Form, source: Source) -> bool:
    """Whether each part is played by one of the model's own, within its compass."""
    known = {player.name: player for player in drawn.instruments}
    return bool(known) and all(
        part.name in known
        and known[part.name].lowest_pitch <= low
        and high <= known[part.name].highest_pitch
        for part, (low, high) in zip(source.score.parts, source.compasses, strict=True)
    )


def _octaves(
    bundle: Bundle, form: Form, source: Source, shift: int, as_part: int
) -> int:
    """By how many octaves the source lies above the model's own music."""
    encoding = bundle.encoding
    golden, own = bundle.golden["events"], _golden_form(bundle, form)
    numbers = _numbers(encoding, form, source, as_part)
    are_all = None not in numbers  # Otherwise voices are compared with themselves.
    places = {place for place, number in enumerate(numbers) if number is not None}
    usual = [
        pitch
        for event, voices in zip(
            golden.tolist(), encoding.voices(golden).tolist(), strict=True
        )
        for field, value in enumerate(event)
        if (pitch := encoding.pitch_of(field, value, own)) is not None
        and (are_all or voices[field] in places)
    ]
    if not usual or encoding.name == "pitches":
        return 0
    distance = source.mean_pitch - shift - float(np.mean(usual))
    return round(distance / 12) if abs(distance) > _FAR else 0


def _golden_form(bundle: Bundle, form: Form) -> Form:
    """``form`` in the key of the bundle's golden piece, from whose tonic it counts."""
    names = [field.name for field in bundle.encoding.context_fields]
    contexts = bundle.golden.get("contexts")
    if form.key is None or contexts is None or "tonic" not in names:
        return form
    tonic = int(contexts[0][names.index("tonic")]) - 1
    return form if tonic < 0 else replace(form, key=replace(form.key, tonic=tonic))


# The source in the model's words ----------------------------------------------------


def _numbers(
    encoding: Encoding, form: Form, source: Source, as_part: int
) -> list[int | None]:
    """Of each of the model's parts, which of the source's it is."""
    given = len(source.score.parts)
    wanted = 1
    if isinstance(encoding, VoicesEncoding):
        wanted = encoding.num_parts
    elif isinstance(encoding, PolyphonyEncoding):
        wanted = len(form.instruments) or encoding.num_parts
    if given > wanted:
        parts = "one part" if wanted == 1 else f"{wanted} parts"
        raise BadRequest(
            f"This model writes {parts}, and there are {given}. Choose another model, "
            "or fewer parts."
        )
    if given == wanted:
        return list(range(wanted))
    if as_part + given > wanted:
        raise BadRequest(
            f"This model writes {wanted} parts; the given one can be the first to "
            f"number {wanted - given + 1} of them."
        )
    return [
        part - as_part if 0 <= part - as_part < given else None
        for part in range(wanted)
    ]


def _parts(
    encoding: Encoding, form: Form, source: Source, as_part: int
) -> list[tuple[Note, ...]]:
    return [
        () if number is None else source.score.parts[number].notes
        for number in _numbers(encoding, form, source, as_part)
    ]


def _moved(
    notes: Sequence[Note], key: Key | None, into: Key | None, transposition: int
) -> tuple[Note, ...]:
    """``notes`` as the model writes them, in its key ``into``, with the same degrees.

    ``transposition`` semitones are added afterwards. Notes from outside the scale stay
    as far above the degree below them as they were.
    """
    shift = -transposition
    if key is None or into is None:
        return tuple(_shifted(note, shift) for note in notes)
    sounding = into.transposed(transposition)
    # To the tonic that will sound, by the shortest way; then down with the rest.
    shift += (sounding.tonic - key.tonic + 5) % 12 - 5
    if key.mode == into.mode:
        return tuple(_shifted(note, shift) for note in notes)
    old = [(pc - key.tonic) % 12 for pc in key.scale]
    new = [(pc - sounding.tonic) % 12 for pc in sounding.scale]
    change = []
    for interval in range(12):
        degree = max(d for d, above in enumerate(old) if above <= interval)
        change.append(new[degree] - old[degree])
    return tuple(
        _shifted(note, shift + change[(note.pitch - key.tonic) % 12]) for note in notes
    )


def _shifted(note: Note, semitones: int) -> Note:
    pitch = min(max(note.pitch + semitones, LOWEST_PITCH), HIGHEST_PITCH)
    return replace(note, pitch=pitch)


def _in_metre(notes: Sequence[Note], source: Source, form: Form) -> tuple[Note, ...]:
    """Every bar stretched to a bar of the new metre."""
    old, new = source.metre.bar_ticks, form.metre.bar_ticks

    def place(tick: int) -> int:
        return form.pickup_ticks + (tick - source.score.pickup_ticks) * new // old

    moved = []
    for note in notes:
        start, end = max(0, place(note.start_tick)), place(note.end_tick)
        if start < end and start < form.length_ticks:
            moved.append(replace(note, start_tick=start, duration_ticks=end - start))
    return tuple(moved)
