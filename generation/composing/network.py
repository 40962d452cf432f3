"""The trained network, one event at a time. NumPy only.

It is the one ``training.learning.model`` describes; a test holds every shipped bundle
to the logits that Keras gave. A step reads every weight once, and that reading is what
takes time: the rest is arranged to stay small beside it.

* What a layer is fed, its own last output and a constant 1 lie side by side, and its
  kernel, recurrent matrix and bias on top of each other: one product for all.
* The first layers of all heads are one product too.
* Matrices are cut into blocks of columns, small enough for OpenBLAS not to copy them
  before it multiplies: several drafts side by side then cost little more than one.
* Buffers are made once for a batch, and views of them once too.

Symbols: B drafts side by side, C context fields, F event fields, V_f values of field f,
D embedding dimension, H units, A head units, T events.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

_BLOCK = 64  # columns
#: More drafts than this are multiplied so many at a time: OpenBLAS would copy again.
_MANY, _FEW = 32, 16
_ONE, _HALF = np.float32(1.0), np.float32(0.5)


class Network:
    """A bundle's weights, arranged for composing. Never changes once made."""

    def __init__(self, weights: Mapping[str, Float32s]) -> None:
        """``weights`` are named as ``training.learning.model`` says."""
        embeddings = _numbered(weights, "embedding.{}")
        self.num_contexts = len(embeddings)
        self.num_fields = len(_numbered(weights, "head.{}.kernel"))
        self.num_layers = len(_numbered(weights, "lstm.{}.kernel"))
        self.embedding_dim = embeddings[0].shape[1]
        self.units = weights["lstm.0.recurrent"].shape[0]
        self.head_units = weights["head.0.kernel"].shape[1]
        self.num_blocks = 1 if self.units % _BLOCK else self.units // _BLOCK
        self._embeddings = np.ascontiguousarray(np.concatenate(embeddings))
        starts = np.cumsum([0, *(len(table) for table in embeddings[:-1])])
        self._starts = starts.astype(np.intp)
        self._kernels = [
            self._kernel(weights, layer) for layer in range(self.num_layers)
        ]
        heads = [
            _stack(weights[f"head.{f}.kernel"], weights[f"head.{f}.bias"])
            for f in range(self.num_fields)
        ]
        self._head_kernel = np.stack(heads)  # (F, H + 1, A)
        self._given = [
            [np.ascontiguousarray(weights[f"head.{f}.given.{g}"]) for g in range(f)]
            for f in range(self.num_fields)
        ]
        self._out = [
            _stack(weights[f"head.{f}.out.kernel"], weights[f"head.{f}.out.bias"])
            for f in range(self.num_fields)
        ]  # (A + 1, V_f)

    @property
    def field_sizes(self) -> list[int]:
        """V_f of each field."""
        return [out.shape[1] for out in self._out]

    def start(self, batch: int = 1) -> State:
        """The state before the first event of ``batch`` pieces."""
        return State(self, batch)

    def step(self, contexts: npt.ArrayLike, state: State) -> Float32s:
        """Read one context for each draft; moves ``state`` on.

        ``contexts`` is (B, C), each below its field's size, as a walk makes them.
        Returns what the heads make of the hidden state before they look at the event's
        own fields, (F, B, A + 1), to be handed to ``field_logits``. It is the state's
        own memory: it holds until the next step.
        """
        rows = np.array(contexts, np.intp)
        rows += self._starts
        # "clip" is the quick way to take; nothing is out of bounds.
        self._embeddings.take(rows, axis=0, out=state.embedded, mode="clip")
        np.add.reduce(state.embedded, axis=1, out=state.layers[0].inputs)
        for kernel, layer in zip(self._kernels, state.layers, strict=True):
            for fed, gates in layer.products:
                np.matmul(fed, kernel, out=gates)
            layer.advance()
            if layer.is_first:
                layer.above[:] = layer.output
            else:
                np.add(layer.inputs, layer.output, out=layer.above)
        np.matmul(state.hidden, self._head_kernel, out=state.head_sums)
        return state.heads

    def field_logits(
        self,
        field: int,
        heads: Float32s,
        chosen: Sequence[Ints],
        rows: Sequence[int] | None = None,
    ) -> Float32s:
        """(B, V_f): how the network rates every value of ``field``. Yours to change.

        ``heads`` comes from ``step``, and each field is asked for once; ``chosen[g]``
        (B,) holds what was chosen for each field g before this one. ``rows`` (B,) says
        which draft each row goes on, where one goes on in several ways.
        """
        hidden = heads[field] if rows is None else heads[field, rows]
        for table, values in zip(self._given[field], chosen, strict=False):
            hidden[:, :-1] += table.take(values, axis=0, mode="clip")
        np.maximum(hidden, 0.0, out=hidden)
        logits: Float32s = np.matmul(hidden, self._out[field])
        return logits

    def read(
        self, contexts: npt.ArrayLike, events: npt.ArrayLike, state: State
    ) -> list[Float32s]:
        """Read events that are known already; moves ``state``, of one draft, on.

        ``contexts`` is (T, C) and ``events`` (T, F). Returns (T, V_f) logits for each
        field, those of ``step`` and ``field_logits`` but for the last bits: all that
        does not wait for the event before is one product, and no weight of it is read
        more than once.
        """
        rows = np.asarray(contexts, np.intp) + self._starts
        values = np.asarray(events, np.intp)
        inputs = np.add.reduce(self._embeddings.take(rows, axis=0), axis=1)
        for kernel, layer in zip(self._kernels, state.layers, strict=True):
            inputs = layer.read(inputs, kernel)
        hidden = np.concatenate([inputs, np.ones((len(rows), 1), np.float32)], axis=1)
        logits = []
        for field in range(self.num_fields):
            sums = hidden @ self._head_kernel[field]
            for given, table in enumerate(self._given[field]):
                sums += table[values[:, given]]
            np.maximum(sums, 0.0, out=sums)
            out = self._out[field]
            logits.append(sums @ out[:-1] + out[-1])
        return logits

    def _kernel(self, weights: Mapping[str, Float32s], layer: int) -> Float32s:
        """(4, blocks, rows, columns of a block).

        Gates: output, input, forget, candidate. Rows: inputs, bias, recurrent matrix.
        """
        stack = _stack(weights[f"lstm.{layer}.kernel"], weights[f"lstm.{layer}.bias"])
        stack = np.concatenate([stack, weights[f"lstm.{layer}.recurrent"]])
        enter, forget, candidate, leave = np.split(stack, 4, axis=1)
        # Halved for the sigmoids, see ``_Layer.advance``: exact in binary.
        gates = np.concatenate([leave / 2, enter / 2, forget / 2, candidate], axis=1)
        blocks = gates.reshape(len(gates), 4, self.num_blocks, -1).transpose(1, 2, 0, 3)
        return np.ascontiguousarray(blocks, np.float32)


