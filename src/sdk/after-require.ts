import { listenToChannels } from '../util/diagnostics-channels.ts';
import { isObject, propertyOf } from './reflect.ts';

/** Node reports each `require` here, where it has module hooks. */
const CHANNEL = 'tracing:module.require:end';

/** The options of Node that name tsx, which compiles CommonJS past the module hooks. */
const TSX = /(?:^|[\s\\/=])tsx(?:$|[\s\\/])/;

/**
 * Calls a function with what a `require` returned, each time that it may have loaded a part of the SDK for the first time.
 * It listens only beside tsx: while anybody listens, Node does not see that a package required `punycode`, and
 * prints a warning.
 */
export function afterRequire(run: (exported: object) => void): void {
  if (!TSX.test([...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' '))) return;
  const seen = new WeakSet<object>();
  listenToChannels([CHANNEL], 'instrumenting a required module', (message) => {
    // A program requires thousands of files. Those of a package require each other before they are complete.
    const { id } = message as { readonly id?: unknown };
    if (typeof id !== 'string' || id.startsWith('.') || !id.includes('openai')) return;
    const result = propertyOf(message, 'result');
    if (!isObject(result) || seen.has(result)) return;
    seen.add(result);
    run(result);
  });
}
