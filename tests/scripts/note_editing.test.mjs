// What editing notes promises, without a page.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST_NOTES, NoteEditing } from "../../static/js/note_editing.js";

const note = (start_tick, pitch, duration_ticks = 480, part = 0) => ({
  part,
  start_tick,
  pitch,
  duration_ticks,
  velocity: 80,
});
const scale = () =>
  new NoteEditing([note(0, 60), note(480, 62), note(960, 64), note(1440, 65)], {
    limit: 3840,
  });
const told = (editing) =>
  editing.notes.map((n) => [n.start_tick, n.pitch, n.duration_ticks]);

test("selected notes move, the others stay", () => {
  const editing = scale();
  editing.select([1, 2]);

  assert.ok(editing.move(120, 3));

  assert.deepEqual(told(editing), [
    [0, 60, 480],
    [600, 65, 480],
    [1080, 67, 480],
    [1440, 65, 480],
  ]);
  assert.equal(editing.changes, 2);
});

test("a group goes as far as all of it can", () => {
  const editing = scale();
  editing.selectAll();

  assert.equal(editing.move(-120, 0), false);
  assert.ok(editing.move(9999, 100));

  const last = editing.notes.at(-1);
  assert.equal(last.start_tick + last.duration_ticks, 3840);
  assert.equal(last.pitch, 127);
  assert.equal(editing.notes[0].pitch, 122);
});

test("notes are stretched, and never to nothing or past the end", () => {
  const editing = scale();
  editing.select([0]);
  editing.stretch(-4000);
  assert.equal(editing.notes[0].duration_ticks, 60);
  assert.equal(editing.stretch(-60), false);
  editing.stretch(9999);
  assert.equal(editing.notes[0].duration_ticks, 3840);
});

test("a note that was shorter than any we make stays as short", () => {
  const editing = new NoteEditing([note(0, 60, 40)], { limit: 960 });
  editing.selectAll();

  assert.equal(editing.stretch(-120), false);
  assert.equal(editing.notes[0].duration_ticks, 40);
});

test("what is added is selected and can be taken away", () => {
  const editing = scale();

  const added = editing.add({
    part: 0,
    start_tick: 2400,
    pitch: 70,
    duration_ticks: 240,
  });

  assert.deepEqual([...editing.selected], [added.id]);
  assert.equal(editing.notes.length, 5);
  assert.equal(editing.remove(), 1);
  assert.equal(editing.remove(), 0);
  assert.equal(editing.changes, 0);
});

test("there is no room behind the end, nor for more notes than a piece may have", () => {
  const editing = scale();
  const late = { part: 0, start_tick: 3840, pitch: 60, duration_ticks: 480 };
  assert.equal(editing.add(late), null);

  const many = Array.from({ length: MOST_NOTES }, (_, n) => note(n * 10, 60, 10));
  const full = new NoteEditing(many, { limit: 100_000 });
  assert.equal(full.add({ ...late, start_tick: 0 }), null);
  full.select([0]);
  assert.deepEqual(full.duplicate(120), []);
});

test("undo and redo lead back and forth through every state", () => {
  const editing = scale();
  const states = [told(editing)];
  const steps = [
    () => editing.select([0]) ?? editing.move(240, -2),
    () => editing.stretch(120),
    () => editing.add({ part: 0, start_tick: 1920, pitch: 72, duration_ticks: 480 }),
    () => editing.duplicate(120),
    () => editing.remove(),
    () => editing.transpose(5),
  ];
  for (const step of steps) {
    step();
    states.push(told(editing));
  }

  for (const state of states.slice(0, -1).reverse()) {
    assert.ok(editing.undo());
    assert.deepEqual(told(editing), state);
  }
  assert.equal(editing.undo(), false);
  assert.equal(editing.changes, 0);
  for (const state of states.slice(1)) {
    assert.ok(editing.redo());
    assert.deepEqual(told(editing), state);
  }
  assert.equal(editing.redo(), false);
});

test("a new change ends what could be redone", () => {
  const editing = scale();
  editing.select([0]);
  editing.move(0, 1);
  editing.undo();
  editing.move(0, 2);

  assert.equal(editing.redo(), false);
  assert.equal(editing.notes[0].pitch, 62);
});

test("a drag of many small moves is one step to undo", () => {
  const editing = scale();
  editing.select([3]);
  editing.begin();
  for (const up of [1, 2, 3]) {
    editing.rewind();
    editing.move(0, up);
  }
  editing.commit();

  assert.equal(editing.notes.at(-1).pitch, 68);
  editing.undo();
  assert.equal(editing.notes.at(-1).pitch, 65);
  assert.equal(editing.canUndo, false);
});

test("a drag that comes to nothing is no step", () => {
  const editing = scale();
  editing.begin();
  editing.commit();

  assert.equal(editing.canUndo, false);
});

test("all is transposed or nothing", () => {
  const editing = scale();
  assert.equal(editing.transpose(70), false);
  assert.equal(editing.changes, 0);
  editing.select([0]);
  assert.ok(editing.transpose(-12, { isAll: false }));
  assert.deepEqual(
    editing.notes.map((n) => n.pitch),
    [48, 62, 64, 65],
  );
});

test("one walks through the notes in time and round again", () => {
  const editing = scale();

  assert.equal(editing.walk(1, 900).pitch, 64);
  assert.equal(editing.walk(1).pitch, 65);
  assert.equal(editing.walk(1).pitch, 60);
  assert.equal(editing.walk(-1).pitch, 65);
  assert.equal(new NoteEditing([], { limit: 480 }).walk(1), null);
});

test("a box catches what sounds in it", () => {
  const caught = scale().within({ from: 500, to: 1440, low: 62, high: 64 });

  assert.deepEqual(
    caught.map((n) => n.id),
    [1, 2],
  );
});

test("values that make no note are not taken", () => {
  const editing = scale();

  assert.equal(editing.set(0, { pitch: 128 }), false);
  assert.equal(editing.set(0, { start_tick: -1 }), false);
  assert.equal(editing.set(0, { duration_ticks: 0 }), false);
  assert.equal(editing.set(0, { start_tick: 3841 }), false);
  assert.equal(editing.set(9, { pitch: 60 }), false);
  assert.ok(editing.set(0, { pitch: 61, duration_ticks: 240 }));
  assert.equal(editing.changes, 1);
});

test("notes come out by part, as they are kept", () => {
  const editing = new NoteEditing([note(480, 50, 480, 1), note(0, 60)], { limit: 960 });

  assert.deepEqual(editing.asParts(2), [[[0, 60, 480, 80]], [[480, 50, 480, 80]]]);
});

test("four thousand notes move within a frame", () => {
  const many = Array.from({ length: 4096 }, (_, n) => note(n * 120, 60, 120));
  const editing = new NoteEditing(many, { limit: 1_000_000 });
  editing.selectAll();
  const started = performance.now();

  for (let step = 0; step < 10; step += 1) editing.move(120, step % 2 ? 1 : -1);

  assert.ok((performance.now() - started) / 10 < 50);
});