class State:
    """What the network remembers of B drafts, and room to work in.

    One thread's own; the ``Network`` may be shared.
    """

    def __init__(self, network: Network, batch: int) -> None:
        units, fields = network.units, network.num_fields
        self.batch = batch
        self.embedded = np.empty(
            (batch, network.num_contexts, network.embedding_dim), np.float32
        )
        self.hidden = np.ones((batch, units + 1), np.float32)
        self.layers: list[_Layer] = []
        above = self.hidden[:, :units]
        for number in reversed(range(network.num_layers)):
            width = units if number else network.embedding_dim
            layer = _Layer(batch, width, units, network.num_blocks, above, number == 0)
            self.layers.insert(0, layer)
            above = layer.inputs
        self.heads = np.ones((fields, batch, network.head_units + 1), np.float32)
        self.head_sums = self.heads[:, :, :-1]

    def take(self, network: Network, rows: Sequence[int]) -> State:
        """The state of some drafts, in the order of ``rows``; repeats are fine."""
        taken = State(network, len(rows))
        for mine, theirs in zip(self.layers, taken.layers, strict=True):
            theirs.output[:] = mine.output[rows]
            theirs.cell[:] = mine.cell[:, rows]
        return taken

    @staticmethod
    def gathered(network: Network, rows: Sequence[tuple[State, int]]) -> State:
        """One state of rows of several; the same row may come more than once."""
        together = State(network, len(rows))
        for row, (state, theirs) in enumerate(rows):
            for mine, other in zip(together.layers, state.layers, strict=True):
                mine.output[row] = other.output[theirs]
                mine.cell[:, row] = other.cell[:, theirs]
        return together


