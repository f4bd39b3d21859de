import { guard } from '../util/guard.ts';
import { isReadableArray, ownValue } from '../util/own-data.ts';
import { arrayField, asText, field, first, MAX_REPEATED, objectField, stringField } from '../util/payload.ts';
import { type OutcomeListener, watchOutcome } from '../util/watch-result.ts';
import type { HelperObserver, ModelToolCall } from './helper-observer.ts';
import { PatchedClass, type Patches } from './patches.ts';
import { isObject, ownerOf, propertyOf } from './reflect.ts';
import { transparentProxy } from './transparent-proxy.ts';

/** Finds the observer of a client and runs its `prepare`. Returns `undefined` while calls are suppressed. */
export type ObserverOf = (client: unknown) => HelperObserver | undefined;

/**
 * A class of openai 7, such as `ResponsesToolRunner`, whose loop calls a model and functions of the program.
 * The loop is in `iterate`, which `run` calls, or else in `run`. The loop's span is active while it runs.
 */
export class LoopClass extends PatchedClass {
  readonly #observerOf: ObserverOf;

  constructor(prototype: object, observerOf: ObserverOf) {
    super(prototype);
    this.#observerOf = observerOf;
  }

  protected patch(): void {
    const name = Object.hasOwn(this.prototype, 'iterate') ? 'iterate' : 'run';
    const observerOf = this.#observerOf;
    this.patches.wrap(this.prototype, name, (original) => ({
      run(...args) {
        const run = (): unknown => original.apply(this, args);
        const loop = guard('starting a loop', () => observerOf(args[0])?.startLoop?.());
        return loop === undefined ? run() : watchOutcome(run, loop);
      },
    }));
  }
}

export const TOOL_HELPERS = ['runTools', 'runFunctions'] as const;

/** Reports the loop of each helper, and each function of the program that it runs, to the observer. */
export function patchToolHelpers(prototype: object, patches: Patches, observerOf: ObserverOf): void {
  for (const name of TOOL_HELPERS) {
    patches.wrap(prototype, name, (original) => ({
      runTools(body, ...rest) {
        const client = field(this, '_client');
        const observer = observerOf(client);
        if (observer === undefined || !isObject(client)) return original.call(this, body, ...rest);
        const run = (): unknown => original.call(this, watchTools(body, client, observer), ...rest);
        const loop = guard('starting a loop', () => observer.startLoop?.());
        return loop === undefined ? run() : runLoop(run, loop, patches);
      },
    }));
  }
}

interface FollowedRunner {
  readonly loop: OutcomeListener;
  /** The last answer of the model, and how many functions the runner has run for that answer. */
  answer: unknown;
  runs: number;
}

const runners = new WeakMap<object, FollowedRunner>();

/**
 * Runs a helper that returns a runner, and follows the runner to its end. This wraps `_emit`, through which
 * all events go: a listener of ours would change which errors the SDK reports as unhandled.
 */
function runLoop(run: () => unknown, loop: OutcomeListener, patches: Patches): unknown {
  let runner: unknown;
  try {
    runner = loop.within(run);
  } catch (error) {
    loop.fail(error);
    throw error;
  }
  guard('observing a tool runner', followRunner, runner, loop, patches);
  return runner;
}

function followRunner(runner: unknown, loop: OutcomeListener, patches: Patches): void {
  const emitter = ownerOf(runner, '_emit');
  if (emitter === undefined || !isObject(runner)) {
    loop.succeed(undefined);
    return;
  }
  runners.set(runner, { loop, answer: undefined, runs: 0 });
  patches.wrap(emitter, '_emit', (original) => ({
    _emit(...args) {
      const followed = runners.get(this);
      if (followed !== undefined) guard('observing a tool runner', onEvent, followed.loop, args[0], args[1]);
      return original.apply(this, args);
    },
  }));
}

function onEvent(loop: OutcomeListener, event: unknown, error: unknown): void {
  if (event === 'error' || event === 'abort') loop.fail(error);
  else if (event === 'end') loop.succeed(undefined);
}

/** Methods that the SDK also calls on a tool or on the definition of its function. */
const CALLED_METHODS: readonly PropertyKey[] = ['parse', '$parseRaw', 'toJSON'];

/** A proxy of the body in which the functions of tools are wrapped. It reads nothing before the SDK does. */
function watchTools(body: unknown, client: object, observer: HelperObserver): unknown {
  if (!isObject(body) || observer.runTool === undefined) return body;
  /** The names as the SDK read them: a getter might return another one next time. */
  const names = new WeakMap<object, unknown>();
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
        return CALLED_METHODS.includes(key) ? onOriginal(value) : value;
      return onOriginal(value, (run, args) => {
        if (countRun(args[1]) > MAX_REPEATED) return run();
        const name = guard('naming a tool', toolName, names.get(definition), definition, value) ?? 'function';
        const calls = (): readonly ModelToolCall[] => callsOf(args[1], name);
        const history = (): readonly unknown[] => historyOf(args[1]);
        const description = asText(ownValue(definition, 'description'));
        return observer.runTool?.({ client, name, description, arguments: args[0], calls, history, run });
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

/** How many functions a runner has run for the same answer, including the one that it runs now. */
function countRun(runner: unknown): number {
  const known = isObject(runner) ? runners.get(runner) : undefined;
  if (known === undefined) return 0;
  const last = arrayField(runner, 'messages').at(-1);
  // After a function has run, the last message is its result.
  if (isOfAssistant(last) && last !== known.answer) {
    known.answer = last;
    known.runs = 0;
  }
  return ++known.runs;
}

function isOfOtherType(tool: unknown): boolean {
  const type = ownValue(tool, 'type');
  return typeof type === 'string' && type !== 'function';
}

/** The name that the SDK uses for a tool: the name that it read, or else the name of the function itself. */
function toolName(read: unknown, definition: unknown, callback: unknown): string | undefined {
  const name = (read ?? propertyOf(definition, 'name')) || propertyOf(callback, 'name');
  return typeof name === 'string' && name !== '' ? name : undefined;
}

function callsOf(runner: unknown, name: string): ModelToolCall[] {
  const answer = arrayField(runner, 'messages').findLast(isOfAssistant);
  return first(arrayField(answer, 'tool_calls')).flatMap((call) => {
    const id = stringField(call, 'id');
    const called = objectField(call, 'function');
    if (id === undefined || stringField(called, 'name') !== name) return [];
    return { id, arguments: field(called, 'arguments') };
  });
}

function historyOf(runner: unknown): readonly unknown[] {
  const messages = arrayField(runner, 'messages');
  return messages.slice(0, Math.max(0, messages.findLastIndex(isOfAssistant)));
}

function isOfAssistant(message: unknown): boolean {
  return field(message, 'role') === 'assistant';
}
