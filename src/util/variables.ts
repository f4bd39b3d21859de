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

/** Some runtimes have no `process`, or no `env` there. */
function variables(): NodeJS.ProcessEnv {
  return globalThis.process?.env ?? {};
}

/**
 * Deno may ask its user about each variable, so after a refusal, none is asked for that was not read before. An
 * inherited value is ignored: any code may have added it to `Object.prototype`.
 */
function readVariable(name: string): string | undefined {
  const { values, refused } = reading;
  if (refused !== undefined) return values.get(name);
  try {
    const all = variables();
    const prototype: object | null = Object.getPrototypeOf(all);
    const isInherited = !Object.hasOwn(all, name) && prototype !== null && name in prototype;
    const value: unknown = isInherited ? undefined : all[name];
    values.set(name, typeof value === 'string' ? value : undefined);
  } catch {
    reading.refused = name;
    reading.onRefusal?.(name);
  }
  return values.get(name);
}

/** Read apart: a proxy may refuse `NODE_OPTIONS`, and ours would then not be asked for. */
export function nodeOptions(): string {
  try {
    const all = variables();
    return isProxy(all) ? '' : String(ownValue(all, 'NODE_OPTIONS') ?? '');
  } catch {
    return '';
  }
}

function change(run: (all: NodeJS.ProcessEnv) => boolean): boolean {
  try {
    return run(variables());
  } catch {
    // The runtime refuses.
    return true;
  }
}

const environment = new Proxy<NodeJS.ProcessEnv>(Object.create(null), {
  get: (_, name) => readVariable(String(name)),
  // Without it, the names could not be listed.
  getOwnPropertyDescriptor: () => ({ configurable: true, enumerable: true }),
  ownKeys: () => {
    try {
      return reading.refused === undefined ? Object.keys(variables()) : [...reading.values.keys()];
    } catch {
      // The runtime tells some variables, but does not list them.
      return [...reading.values.keys()];
    }
  },
  set: (_, name, value) => change((all) => Reflect.set(all, name, value)),
  deleteProperty: (_, name) => change((all) => Reflect.deleteProperty(all, name)),
});

/** The variables of the process, each read when it is asked for. A variable that cannot be read counts as not set. */
export function readEnvironment(): NodeJS.ProcessEnv {
  return environment;
}