class _Layer:
    """One LSTM layer's memory. A "block" array is (blocks, B, H / blocks)."""

    def __init__(
        self,
        batch: int,
        width: int,
        units: int,
        blocks: int,
        above: Float32s,
        is_first: bool,
    ) -> None:
        self.is_first = is_first
        self.fed = np.ones((batch, width + 1 + units), np.float32)
        self.inputs = self.fed[:, :width]  # (B, D or H)
        self.output = self.fed[:, width + 1 :]  # (B, H), what the next step is fed too
        self.output[:] = 0.0
        self.above = above  # where the sum of input and output goes
        shape = (blocks, batch, units // blocks)
        # Gates and cell in one piece: the products of input gate and candidate and of
        # forget gate and cell are one multiplication of neighbours.
        memory = np.zeros((5, *shape), np.float32)
        self.gates, self.cell = memory[:4], memory[4]
        few = batch if batch <= _MANY else _FEW
        self.products = [
            (self.fed[start : start + few], self.gates[:, :, start : start + few])
            for start in range(0, batch, few)
        ]
        self._leave, self._enter_forget = memory[0], memory[1:3]
        self._sigmoids, self._candidate_cell = memory[:3], memory[3:5]
        self._entering, self._kept = memory[1], memory[2]
        self._scratch = np.empty(shape, np.float32)
        self._output_blocks = self.output.reshape(
            batch, blocks, units // blocks
        ).transpose(1, 0, 2)

    def read(self, inputs: Float32s, kernel: Float32s) -> Float32s:
        """(T, H) what goes to the layer above, of known ``inputs`` (T, D or H)."""
        width = inputs.shape[1]
        ones = np.ones((len(inputs), 1), np.float32)
        fed = np.matmul(
            np.concatenate([inputs, ones], axis=1), kernel[:, :, : width + 1]
        )
        recurrent = kernel[:, :, width + 1 :]
        outputs = np.empty((len(inputs), self.output.shape[1]), np.float32)
        for time in range(len(inputs)):
            np.matmul(self.output, recurrent, out=self.gates)
            self.gates += fed[:, :, time : time + 1]
            self.advance()
            outputs[time] = self.output[0]
        return outputs if self.is_first else inputs + outputs

    def advance(self) -> None:
        """From the gates' sums to the new cell and output.

        sigmoid(x) = (1 + tanh(x / 2)) / 2, and the sigmoids' sums come halved.
        """
        np.tanh(self.gates, out=self.gates)
        self._sigmoids += _ONE
        self._sigmoids *= _HALF
        self._enter_forget *= self._candidate_cell
        np.add(self._entering, self._kept, out=self.cell)
        np.tanh(self.cell, out=self._scratch)
        np.multiply(self._leave, self._scratch, out=self._output_blocks)


@dataclass(frozen=True, slots=True)
class Scored:
    """``logits[f]`` (T, V_f) of given events, and the state after the last."""

    logits: tuple[Float32s, ...]
    state: State


def score_events(
    network: Network, contexts: npt.ArrayLike, events: npt.ArrayLike
) -> Scored:
    """What the network thinks of a piece that is already written.

    ``contexts`` is (T, C) and ``events`` (T, F): every event is predicted from those
    before it (teacher forcing). Legality plays no part: add masks to the logits first
    when you want probabilities among legal values.
    """
    context_rows = np.asarray(contexts, np.intp)
    event_rows = np.asarray(events, np.intp)
    if context_rows.shape != (len(event_rows), network.num_contexts):
        raise ValueError(
            f"Contexts must be ({len(event_rows)}, {network.num_contexts}) for these "
            f"events, not {context_rows.shape}."
        )
    state = network.start()
    logits: list[list[Float32s]] = [[] for _ in range(network.num_fields)]
    for context, event in zip(context_rows, event_rows, strict=True):
        heads = network.step(context[None], state)
        columns = event[:, None]
        for field in range(network.num_fields):
            logits[field].append(network.field_logits(field, heads, columns))
    return Scored(tuple(np.concatenate(rows) for rows in logits), state)


def _stack(kernel: Float32s, bias: Float32s) -> Float32s:
    """The kernel with its bias as one more row, for a constant input of 1."""
    return np.concatenate([kernel, bias[None]]).astype(np.float32)


def _numbered(weights: Mapping[str, Float32s], pattern: str) -> list[Float32s]:
    """The arrays that ``pattern`` names, from number 0 to the first missing."""
    found: list[Float32s] = []
    while (name := pattern.format(len(found))) in weights:
        found.append(weights[name])
    if not found:
        raise ValueError(f"These weights have no {pattern.format(0)!r}.")
    return found
