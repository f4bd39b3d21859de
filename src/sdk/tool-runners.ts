import { guard } from '../util/guard.ts';
import { arrayField, field, first, MAX_REPEATED, objectField, stringField } from '../util/payload.ts';
import type { Patches } from './patches.ts';
import { asMethod, isObject, propertyOf } from './reflect.ts';
import type { MadeCall, ToolRun } from './tool-run.ts';
import { standFor } from './transparent-proxy.ts';

type RunTool = (tool: ToolRun) => unknown;
/** Finds who observes a client; `undefined` where nobody does. */
type RunToolOf = (client: unknown) => RunTool | undefined;

/** What is called of a tool, and of the definition of a function, beside the function itself. */
const CALLED: ReadonlySet<PropertyKey> = new Set(['parse', '$parseRaw', 'toJSON']);

/** The helpers that run the program's own functions: they make no request, so that no call tells of them. */
const HELPERS = ['runTools', 'runFunctions'] as const;

/**
 * The prototypes that have the helpers, found from a client class (openai keeps its resources on it) or from a
 * client. The helpers moved from `beta.chat.completions` (openai 4) to `chat.completions` (5 to 7).
 */
export function findCompletionsPrototypes(clientOrClass: unknown): object[] {
  const fromClass = [
    path(clientOrClass, 'Chat', 'Completions'),
    path(clientOrClass, 'Beta', 'Chat', 'Completions'),
  ];
  const fromClient = [
    path(clientOrClass, 'chat', 'completions'),
    path(clientOrClass, 'beta', 'chat', 'completions'),
    path(makeBeta(clientOrClass), 'chat', 'completions'),
  ];
  const found = [
    ...fromClass.map((resource) => propertyOf(resource, 'prototype')),
    ...fromClient.map((resource) => (isObject(resource) ? Object.getPrototypeOf(resource) : undefined)),
  ];
  return found.filter(
    (prototype) => isObject(prototype) && HELPERS.some((name) => Object.hasOwn(prototype, name)),
  );
}

/** Late openai 4 keeps no class of beta chat on its class: what leads there is the resource that holds one. */
function makeBeta(clientClass: unknown): unknown {
  const Beta = path(clientClass, 'Beta');
  return typeof Beta === 'function' ? Reflect.construct(Beta, [undefined]) : undefined;
}

/** Has every function that a helper is given run through the observer, on whose behalf it is called. */
export function patchToolRunners(prototype: object, patches: Patches, runToolOf: RunToolOf): void {
  for (const name of HELPERS) {
    patches.wrap(prototype, name, (original) => {
      return asMethod({
        runTools(body, ...rest) {
          const client = field(this, '_client');
          const runTool = runToolOf(client);
          return original.call(
            this,
            runTool === undefined || !isObject(client) ? body : watchTools(body, client, runTool),
            ...rest,
          );
        },
      });
    });
  }
}

/**
 * A body that is the program's in all but the functions of its tools. Nothing is read before the SDK reads it, and what
 * the SDK calls is called on the program's own objects.
 */
function watchTools(body: unknown, client: object, runTool: RunTool): unknown {
  if (!isObject(body)) return body;
  /** What the SDK has read as the name of a function: read once more it might be another. */
  const names = new WeakMap<object, unknown>();
  /** A tool, or the definition of a function that it has. */
  const watch = (given: unknown): unknown => {
    if (!isObject(given)) return given;
    let definition = given;
    return standFor(given, (key, value, onOriginal) => {
      if (key === 'name') names.set(given, value);
      if (key === 'function' && typeof value === 'object') {
        definition = value ?? given;
        return watch(value);
      }
      if (key !== 'function' && key !== '$callback') return CALLED.has(key) ? onOriginal(value) : value;
      return onOriginal(value, (run, args) => {
        if (countRun(args[1]) > MAX_REPEATED) return run();
        const name = guard('naming a tool', nameOf, names.get(definition), definition, value) ?? 'function';
        return runTool({ client, name, arguments: args[0], calls: () => callsOf(args[1], name), run });
      });
    });
  };
  return standFor(body, (key, value) =>
    (key === 'tools' || key === 'functions') && Array.isArray(value)
      ? standFor(value, (index, each) =>
          Object.hasOwn(value, index) && !isOfOtherType(each) ? watch(each) : each,
        )
      : value,
  );
}

/** The answer that each runner got last, and how many functions it has run for that. */
const RUNS = new WeakMap<object, { readonly answer: unknown; runs: number }>();

/** Counts a function that a runner runs, among those that one answer asks for. */
function countRun(runner: unknown): number {
  if (!isObject(runner)) return 0;
  const known = RUNS.get(runner);
  const last = arrayField(runner, 'messages').at(-1);
  // The results of functions follow the answer that asked for them.
  const answer = field(last, 'role') === 'assistant' ? last : known?.answer;
  if (known !== undefined && known.answer === answer) return ++known.runs;
  RUNS.set(runner, { answer, runs: 1 });
  return 1;
}

/** Tools that are no functions are sent as they are. */
function isOfOtherType(tool: unknown): boolean {
  const type: unknown = isObject(tool) && Object.getOwnPropertyDescriptor(tool, 'type')?.value;
  return typeof type === 'string' && type !== 'function';
}

/** As the SDK does, which falls back on a function's own name. */
function nameOf(read: unknown, definition: unknown, callback: unknown): string | undefined {
  const name = (read ?? propertyOf(definition, 'name')) || propertyOf(callback, 'name');
  return typeof name === 'string' && name !== '' ? name : undefined;
}

/** The calls of a function among those that the model has last asked a runner for, in their order. */
function callsOf(runner: unknown, name: string): MadeCall[] {
  const asking = arrayField(runner, 'messages').findLast((message) => field(message, 'role') === 'assistant');
  return first(arrayField(asking, 'tool_calls')).flatMap((call) => {
    const id = stringField(call, 'id');
    const called = objectField(call, 'function');
    if (id === undefined || stringField(called, 'name') !== name) return [];
    return { id, arguments: field(called, 'arguments') };
  });
}

function path(from: unknown, ...keys: string[]): unknown {
  return keys.reduce<unknown>((value, key) => propertyOf(value, key), from);
}
