"""Standard MIDI files: read by symusic, written by MIDIUtil.

``read_midi(write_midi(score)) == score`` for every score. What MIDI has no event for
(modes other than major and minor, the pick-up, fermatas, exact tempos, ...) travels as
JSON in a text event. A fingerprint of the notes and signatures goes with it, so that a
file edited elsewhere is read as it is now, not as it was.

The same score and recipe give the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

from training.music.midi_names import names_as_meant, title_of
from training.music.midi_story import (
    MICROSECONDS_PER_MINUTE,
    as_told,
    find_story,
    fingerprint,
    layers,
    microseconds,
    tell,
    written_keys,
    written_metres,
)
from training.music.pitch import Key
from training.music.reading import (
    MAX_NOTES,
    MAX_PARTS,
    UnreadableScore,
    too_long,
    too_many_notes,
    too_many_parts,
    within_limits,
)
from training.music.score import (
    MAX_TICK,
    TICKS_PER_QUARTER,
    KeyChange,
    Metre,
    MetreChange,
    Note,
    Part,
    Score,
    TempoChange,
)

DRUM_CHANNEL = 9
_VOLUME, _PAN = 7, 10  # controllers
_MELODIC_CHANNELS = [channel for channel in range(16) if channel != DRUM_CHANNEL]


def write_midi(
    score: Score, *, recipe: str = "", mixer: Sequence[tuple[int, int]] = ()
) -> bytes:
    """``score`` as a MIDI file of format 1; ``recipe`` (JSON) travels inside.

    ``mixer`` has volume and pan for each part, as controllers 7 and 10.
    """
    from midiutil import MIDIFile

    settings: Sequence[tuple[int, int] | None] = mixer or [None] * len(score.parts)
    tracks = [
        (part, layer, setting)
        for part, setting in zip(score.parts, settings, strict=True)
        for layer in layers(part) or [[]]
    ] or [(Part(), [], None)]
    # Its own clean-up drops one of two text events at one tick and fails on notes that
    # overlap: ours do not overlap, so it is not needed.
    file = MIDIFile(
        len(tracks),
        removeDuplicates=False,
        deinterleave=False,
        adjust_origin=False,
        file_format=1,
        ticks_per_quarternote=TICKS_PER_QUARTER,
        eventtime_is_ticks=True,
    )
    _add_signatures(file, score)
    file.addText(0, 0, tell(score, recipe))
    channels = _channels([part for part, _, _ in tracks])
    for index, ((part, layer, setting), channel) in enumerate(
        zip(tracks, channels, strict=True)
    ):
        if part.name:
            file.addTrackName(index, 0, _latin(part.name))
        file.addProgramChange(index, channel, 0, part.program)
        for controller, value in zip((_VOLUME, _PAN), setting or (), strict=False):
            file.addControllerEvent(index, channel, 0, controller, value)
        for note in layer:
            file.addNote(
                index,
                channel,
                note.pitch,
                note.start_tick,
                note.duration_ticks,
                note.velocity,
            )
    for track in file.tracks:
        track.MIDIdata = bytearray()  # bytes would be copied once for each event
    buffer = io.BytesIO()
    file.writeFile(buffer)
    return buffer.getvalue()


def _channels(parts: list[Part]) -> Iterator[int]:
    """A channel for each track; from the sixteenth on they have to share."""
    used = 0
    for part in parts:
        if part.is_drum:
            yield DRUM_CHANNEL
        else:
            yield _MELODIC_CHANNELS[used % len(_MELODIC_CHANNELS)]
            used += 1


def _add_signatures(file: Any, score: Score) -> None:
    """Title, metres, keys and tempos, all in the first track."""
    if score.title:
        file.tracks[0].addTrackName(0, _latin(score.title))
    for tick, metre in written_metres(score):
        exponent = metre.denominator.bit_length() - 1
        clocks = metre.beat_ticks * 24 // TICKS_PER_QUARTER
        file.addTimeSignature(0, tick, metre.numerator, exponent, clocks)
    for tick, fifths, is_minor in written_keys(score):
        sign = -1 if fifths < 0 else 1
        file.addKeySignature(0, tick, abs(fifths), sign, is_minor)
    for change in score.tempos:
        # MIDIUtil divides again and cuts the fraction off.
        qpm = MICROSECONDS_PER_MINUTE / (microseconds(change.qpm) + 0.5)
        file.addTempo(0, change.tick, qpm)


def _latin(text: str) -> str:
    return text.encode("latin-1", "replace").decode("latin-1")


def read_midi(data: bytes) -> Score:
    """The score in ``data``; raises ``UnreadableScore``."""
    data = _unwrapped(data)
    parsed = _parse(data)
    try:
        return within_limits(_score(parsed, data))
    except UnreadableScore:
        raise
    except ValueError as error:
        raise UnreadableScore(
            f"This MIDI file does not make sense as music: {error}"
        ) from error


def read_midi_recipe(data: bytes) -> str | None:
    recipe = find_story(data).get("recipe")
    return recipe if isinstance(recipe, str) and recipe else None


def _unwrapped(data: bytes) -> bytes:
    """The MIDI file itself when ``data`` is one inside a RIFF container (.rmi)."""
    if data[:4] == b"RIFF" and data[8:12] == b"RMID":
        return data[data.find(b"MThd") :] if b"MThd" in data else b""
    return data


def _parse(data: bytes) -> Any:
    if data[:4] != b"MThd":
        raise UnreadableScore(
            "This is not a MIDI file. Send a .mid file exported from a notation "
            "program or sequencer."
        )
    if data[8:10] == b"\x00\x02":
        raise UnreadableScore(
            "This MIDI file holds separate patterns (type 2). Export it as type 0 or 1."
        )
    if data[12:14] == b"\x00\x00" or data[12:13] >= b"\x80":
        raise UnreadableScore(
            "This MIDI file counts time in film frames, not in beats. "
            "Export it with ticks per quarter note."
        )
    import symusic

    try:
        parsed: Any = symusic.Score.from_midi(data)
    except (RuntimeError, ValueError) as error:
        raise UnreadableScore(
            "This MIDI file is damaged or cut short. Export it again and send the "
            "new file."
        ) from error
    if parsed.note_num() > MAX_NOTES:
        raise too_many_notes(parsed.note_num())
    if len(parsed.tracks) > MAX_PARTS:
        raise too_many_parts(len(parsed.tracks))
    if not parsed.note_num():
        raise UnreadableScore("There are no notes in this MIDI file. Send another one.")
    return parsed


def _score(parsed: Any, data: bytes) -> Score:
    tracks = [track for track in parsed.tracks if len(track.notes)]
    notes = [list(_notes(track, parsed.tpq)) for track in tracks]

    def at(event: Any) -> int:
        return _rescaled(event.time, parsed.tpq)

    metres = [
        (at(sign), sign.numerator, sign.denominator) for sign in parsed.time_signatures
    ]
    keys = [(at(sign), sign.key, sign.tonality) for sign in parsed.key_signatures]
    tempos = [(at(tempo), tempo.mspq) for tempo in parsed.tempos]
    story = find_story(data)
    if story.get("fingerprint") == fingerprint(notes, metres, keys, tempos):
        told = as_told(story, notes)
        if told is not None:
            return told
    names = names_as_meant(data)
    pickup, metre_changes = _metre_changes(metres)
    return Score(
        parts=tuple(
            Part(
                notes=tuple(sorted(track_notes)),
                name=_one_line(names.get(track.name, track.name)),
                program=track.program,
                is_drum=track.is_drum,
            )
            for track, track_notes in zip(tracks, notes, strict=True)
        ),
        metres=metre_changes,
        keys=_key_changes(keys),
        tempos=_tempo_changes(tempos),
        pickup_ticks=pickup,
        title=_one_line(title_of(data, [track.name for track in tracks])),
    )


def _notes(track: Any, tpq: int) -> Iterator[Note]:
    for note in track.notes:
        start = _rescaled(note.time, tpq)
        end = _rescaled(note.time + note.duration, tpq)
        if start < 0 or end > MAX_TICK:
            raise too_long()
        yield Note(start, note.pitch, max(1, end - start), max(1, note.velocity))


def _rescaled(tick: int, tpq: int) -> int:
    """``tick`` at 480 to a quarter, rounded to the nearest."""
    return (2 * tick * TICKS_PER_QUARTER + tpq) // (2 * tpq)


def _metre_changes(
    metres: list[tuple[int, int, int]],
) -> tuple[int, tuple[MetreChange, ...]]:
    """The length of the pick-up and the metres; those that cannot be counted are gone.

    A first metre that holds for one bar, shorter than those after it, is a pick-up:
    MIDI has no other way to write one.
    """
    by_tick: dict[int, Metre] = {}
    for tick, numerator, denominator in metres:
        try:
            by_tick[tick] = Metre(numerator, denominator)
        except ValueError:
            continue
    if by_tick and 0 not in by_tick:
        by_tick[0] = Metre()  # what a MIDI file without a metre is in
    changes = tuple(MetreChange(tick, by_tick[tick]) for tick in sorted(by_tick))
    if len(changes) > 1:
        first, second = changes[:2]
        pickup = first.metre.bar_ticks
        if pickup == second.tick and pickup < second.metre.bar_ticks:
            return pickup, (MetreChange(0, second.metre), *changes[2:])
    return 0, changes


def _key_changes(keys: list[tuple[int, int, int]]) -> tuple[KeyChange, ...]:
    by_tick = {
        tick: Key.from_fifths(fifths, "minor" if is_minor else "major")
        for tick, fifths, is_minor in keys
        if -7 <= fifths <= 7
    }
    if by_tick and 0 not in by_tick:
        by_tick[0] = by_tick[min(by_tick)]
    return tuple(KeyChange(tick, by_tick[tick]) for tick in sorted(by_tick))


def _tempo_changes(tempos: list[tuple[int, int]]) -> tuple[TempoChange, ...]:
    by_tick = {
        tick: min(max(MICROSECONDS_PER_MINUTE / microseconds, 4.0), 1000.0)
        for tick, microseconds in tempos
        if microseconds > 0
    }
    if by_tick and 0 not in by_tick:
        by_tick[0] = 120.0  # what a MIDI file without a tempo has
    return tuple(TempoChange(tick, by_tick[tick]) for tick in sorted(by_tick))


def _one_line(text: str) -> str:
    return " ".join(text.replace("\x00", " ").split())
