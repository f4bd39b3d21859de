import OpenAI from 'openai';
import { startSimulator } from '../support/simulator/index.ts';
import { act } from './act.ts';
import { type FuzzProgram, PROGRAMS, SECRETS } from './programs.ts';
import type { Recipe } from './recipe.ts';

/** An answer of a sound API, with canaries for its texts, taken apart so that it can be changed. */
export interface Recorded {
  readonly request: string;
  readonly status: number;
  readonly type: string;
  /** The JSON of a plain answer, or that of each event of a stream; text where it is none. */
  readonly parts: readonly RecordedPart[];
}

export interface RecordedPart {
  readonly event?: string;
  readonly data: Recipe;
}

/** Runs every program against the simulator once. */
export async function recordPrograms(): Promise<ReadonlyMap<string, readonly Recorded[]>> {
  const recordings = new Map<string, readonly Recorded[]>();
  for (const program of PROGRAMS) recordings.set(program.name, await record(program));
  return recordings;
}

async function record(program: FuzzProgram): Promise<Recorded[]> {
  const simulator = await startSimulator();
  program.script?.(simulator);
  const recorded: Recorded[] = [];
  const client = new OpenAI({
    apiKey: 'test',
    baseURL: simulator.url,
    maxRetries: 0,
    logLevel: 'off',
    fetch: async (input, init) => {
      const response = await fetch(input as string, init);
      const text = await response.text();
      const type = response.headers.get('content-type') ?? '';
      const request = `${init?.method ?? 'GET'} ${new URL(response.url).pathname}`;
      const answer = { request, status: response.status, type, parts: takeApart(request, type, text) };
      recorded.push(answer);
      return new Response(text, { status: response.status, headers: { 'content-type': type } });
    },
  });
  // What the background reads of an observed program will ask for.
  await act(program, client, program.body);
  await program.afterwards?.(client);
  await simulator.close();
  return recorded;
}

function takeApart(request: string, type: string, text: string): RecordedPart[] {
  if (!type.includes('event-stream')) return [{ data: type.includes('json') ? plant(text, request) : text }];
  return text.split('\n\n').flatMap((block) => {
    const event = /^event: (.*)$/m.exec(block)?.[1];
    const data = /^data: (.*)$/m.exec(block)?.[1];
    if (data === undefined) return [];
    const value = data.startsWith('{') ? plant(data, request) : data;
    return [event === undefined ? { data: value } : { event, data: value }];
  });
}

/** The same seed has to make the same cases, whatever the time is. */
const CLOCK = 1_800_000_000;

function plant(json: string, place: string): Recipe {
  const value: unknown = JSON.parse(json, (_, item: unknown) =>
    typeof item === 'number' && item > 1e9 && item < 1e10 ? CLOCK : item,
  );
  return SECRETS.plant(value, place) as Recipe;
}
