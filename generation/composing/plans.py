"""Choosing a form before the first note: length, metre, key, pick-up, phrases.

A model composes best in forms like those it learnt from, so a plan starts from one of
them, drawn as often as it occurred among those that meet the request, and changes as
little of it as it must.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from generation.composing.recipe import MAX_BARS, BadRequest, ComposeRequest
from generation.composing.sampler import Chances
from training.learning.bundle import Bundle, CountedForms
from training.music.encodings.base import Encoding, Form
from training.music.pitch import Key
from training.music.score import TICKS_PER_QUARTER, Metre

#: Unless a length is asked for, pieces outside are drawn only if there are no others.
USUAL_BARS = range(8, 41)
#: And of music that comes in long movements only, so many are written.
MOVEMENT_BARS = 24
#: A tonic with fewer of the training pieces than this is not one the model knows.
MIN_TONIC_SHARE = 0.01
#: Fermatas closer than this to the next one, in bars, give way to it.
MIN_PHRASE_BARS = 1.5
#: The number of the chances that decide the form; those of drafts count from 0.
FORM_CHANCES = 2**32 - 1
FEW_NOTES = 8
_DEFAULT_FORMS: CountedForms = ((Form(16 * 4 * TICKS_PER_QUARTER), 1),)
#: Quarters per minute at which a piece in this metre is at home.
_QPM = {
    Metre(2, 2): 190.0,
    Metre(4, 4): 160.0,
    Metre(2, 4): 110.0,
    Metre(3, 4): 130.0,
    Metre(3, 2): 160.0,
    Metre(3, 8): 120.0,
    Metre(6, 8): 165.0,
    Metre(9, 8): 165.0,
    Metre(12, 8): 165.0,
    Metre(6, 4): 200.0,
}


#: How many notes a quarter has in music of one metre, against all music: measured on
#: the dance tunes that come with the program.
_LIVELINESS = {Metre(2, 4): 1.6, Metre(3, 4): 0.7, Metre(3, 8): 1.2, Metre(4, 4): 0.9}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is settled before the first note.

    The network writes in ``form``; ``transposition`` semitones are added to every pitch
    of what it wrote, for keys that it does not know. ``notes_per_quarter`` is the
    model's habit, all parts together. ``metre`` is that of given music where the
    network, which does not know it, writes in another.
    """

    form: Form
    transposition: int = 0
    notes_per_quarter: float = 2.0
    metre: Metre | None = None

    @property
    def notes_per_bar(self) -> float:
        metre = self.form.metre
        quarters = metre.bar_ticks / TICKS_PER_QUARTER
        return self.notes_per_quarter * _LIVELINESS.get(metre, 1.0) * quarters


def choose_plan(bundle: Bundle, request: ComposeRequest) -> Plan:
    """A form that meets ``request``, drawn with its seed.

    Raises ``BadRequest`` for a mode or a metre that none of the model's forms has.
    """
    forms = bundle.forms or _DEFAULT_FORMS
    form = draw_form(_matching(forms, request), forms, request.seed)
    form = replace(form, key=_asked_key(form.key, request))
    plan = Plan(form, notes_per_quarter=notes_per_quarter(bundle))
    if request.bars is not None:
        form = with_bars(form, request.bars)
    elif request.num_notes is not None:
        form = _with_notes(bundle.encoding, plan, request.num_notes)
    elif bundle.encoding.name == "polyphony" and form.bars not in USUAL_BARS:
        # Whole movements: too long to write while somebody waits.
        form = with_bars(form, MOVEMENT_BARS)
    elif form.bars > MAX_BARS:
        form = with_bars(form, MAX_BARS)
    return _in_known_key(forms, replace(plan, form=form))


def draw_form(forms: CountedForms, known: CountedForms, seed: int) -> Form:
    """One of ``forms`` in proportion to its count; all of them are among ``known``.

    Every known form has a Gumbel chance of its own and the greatest sum of log count
    and chance wins. A winner stays the winner in any company that still holds it: when
    a request is narrowed to what was drawn, the same is drawn again.
    """
    chances = Chances(seed, FORM_CHANCES, [len(known)]).draw(1)[0][0].tolist()
    # By identity: hashing a thousand forms would take longer than writing a bar.
    chance_of = {id(form): c for (form, _), c in zip(known, chances, strict=True)}
    return max(forms, key=lambda pair: math.log(pair[1]) + chance_of[id(pair[0])])[0]


def default_qpm(form: Form, encoding: Encoding) -> float:
    """A tempo for music in this metre; hymns walk, dances run."""
    if encoding.name == "melody":
        return _QPM.get(form.metre, 120.0)
    if encoding.name == "voices":
        return 72.0 if form.metre.denominator > 2 else 100.0
    return 120.0


