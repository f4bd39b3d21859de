/**
 * Runs in a lane, with one version of the package: programs one after the other, recorded in one way. Writes what each
 * left behind to a file.
 */
import { writeFileSync } from 'node:fs';
import { context, trace } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import OpenAI from 'openai';
import { instrumentOpenAI } from 'opentelemetry-instrumentation-openai/client';
import { plantingFetch } from '../canary/planting-fetch.ts';
import { Secrets } from '../canary/secrets.ts';
import { type Simulator, startSimulator } from '../support/simulator/index.ts';
import { describe } from '../transparency/runtime/describe.mjs';
import { NOTHING, type Outcome, type RequestData } from './outcome.ts';
import { CONFIG, GROUPS, type Group, type Program, type Way } from './programs.ts';
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

const { line, way, quick, output } = JSON.parse(process.argv[2] ?? '') as RunRequest;
const recorder = await startRecorder(line);
recorder.sampleOut(way === 'sampled out');
const outcomes: Record<string, Outcome> = {};
const planted = new Map<string, Secrets>();
let programs = 0;

const absent = Symbol('absent');
const rejections: unknown[] = [];
process.on('unhandledRejection', (error) => rejections.push(describe(error)));

for (const group of GROUPS) {
  if ((quick && group.slow) || group.ways?.includes(way) === false) continue;
  const loaded = await group.load().catch((error) => (isAbsent(error) ? [] : Promise.reject(error)));
  const shared = group.sharesServer ? await startServer() : undefined;
  for (const program of loaded) {
    const name = `${group.name}: ${program.name}`;
    const secrets = new Secrets();
    if (group.planted) planted.set(name, secrets);
    const outcome = await runProgram(group, program, secrets, shared);
    if (outcome !== undefined) outcomes[name] = outcome;
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

/** A version of `openai` may not have what a group or a program is about. */
function isAbsent(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'ERR_PACKAGE_PATH_NOT_EXPORTED';
}

function startServer(): Promise<Simulator> {
  return startSimulator({ idOffset: ++programs * IDS_EACH });
}

async function runProgram(
  group: Group,
  { run, server = startServer, anyOrder = false }: Program,
  secrets: Secrets,
  shared: Simulator | undefined,
): Promise<Outcome | undefined> {
  const simulator = shared ?? (await server());
  const before = simulator.requests.length;
  const events: unknown[] = [];
  const config = {
    ...CONFIG[way],
    ...(way === 'content' && {
      events: { sink: (event: object) => void events.push(event), preset: 'full' },
    }),
  } as Parameters<typeof instrumentOpenAI>[1] & object;
  const client = group.planted ? plantedClient(simulator, secrets) : plainClient(simulator);
  instrumentOpenAI(client, config);
  const stage = { client, simulator, secrets, config };
  const result = await inWay(() => run(stage)).then(describe, (error: unknown) =>
    isAbsent(error) ? absent : { thrown: describe(error) },
  );
  const recorded = await recorder.take();
  if (shared === undefined) await simulator.close();
  if (result === absent) return undefined;
  return {
    ...NOTHING,
    ...recorded,
    requests: [...simulator.requests.slice(before), ...socketsOf(simulator)].map(requestData),
    result: rejections.length > 0 ? { result, rejections: rejections.splice(0) } : result,
    events,
    anyOrder,
  };
}

function inWay<Result>(run: () => Promise<Result>): Promise<Result> {
  if (way === 'suppressed') return context.with(suppressTracing(context.active()), run);
  if (way === 'plain') return run();
  return trace.getTracer('program').startActiveSpan('program', (span) => run().finally(() => span.end()));
}

function plainClient({ url }: Simulator): OpenAI {
  return new OpenAI({ apiKey: 'sk-test', baseURL: url, maxRetries: 0 });
}

/** Its every header, key and address is a secret, too. */
function plantedClient({ url }: Simulator, secrets: Secrets): OpenAI {
  const credential = (place: string): string => secrets.make(place, 'credential');
  const address = new URL(url);
  address.username = credential('user of the base URL');
  address.password = credential('password of the base URL');
  return new OpenAI({
    apiKey: credential('API key'),
    organization: credential('organization'),
    project: credential('project'),
    baseURL: address.href,
    defaultHeaders: { cookie: credential('cookie'), 'x-note': secrets.make('request header') },
    defaultQuery: { key: credential('query'), note: secrets.make('query') },
    fetch: plantingFetch(secrets) as never,
    maxRetries: 0,
  });
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
