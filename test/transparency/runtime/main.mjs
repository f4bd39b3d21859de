// Node, Bun and Deno: reads what to run from a file and writes what came of it to another.
import { readFileSync, writeFileSync } from 'node:fs';
import { programs } from './programs.mjs';
import { runPrograms } from './run.mjs';

const { INPUT, OUTPUT, THROUGH_CLIENT } = process.env;
const { stages } = JSON.parse(readFileSync(INPUT, 'utf8'));
const collectGarbage = globalThis.gc ?? (globalThis.Bun && (() => globalThis.Bun.gc(true)));

async function main() {
  const tracing = THROUGH_CLIENT ? (await import('./client.mjs')).startInstrumented() : globalThis.tracing;
  const outcomes = await runPrograms({ stages, programs, tracing, collectGarbage });
  const telemetry = await tracing?.finish();
  writeFileSync(OUTPUT, JSON.stringify({ outcomes, telemetry }));
  // Sockets that are kept alive would hold the process for seconds.
  process.exit(0);
}

main();
