// The 128 instruments of General MIDI, counted from 0, by family of eight.

export const FAMILIES = [
  ["Piano", [
    "Grand Piano", "Bright Piano", "Electric Grand Piano", "Honky-tonk Piano",
    "Electric Piano 1", "Electric Piano 2", "Harpsichord", "Clavinet",
  ]],
  ["Bells and mallets", [
    "Celesta", "Glockenspiel", "Music Box", "Vibraphone",
    "Marimba", "Xylophone", "Tubular Bells", "Dulcimer",
  ]],
  ["Organ", [
    "Drawbar Organ", "Percussive Organ", "Rock Organ", "Church Organ",
    "Reed Organ", "Accordion", "Harmonica", "Bandoneon",
  ]],
  ["Guitar", [
    "Nylon Guitar", "Steel Guitar", "Jazz Guitar", "Clean Electric Guitar",
    "Muted Electric Guitar", "Overdriven Guitar", "Distorted Guitar", "Guitar Harmonics",
  ]],
  ["Bass", [
    "Double Bass, plucked", "Electric Bass, fingered", "Electric Bass, picked",
    "Fretless Bass", "Slap Bass 1", "Slap Bass 2", "Synth Bass 1", "Synth Bass 2",
  ]],
  ["Strings", [
    "Violin", "Viola", "Cello", "Double Bass",
    "Tremolo Strings", "Pizzicato Strings", "Harp", "Timpani",
  ]],
  ["Ensemble", [
    "String Ensemble", "Slow Strings", "Synth Strings 1", "Synth Strings 2",
    "Choir Aahs", "Voice Oohs", "Synth Voice", "Orchestra Hit",
  ]],
  ["Brass", [
    "Trumpet", "Trombone", "Tuba", "Muted Trumpet",
    "French Horn", "Brass Section", "Synth Brass 1", "Synth Brass 2",
  ]],
  ["Reeds", [
    "Soprano Saxophone", "Alto Saxophone", "Tenor Saxophone", "Baritone Saxophone",
    "Oboe", "English Horn", "Bassoon", "Clarinet",
  ]],
  ["Pipes", [
    "Piccolo", "Flute", "Recorder", "Pan Flute",
    "Blown Bottle", "Shakuhachi", "Whistle", "Ocarina",
  ]],
  ["Synth lead", [
    "Square Lead", "Saw Lead", "Calliope Lead", "Chiff Lead",
    "Charang Lead", "Voice Lead", "Fifths Lead", "Bass and Lead",
  ]],
  ["Synth pad", [
    "New Age Pad", "Warm Pad", "Polysynth Pad", "Choir Pad",
    "Bowed Pad", "Metallic Pad", "Halo Pad", "Sweep Pad",
  ]],
  ["Synth effects", [
    "Rain", "Soundtrack", "Crystal", "Atmosphere",
    "Brightness", "Goblins", "Echoes", "Star Theme",
  ]],
  ["From elsewhere", [
    "Sitar", "Banjo", "Shamisen", "Koto",
    "Kalimba", "Bagpipe", "Fiddle", "Shanai",
  ]],
  ["Percussion", [
    "Tinkle Bell", "Agogo", "Steel Drums", "Woodblock",
    "Taiko Drum", "Melodic Tom", "Synth Drum", "Reverse Cymbal",
  ]],
  ["Sound effects", [
    "Guitar Fret Noise", "Breath Noise", "Seashore", "Bird Tweet",
    "Telephone Ring", "Helicopter", "Applause", "Gunshot",
  ]],
];
