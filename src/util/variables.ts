import { isProxy, ownValue } from './own-data.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

interface Reading {
  /** The values that were read before the first refusal. */
  readonly values: Map<string, string | undefined>;
  /** The variable that the runtime refused to tell. */
  refused?: string;
  onRefusal?: (name: string) => void;
}
const reading: Reading = { values: new Map() };

/** Calls the listener once if the runtime refuses to tell a variable, also if it did before. */
export function onVariableRefused(listener: (name: string) => void): void {
  reading.onRefusal = listener;
  if (reading.refused !== undefined) listener(reading.refused);
}

/** Some runtimes have no `process`, or no `env` there. Others refuse to tell or to change a variable. */
function attempt<Result>(run: (all: NodeJS.ProcessEnv) => Result, ifRefused: () => Result): Result {
  try {
    return run(globalThis.process?.env ?? {});
  } catch {
    return ifRefused();
  }
}

/**
 * Deno may ask its user about each variable, so after a refusal, none is asked for that was not read before. An
 * inherited value is ignored: any code may have added it to `Object.prototype`.
 */
function readVariable(name: string): string | undefined {
  const { values, refused } = reading;
  const read = (all: NodeJS.ProcessEnv): void => {
    const prototype: object | null = Object.getPrototypeOf(all);
    const isInherited = !Object.hasOwn(all, name) && prototype !== null && name in prototype;
    const value: unknown = isInherited ? undefined : all[name];
    values.set(name, typeof value === 'string' ? value : undefined);
  };
  const refuse = (): void => {
    reading.refused = name;
    reading.onRefusal?.(name);
  };
  if (refused === undefined) attempt(read, refuse);
  return values.get(name);
}

/** Read apart: a proxy may refuse `NODE_OPTIONS`, and ours would then not be asked for. */
export function nodeOptions(): string {
  return attempt(
    (all) => (isProxy(all) ? '' : String(ownValue(all, 'NODE_OPTIONS') ?? '')),
    () => '',
  );
}

const known = (): string[] => [...reading.values.keys()];
const ignored = (): boolean => true;

const environment = new Proxy<NodeJS.ProcessEnv>(Object.create(null), {
  get: (_, name) => readVariable(String(name)),
  // Without it, the names could not be listed.
  getOwnPropertyDescriptor: () => ({ configurable: true, enumerable: true }),
  // Some runtimes tell variables, but do not list them.
  ownKeys: () => (reading.refused === undefined ? attempt(Object.keys, known) : known()),
  set: (_, name, value) => attempt((all) => Reflect.set(all, name, value), ignored),
  deleteProperty: (_, name) => attempt((all) => Reflect.deleteProperty(all, name), ignored),
});

/** The variables of the process, each read when it is asked for. A variable that cannot be read counts as not set. */
export function readEnvironment(): NodeJS.ProcessEnv {
  return environment;
}
