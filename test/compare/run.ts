/**
 * Runs in a lane, with one version of the package: programs one after the other, recorded in one way. Writes what each
 * left behind to a file.
 */
import { writeFileSync } from 'node:fs';
import { context, trace } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import OpenAI, { type ClientOptions } from 'openai';
import { instrumentOpenAI } from 'opentelemetry-instrumentation-openai/client';
import { plantedOptions } from '../canary/planting-fetch.ts';
import { Secrets } from '../canary/secrets.ts';
import { type Simulator, startSimulator } from '../support/simulator/index.ts';
import { describe } from '../transparency/runtime/describe.mjs';
import { likeNewer } from './older.ts';
import { NOTHING, type Outcome, type RequestData } from './outcome.ts';
import { CONFIG, GROUPS, type Group, type Program, VERSION, type Way } from './programs.ts';
import { startRecorder } from './recorder.ts';

/** What the process is asked for. */
export interface RunRequest {
  readonly line: 2 | 3;
  readonly way: Way;
  readonly quick: boolean;
  /** The file that the outcomes go to. */
  readonly output: string;
}

/** More ids than a program uses: all programs of a process are one to the instrumentation. */
const IDS_EACH = 1_000;
/** So many turns without a request are the end of them. */
const QUIET_TURNS = 20;
/** Longer than any program takes, on a machine that has other things to do. */
const LONGEST = 30_000;

const { line, way, quick, output } = JSON.parse(process.argv[2] ?? '') as RunRequest;
const isOlder = VERSION.startsWith('4.');
const recorder = await startRecorder(line);
recorder.sampleOut(way === 'sampled out');
const outcomes: Record<string, Outcome> = {};
const planted = new Map<string, Secrets>();
let programs = 0;

const rejections: unknown[] = [];
process.on('unhandledRejection', (error) => rejections.push(describe(error)));

for (const group of GROUPS) {
  const { slow, ways, since = 0 } = group;
  if ((quick && slow) || ways?.includes(way) === false || Number.parseInt(VERSION, 10) < since) continue;
  const loaded = await group.load();
  const shared = group.sharesServer ? await startServer() : undefined;
  for (const program of loaded) {
    const name = `${group.name}: ${program.name}`;
    const secrets = new Secrets();
    if (group.planted) planted.set(name, secrets);
    outcomes[name] = await runProgram(group, program, secrets, shared);
  }
  await shared?.close();
}
await recorder.shutdown();
outcomes.shutdown = { ...NOTHING, ...(await recorder.take()) };
const steady = Object.entries(outcomes).map(([name, outcome]) => [
  name,
  withPlaces(outcome, planted.get(name)),
]);
writeFileSync(output, JSON.stringify(Object.fromEntries(steady)));
// Sockets that are kept alive would hold the process for seconds.
process.exit(0);

function startServer(): Promise<Simulator> {
  return startSimulator({ idOffset: ++programs * IDS_EACH });
}

async function runProgram(
  group: Group,
  { run }: Program,
  secrets: Secrets,
  shared: Simulator | undefined,
): Promise<Outcome> {
  const simulator = shared ?? (await startServer());
  const before = simulator.requests.length;
  const events: unknown[] = [];
  const config = {
    ...CONFIG[way],
    ...(way === 'content' && {
      events: { sink: (event: object) => void events.push(event), preset: 'full' },
    }),
  } as Parameters<typeof instrumentOpenAI>[1] & object;
  const options = group.planted ? plantedOptions(simulator.url, secrets) : plainOptions(simulator.url);
  const client = instrumentOpenAI(new OpenAI(options), config);
  const stage = { client: isOlder ? likeNewer(client) : client, simulator, secrets, config };
  const result = await inTime(inWay(() => run(stage))).then(describe, (error: unknown) => ({
    thrown: describe(error),
  }));
  if (shared === undefined) await untilQuiet(simulator);
  const recorded = await recorder.take();
  if (shared === undefined) await untilQuiet(simulator);
  if (shared === undefined) await simulator.close();
  return {
    ...NOTHING,
    ...recorded,
    requests: [...simulator.requests.slice(before), ...socketsOf(simulator)].map(requestData),
    result: rejections.length > 0 ? { result, rejections: rejections.splice(0) } : result,
    events,
  };
}

async function inTime<Result>(result: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('The program hangs.')), LONGEST);
  });
  return await Promise.race([result, late]).finally(() => clearTimeout(timer));
}

function inWay<Result>(run: () => Promise<Result>): Promise<Result> {
  if (way === 'suppressed') return context.with(suppressTracing(context.active()), run);
  if (way === 'plain') return run();
  return trace.getTracer('program').startActiveSpan('program', (span) => run().finally(() => span.end()));
}

function plainOptions(url: string): ClientOptions {
  return { apiKey: 'sk-test', baseURL: url, maxRetries: 0 };
}

/** The instrumentation also asks by itself, and nobody waits for that. */
async function untilQuiet({ requests }: Simulator): Promise<void> {
  let known = requests.length;
  for (let turn = 0; turn < QUIET_TURNS; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (requests.length > known) turn = 0;
    known = requests.length;
  }
}

function requestData({ method, path, headers, body }: RequestData): RequestData {
  return { method, path, headers, body };
}

/** A WebSocket with the frames that came over it. */
function socketsOf({ sockets }: Simulator): RequestData[] {
  return sockets.map(({ path, headers, frames }) => ({ method: 'SOCKET', path, headers, body: frames }));
}

/** Secrets by where they stand: their numbers would change with every one before them. */
function withPlaces(outcome: Outcome, secrets: Secrets | undefined): Outcome {
  if (secrets === undefined) return outcome;
  const places = new Map(secrets.places().map(([secret, { place }]) => [secret, place]));
  const text = JSON.stringify(outcome).replaceAll(/canary[ck]\d+z/gi, (secret) =>
    JSON.stringify(`‹${places.get(secret.toLowerCase())}›`).slice(1, -1),
  );
  return JSON.parse(text) as Outcome;
}
