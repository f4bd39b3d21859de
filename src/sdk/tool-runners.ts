import { guard } from '../util/guard.ts';
import { isReadableArray, ownValue } from '../util/own-data.ts';
import { arrayField, field, first, MAX_REPEATED, objectField, stringField } from '../util/payload.ts';
import type { OutcomeListener } from '../util/watch-result.ts';
import type { Patches } from './patches.ts';
import { asMethod, isObject, propertyOf } from './reflect.ts';
import { runLoop } from './runner-loops.ts';
import { transparentProxy } from './transparent-proxy.ts';

/** A function of the program that the model asked for and that a helper of the SDK is about to run. */
export interface ToolRun {
  /** The client of the helper. */
  readonly client: object;
  readonly name: string;
  /** As the function gets them: parsed, or JSON text. */
  readonly arguments: unknown;
  /** The tool calls of the model to this function. This run is one of them. */
  readonly calls: () => readonly MadeCall[];
  /** The messages that the model answered with them. */
  readonly history: () => readonly unknown[];
  readonly run: () => unknown;
}

/** A tool call as a chat completion has it. */
interface MadeCall {
  readonly id: string;
  readonly arguments: unknown;
}

/** Decides how the SDK's own loops of model and tool calls are observed. */
export interface HelperObserver {
  /** Runs the function and returns its result. */
  runTool?(tool: ToolRun): unknown;
  /** Called when a helper is about to start a loop. */
  startLoop?(): OutcomeListener | undefined;
}

type RunTool = (tool: ToolRun) => unknown;
/** Finds the observer of a client, if it has one. */
type ObserverOf = (client: unknown) => HelperObserver | undefined;

/** The other methods that the SDK calls on a tool or on the definition of its function. */
const CALLED_METHODS: ReadonlySet<PropertyKey> = new Set(['parse', '$parseRaw', 'toJSON']);

/** The helpers that run the program's functions. They make no request themselves, so the seam does not see them. */
const HELPERS = ['runTools', 'runFunctions'] as const;

/**
 * Finds the prototypes that have the helpers, from a client or from a client class, on which openai keeps its
 * resources. The helpers moved from `beta.chat.completions` (openai 4) to `chat.completions` (5 to 7).
 */
export function findCompletionsPrototypes(clientOrClass: unknown): object[] {
  const ofClass = propertyOf(path(clientOrClass, 'Chat', 'Completions'), 'prototype');
  if (hasHelpers(ofClass)) return [ofClass];
  const ofBeta = propertyOf(path(clientOrClass, 'Beta', 'Chat', 'Completions'), 'prototype');
  const fromClient = [
    path(clientOrClass, 'chat', 'completions'),
    path(clientOrClass, 'beta', 'chat', 'completions'),
    path(makeBeta(clientOrClass), 'chat', 'completions'),
  ];
  const found = fromClient.map((resource) =>
    isObject(resource) ? Object.getPrototypeOf(resource) : undefined,
  );
  return [ofBeta, ...found].filter(hasHelpers);
}

function hasHelpers(prototype: unknown): prototype is object {
  return isObject(prototype) && HELPERS.some((name) => Object.hasOwn(prototype, name));
}

/** Late openai 4 does not expose the class of beta chat; only an instance of `Beta` leads to it. */
function makeBeta(clientClass: unknown): unknown {
  const Beta = path(clientClass, 'Beta');
  return typeof Beta === 'function' ? Reflect.construct(Beta, [undefined]) : undefined;
}

/** Makes the loop of a helper, and every function that it receives, run through the observer. */
export function patchToolRunners(prototype: object, patches: Patches, observerOf: ObserverOf): void {
  for (const name of HELPERS) {
    patches.wrap(prototype, name, (original) => {
      return asMethod({
        runTools(body, ...rest) {
          const client = field(this, '_client');
          const observer = observerOf(client);
          if (observer === undefined || !isObject(client)) return original.call(this, body, ...rest);
          const run = (): unknown => original.call(this, watchTools(body, client, observer), ...rest);
          const loop = guard('starting a loop', () => observer.startLoop?.());
          return loop === undefined ? run() : runLoop(run, loop, patches);
        },
      });
    });
  }
}

/**
 * A proxy of the body in which the functions of tools are wrapped. It reads nothing before the SDK does, and the SDK's
 * calls reach the program's own objects.
 */
function watchTools(body: unknown, client: object, observer: HelperObserver): unknown {
  if (!isObject(body) || observer.runTool === undefined) return body;
  const runTool: RunTool = (tool) => observer.runTool?.(tool);
  /** The names as the SDK read them: a getter might return another one next time. */
  const names = new WeakMap<object, unknown>();
  /** Wraps a tool or the definition of its function. */
  const watch = (given: unknown): unknown => {
    if (!isObject(given)) return given;
    let definition = given;
    return transparentProxy(given, (key, value, onOriginal) => {
      if (key === 'name') names.set(given, value);
      if (key === 'function' && typeof value === 'object') {
        definition = value ?? given;
        return watch(value);
      }
      if (key !== 'function' && key !== '$callback')
        return CALLED_METHODS.has(key) ? onOriginal(value) : value;
      return onOriginal(value, (run, args) => {
        if (countRun(args[1]) > MAX_REPEATED) return run();
        const name = guard('naming a tool', toolName, names.get(definition), definition, value) ?? 'function';
        const calls = (): readonly MadeCall[] => callsOf(args[1], name);
        const history = (): readonly unknown[] => historyOf(args[1]);
        return runTool({ client, name, arguments: args[0], calls, history, run });
      });
    });
  };
  return transparentProxy(body, (key, value) =>
    (key === 'tools' || key === 'functions') && isReadableArray(value)
      ? transparentProxy(value, (index, each) =>
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

/** Tools that are not functions are sent unchanged. */
function isOfOtherType(tool: unknown): boolean {
  const type = ownValue(tool, 'type');
  return typeof type === 'string' && type !== 'function';
}

/** The name the SDK uses: the one it read, else that of the function itself. */
function toolName(read: unknown, definition: unknown, callback: unknown): string | undefined {
  const name = (read ?? propertyOf(definition, 'name')) || propertyOf(callback, 'name');
  return typeof name === 'string' && name !== '' ? name : undefined;
}

/** The ids of the calls of this function in the last answer of the model, in their order. */
function callsOf(runner: unknown, name: string): MadeCall[] {
  const answer = arrayField(runner, 'messages').findLast(isOfAssistant);
  return first(arrayField(answer, 'tool_calls')).flatMap((call) => {
    const id = stringField(call, 'id');
    const called = objectField(call, 'function');
    if (id === undefined || stringField(called, 'name') !== name) return [];
    return { id, arguments: field(called, 'arguments') };
  });
}

/** What stands before that answer. */
function historyOf(runner: unknown): readonly unknown[] {
  const messages = arrayField(runner, 'messages');
  return messages.slice(0, Math.max(0, messages.findLastIndex(isOfAssistant)));
}

function isOfAssistant(message: unknown): boolean {
  return field(message, 'role') === 'assistant';
}

function path(from: unknown, ...keys: string[]): unknown {
  return keys.reduce<unknown>((value, key) => propertyOf(value, key), from);
}
