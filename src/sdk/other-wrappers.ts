import { OTEL_OPENAI } from '../diagnostics/other-instrumentations.ts';
import { notice, printFinding } from '../diagnostics/report.ts';
import { builtIn } from '../util/built-in.ts';
import { guard } from '../util/guard.ts';
import { builtInRequire, findDependenciesOf, findPackage } from '../util/optional-packages.ts';
import { patchMethod } from '../util/patch-method.ts';
import { isObject, type Method, methodOf, propertyOf, resemble } from './reflect.ts';

/** The CommonJS build of OpenTelemetry's own instrumentation: `dist` for SDK 3, `build/src` for SDK 2. */
const COMMONJS_FILE =
  /[\\/]@opentelemetry[\\/]instrumentation-openai[\\/](?:dist|build[\\/]src)[\\/]index\.c?js$/;
const AUTO_INSTRUMENTATIONS = '@opentelemetry/auto-instrumentations-node';

/** How many observers observe all clients. While there is one, the other instrumentation is switched off. */
let observing = 0;
/** For each prototype that we changed: the function that undoes the change. */
const restores = new Map<object, () => void>();

/**
 * Switches off OpenTelemetry's own instrumentation of `openai`, which reads each response before the program
 * does, so that `parse()` and `asResponse()` throw. Its wrappers do nothing while `isEnabled` returns
 * `false`. Call this after `openai` has loaded: it finds the other instrumentation only if that has loaded,
 * too.
 *
 * @returns switches it on again, unless another observer of all clients remains
 */
export function switchOtherOff(): () => void {
  observing++;
  for (const prototype of loadedPrototypes()) {
    const isEnabled = propertyOf(prototype, 'isEnabled');
    if (restores.has(prototype) || typeof isEnabled !== 'function') continue;
    restores.set(prototype, patchMethod(prototype, 'isEnabled', disabled(isEnabled as Method)));
  }
  return () => {
    if (--observing > 0) return;
    for (const restore of restores.values()) restore();
    restores.clear();
  };
}

function disabled(isEnabled: Method): Method {
  let isSaid = false;
  return function (this: object) {
    if (!isSaid && isEnabled.call(this) === true) {
      isSaid = true;
      printSwitchedOff();
    }
    return false;
  };
}

function printSwitchedOff(): void {
  const finding = notice('other_switched_off', OTEL_OPENAI);
  if (finding !== undefined) guard('reporting another instrumentation', printFinding, finding);
}

/** The message that a wrapper logs. It stays in the source when the wrapper is bundled and minified. */
const WRAPPER_SOURCE = /OpenAI\.[\w.]+\.create args: %O/;

/**
 * Bypasses the wrappers that the other instrumentation has put around a client's methods, if all clients are observed.
 * Needed if that instrumentation is bundled, because its class cannot be found then.
 */
export function bypassWrappers(client: object): void {
  if (observing === 0) return;
  const resources = [propertyOf(propertyOf(client, 'chat'), 'completions')];
  resources.push(...['embeddings', 'responses'].map((name) => propertyOf(client, name)));
  for (const prototype of resources.filter(isObject).map(Object.getPrototypeOf)) {
    const wrapper = propertyOf(prototype, 'create');
    if (typeof wrapper !== 'function' || !WRAPPER_SOURCE.test(Function.prototype.toString.call(wrapper)))
      continue;
    const original = propertyOf(wrapper, '__original') as Method;
    if (restores.has(prototype) || typeof original !== 'function') continue;
    const bypass = methodOf({
      create(...args) {
        return original.apply(this, args);
      },
    });
    // The method still looks wrapped, so that the other instrumentation reports no error when it is disabled.
    restores.set(prototype, patchMethod(prototype, 'create', resemble(wrapper, bypass)));
    printSwitchedOff();
  }
}

function loadedPrototypes(): object[] {
  try {
    return findOtherPrototypes();
  } catch {
    // Other runtimes have only a part of Node's modules, and the file may not be there.
    return [];
  }
}

function findOtherPrototypes(): object[] {
  const { createRequire, Module } = builtIn('node:module') ?? {};
  if (createRequire === undefined) return [];
  const require = builtInRequire(createRequire);
  const modules: unknown[] = Object.keys(require.cache)
    .filter((file) => COMMONJS_FILE.test(file))
    .map((file) => require.cache[file]?.exports);
  // ES modules have no cache to search. While `require` is not patched, no instrumentation of OpenTelemetry
  // is active.
  if (modules.length === 0 && /\bpatchedRequire\b/.test(String(Module?.prototype.require))) {
    const file = esModuleFile();
    if (file !== undefined) modules.push(require(file));
  }
  return modules.map((each) => propertyOf(each, 'OpenAIInstrumentation', 'prototype')).filter(isObject);
}

/** The ES module of the installed instrumentation. The version for SDK 2 has none. */
function esModuleFile(): string | undefined {
  const finder = findPackage(OTEL_OPENAI) ?? findDependenciesOf(AUTO_INSTRUMENTATIONS);
  const file = finder?.resolve(OTEL_OPENAI);
  return file?.endsWith('.cjs') ? file.replace(/cjs$/, 'mjs') : undefined;
}