def notes_per_quarter(bundle: Bundle) -> float:
    """The model's habit, all parts together, from the counts of its training pieces."""
    counts = bundle.metrics.get("counts", {})
    notes, pieces = counts.get("notes", 0), counts.get("pieces", 0)
    quarters = (
        sum(form.length_ticks * n for form, n in bundle.forms) / TICKS_PER_QUARTER
    )
    known = sum(n for _, n in bundle.forms)
    if not (notes and pieces and quarters):
        return 1.75 if bundle.encoding.name == "melody" else 4.5
    return float(notes / pieces * known / quarters)


def with_bars(form: Form, bars: int) -> Form:
    """``form`` made ``bars`` long, its pick-up and the shape of its end kept.

    Phrases come one after the other again as in ``form`` until the length is filled;
    the last fermata stands as far from the end as it did.
    """
    extra = (bars - form.bars) * form.metre.bar_ticks
    length = form.length_ticks + extra
    ends = form.phrase_end_ticks
    if ends and extra:
        last = max(0, ends[-1] + extra)
        room = last - int(MIN_PHRASE_BARS * form.metre.bar_ticks)
        bar = form.metre.bar_ticks
        ends = (*(end for end in _repeated(ends, bar, room) if end <= room), last)
    return replace(form, length_ticks=length, phrase_end_ticks=ends)


def _repeated(ends: Sequence[int], bar_ticks: int, until: int) -> Iterable[int]:
    """``ends``, then the same phrases again and again, up to ``until``."""
    yield from ends[:-1]
    # The first phrase may hold a pick-up; what repeats is from its end to the last one.
    period = round((ends[-1] - ends[0]) / bar_ticks) * bar_ticks
    shift = period
    while period > 0 and ends[0] + shift <= until:
        yield from (end + shift for end in ends[:-1])
        shift += period


def _with_notes(encoding: Encoding, plan: Plan, num_notes: int) -> Form:
    """About as long as the notes will take; counting drafts correct it on the way."""
    form = plan.form
    if encoding.name == "pitches":
        return Form(num_notes * TICKS_PER_QUARTER, metre=form.metre)
    if num_notes <= FEW_NOTES:  # Too few to spend some on a pick-up.
        length = max(1, form.bars) * form.metre.bar_ticks
        form = replace(form, length_ticks=length, pickup_ticks=0, phrase_end_ticks=())
    return with_bars(form, max(1, round(num_notes / plan.notes_per_bar)))


def _matching(forms: CountedForms, request: ComposeRequest) -> CountedForms:
    """The forms to draw from; never empty.

    The model must know the metre and the mode. All else is a preference: a form in
    another key is transposed, one of another length made longer or shorter.
    """
    wants_key = request.mode or request.tonic is not None or request.scale_only
    if request.metre is not None:
        metres = {form.metre for form, _ in forms}
        if request.metre not in metres:
            raise BadRequest(
                f"This model knows no music in {request.metre}; choose "
                f"{_either(str(metre) for metre in sorted(metres))}."
            )
    if wants_key:
        modes = {form.key.mode for form, _ in forms if form.key}
        if not modes:
            raise BadRequest("This model knows no keys; leave tonic and mode open.")
        if request.mode is not None and request.mode not in modes:
            raise BadRequest(
                f"This model knows no {request.mode} music; choose "
                f"{_either(sorted(modes))}."
            )
    wishes: list[Callable[[Form], bool]] = []
    if request.metre is not None:
        wishes.append(lambda form: form.metre == request.metre)
    if wants_key:
        wishes.append(lambda form: form.key is not None)
    if request.mode is not None:
        wishes.append(
            lambda form: form.key is not None and form.key.mode == request.mode
        )
    if request.tonic is not None:
        wishes.append(
            lambda form: form.key is not None and form.key.tonic == request.tonic
        )
    if request.bars is not None:
        wishes.append(lambda form: form.bars == request.bars)
    else:
        wishes.append(lambda form: form.bars in USUAL_BARS)
    for is_wished in wishes:
        forms = tuple(pair for pair in forms if is_wished(pair[0])) or forms
    return forms


def _asked_key(key: Key | None, request: ComposeRequest) -> Key | None:
    if request.tonic is None and request.mode is None:
        return key
    key = key or Key()
    tonic = key.tonic if request.tonic is None else request.tonic
    return Key(tonic, request.mode or key.mode)


def _in_known_key(forms: CountedForms, plan: Plan) -> Plan:
    """Compose in the nearest tonic that the model knows and transpose from there."""
    form = plan.form
    if form.key is None:
        return plan
    counts: Counter[int] = Counter()
    for known, n in forms:
        if known.key:
            counts[known.key.tonic] += n
    least = MIN_TONIC_SHARE * counts.total()
    tonics = [tonic for tonic, n in counts.items() if n >= least]
    if not tonics:
        return plan
    wanted = form.key.tonic
    # From the tonic we write in to the one we want, -6 to 5 semitones.
    shifts = [(wanted - tonic + 6) % 12 - 6 for tonic in tonics]
    shift = min(shifts, key=lambda semitones: (abs(semitones), semitones))
    form = replace(form, key=form.key.transposed(-shift))
    return replace(plan, form=form, transposition=shift)


def _either(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last
