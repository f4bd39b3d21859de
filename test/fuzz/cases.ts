import fc, { type Arbitrary } from 'fast-check';
import { hostileValue, type Mutation, mutated, mutation } from './mutations.ts';
import { CONFIGS, type FuzzCase } from './observe.ts';
import { PROGRAMS } from './programs.ts';
import { make, type Recipe } from './recipe.ts';
import type { Recorded, RecordedPart } from './recordings.ts';
import type { Answer } from './wire.ts';

/** What is done to one of the answers that a program gets. */
interface Damage {
  readonly at: number;
  readonly status: number | undefined;
  readonly type: string | undefined;
  /** Changes to the JSON of the answer, or of the events counted by `at`. */
  readonly mutations: readonly { readonly part: number; readonly mutation: Mutation }[];
  /** Changes to the order of the events of a stream. */
  readonly moves: readonly {
    readonly from: number;
    readonly to: number;
    readonly kind: Move;
    readonly value: Recipe;
  }[];
  /** Where the text ends, counted from its end; 0 leaves it whole. */
  readonly lost: number;
  readonly lineEnd: string;
  readonly cuts: readonly number[];
}

type Move = 'swap' | 'repeat' | 'drop' | 'insert' | 'rename';

const MOVES: readonly Move[] = ['swap', 'repeat', 'drop', 'insert', 'rename'];
const STATUSES = [200, 200, 201, 204, 302, 400, 404, 429, 500, 503];
const TYPES = ['application/json', 'text/event-stream', 'text/plain', ''];
const EVENTS = [
  'error',
  'thread.run.completed',
  'thread.run.created',
  'thread.message.delta',
  'done',
  '__proto__',
  '',
];

const damage: Arbitrary<Damage> = fc.record({
  at: fc.nat({ max: 60 }),
  status: fc.oneof(
    { weight: 6, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...STATUSES) },
  ),
  type: fc.oneof(
    { weight: 9, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...TYPES) },
  ),
  mutations: fc.array(fc.record({ part: fc.nat({ max: 60 }), mutation: mutation(false) }), { maxLength: 4 }),
  moves: fc.array(
    fc.record({
      from: fc.nat({ max: 60 }),
      to: fc.nat({ max: 60 }),
      kind: fc.constantFrom(...MOVES),
      value: hostileValue(false),
    }),
    { maxLength: 3 },
  ),
  lost: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 500 }) }),
  lineEnd: fc.constantFrom('\n', '\n', '\r\n', '\r'),
  cuts: fc.array(fc.nat({ max: 20_000 }), { maxLength: 6 }),
});

/** Programs with an API that has gone wrong here and there; what comes of it is plain data. */
export function fuzzCases(recordings: ReadonlyMap<string, readonly Recorded[]>): Arbitrary<FuzzCase> {
  return fc
    .record({
      program: fc.constantFrom(...PROGRAMS),
      config: fc.constantFrom(...(Object.keys(CONFIGS) as FuzzCase['config'][])),
      inSpan: fc.boolean(),
      body: fc.oneof(
        { weight: 2, arbitrary: fc.constant([]) },
        { weight: 2, arbitrary: fc.array(mutation(true), { minLength: 1, maxLength: 3 }) },
      ),
      damages: fc.array(damage, { maxLength: 4 }),
    })
    .map(({ program, config, inSpan, body, damages }) => ({
      program: program.name,
      config,
      inSpan,
      body: mutated(program.body, body),
      answers: answersOf(recordings.get(program.name) ?? [], damages),
    }));
}

/** The answers as they were recorded. */
export function soundAnswers(recorded: readonly Recorded[]): Answer[] {
  return answersOf(recorded, []);
}

function answersOf(recorded: readonly Recorded[], damages: readonly Damage[]): Answer[] {
  return recorded.map((answer, index) => {
    const damaged = damages.filter(({ at }) => at % recorded.length === index);
    return damaged.length === 0 ? write(answer, undefined) : write(answer, damaged[0]);
  });
}

function write({ request, status, type, parts }: Recorded, harm: Damage | undefined): Answer {
  const streamed = type.includes('event-stream');
  const changed = harm === undefined ? parts : moved(mutatedParts(parts, harm), harm, streamed);
  const lineEnd = harm?.lineEnd ?? '\n';
  const text = streamed
    ? changed.map((part) => `${eventLines(part).join(lineEnd)}${lineEnd}${lineEnd}`).join('')
    : json(changed[0]?.data ?? null);
  return {
    request,
    status: harm?.status ?? status,
    type: harm?.type ?? type,
    text: harm === undefined || harm.lost === 0 ? text : text.slice(0, Math.max(0, text.length - harm.lost)),
    cuts: harm?.cuts ?? [],
  };
}

function mutatedParts(parts: readonly RecordedPart[], { mutations }: Damage): RecordedPart[] {
  return parts.map((part, index) => {
    const own = mutations.filter((each) => each.part % parts.length === index);
    return own.length === 0 || typeof part.data === 'string'
      ? part
      : {
          ...part,
          data: mutated(
            part.data,
            own.map((each) => each.mutation),
          ),
        };
  });
}

function moved(parts: RecordedPart[], { moves }: Damage, streamed: boolean): RecordedPart[] {
  if (!streamed) return parts;
  const changed = [...parts];
  for (const { from, to, kind, value } of moves) {
    const [source, target] = [from % (changed.length + 1), to % (changed.length + 1)];
    const part = changed[source];
    if (kind === 'insert') changed.splice(target, 0, { data: value });
    else if (part === undefined) continue;
    else if (kind === 'repeat') changed.splice(target, 0, part);
    else if (kind === 'rename') changed[source] = { ...part, event: EVENTS[to % EVENTS.length] ?? '' };
    else {
      changed.splice(source, 1);
      if (kind === 'swap') changed.splice(target, 0, part);
    }
  }
  return changed;
}

function eventLines({ event, data }: RecordedPart): string[] {
  const text = typeof data === 'string' && /^(\[DONE\]|[\w.]*)$/.test(data) ? data : json(data);
  return event === undefined ? [`data: ${text}`] : [`event: ${event}`, `data: ${text}`];
}

function json(recipe: Recipe): string {
  return JSON.stringify(make(recipe)) ?? '';
}
