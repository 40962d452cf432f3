"""The corpora that come with the program: where they lie and what they are.

All of them are read from the installed music21 package, whose own notices say which of
its scores may be used freely; the music itself is in the public domain. Nothing here
imports music21: finding a package does not run it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from training.music.encodings import (
    Encoding,
    MelodyEncoding,
    PolyphonyEncoding,
    VoicesEncoding,
)
from training.music.pitch import MODES, Key
from training.music.score import KeyChange, Score

#: Names and General MIDI programs.
QUARTET = (("Violin I", 40), ("Violin II", 40), ("Viola", 41), ("Cello", 42))


@dataclass(frozen=True, slots=True)
class Corpus:
    """A collection of scores that any visitor may train on."""

    slug: str
    title: str
    description: str
    source: str
    read: Callable[[], Iterator[Score]]
    encoding: Encoding  # what it is learnt as
    transpose: bool  # whether to learn it in every key that fits, being small


def corpus_root() -> Path:
    """The folder of music21's scores."""
    spec = importlib.util.find_spec("music21")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("The music21 package is missing; run make install.")
    return Path(spec.submodule_search_locations[0]) / "corpus"


def _read_tunes(folder: str) -> Callable[[], Iterator[Score]]:
    def read() -> Iterator[Score]:
        from training.music.abc import read_book
        from training.music.transform import skyline

        for path in sorted((corpus_root() / folder).glob("*.abc")):
            text = path.read_text(encoding="utf-8", errors="replace")
            for tune in read_book(text):
                # A network that counts bars must not learn from miscounted ones.
                if not tune.misplaced_bars:
                    # Where a fiddler plays two strings, the upper one is the tune.
                    yield skyline(tune.score)

    return read


def _read_chorales() -> Iterator[Score]:
    from training.music.musicxml_reader import read_musicxml
    from training.music.transform import choir

    for path in sorted((corpus_root() / "bach").glob("*.mxl")):
        # Some are set for a choir with instruments around it.
        score = choir(read_musicxml(path.read_bytes()))
        if score is not None:
            yield _in_final_key(score)


def _read_quartets(folder: str) -> Callable[[], Iterator[Score]]:
    def read() -> Iterator[Score]:
        from training.music.musicxml_reader import read_musicxml
        from training.music.playable import playable

        for path in sorted((corpus_root() / folder).glob("*/*.mxl")):
            score = read_musicxml(path.read_bytes())
            if len(score.parts) == 4:  # There is a piano sonata among them.
                parts = zip(score.parts, QUARTET, strict=True)
                named = tuple(
                    replace(part, name=name, program=program)
                    for part, (name, program) in parts
                )
                yield playable(replace(score, parts=named)).score

    return read


def _in_final_key(score: Score) -> Score:
    """The score with the tonic on which its bass ends and the mode that makes of it.

    The files say major or minor after the key signature alone, but many chorales are
    older than those: G to G under one flat is G dorian.
    """
    bass = score.parts[-1].notes
    if not score.keys or not bass:
        return score
    tonic, fifths = bass[-1].pitch % 12, score.keys[0].key.fifths
    keys = [Key(tonic, mode) for mode in MODES if Key(tonic, mode).fifths == fifths]
    return replace(score, keys=(KeyChange(0, keys[0]),)) if keys else score


CORPORA = {
    corpus.slug: corpus
    for corpus in (
        Corpus(
            slug="oneill",
            title="O'Neill's Music of Ireland",
            description="Airs, jigs, reels and hornpipes, the collection of 1903.",
            source="Francis O'Neill, Music of Ireland (Chicago, 1903), public domain; "
            "transcribed in ABC by volunteers, in the music21 corpus.",
            read=_read_tunes("oneills1850"),
            encoding=MelodyEncoding(),
            transpose=False,
        ),
        Corpus(
            slug="ryan",
            title="Ryan's Mammoth Collection",
            description="Reels, jigs, hornpipes and clogs played in America.",
            source="William Bradbury Ryan, Mammoth Collection (Boston, 1883), public "
            "domain; transcribed in ABC by John Chambers, in the music21 corpus.",
            read=_read_tunes("ryansMammoth"),
            encoding=MelodyEncoding(),
            transpose=False,
        ),
        Corpus(
            slug="aird",
            title="Aird's Airs",
            description="Scottish, English and Irish airs for fiddle or flute.",
            source="James Aird, A Selection of Airs (Glasgow, 1782 to 1803), public "
            "domain; transcribed in ABC by Jack Campin, in the music21 corpus.",
            read=_read_tunes("airdsAirs"),
            encoding=MelodyEncoding(),
            transpose=False,
        ),
        Corpus(
            slug="bach-chorales",
            title="Bach's four-part chorales",
            description="Hymns from the cantatas, the passions and the books of 1784.",
            source="Johann Sebastian Bach (1685-1750), public domain; edited by "
            "Margaret Greentree, in the music21 corpus.",
            read=_read_chorales,
            encoding=VoicesEncoding(),
            transpose=True,
        ),
        Corpus(
            slug="mozart-quartets",
            title="Mozart's string quartets",
            description="Movements of four quartets: K. 80, 155, 156 and 458.",
            source="Wolfgang Amadeus Mozart (1756-1791), public domain; in the music21 "
            "corpus.",
            read=_read_quartets("mozart"),
            encoding=PolyphonyEncoding(4),
            transpose=True,
        ),
        Corpus(
            slug="haydn-quartets",
            title="Haydn's string quartets",
            description="Movements of two quartets: Opus 1 No. 1 and Opus 74 No. 1.",
            source="Joseph Haydn (1732-1809), public domain; in the music21 corpus.",
            read=_read_quartets("haydn"),
            encoding=PolyphonyEncoding(4),
            transpose=True,
        ),
    )
}
