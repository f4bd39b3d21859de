import { describeFinding } from '../diagnostics/findings.ts';
import { OTEL_OPENAI } from '../diagnostics/other-instrumentations.ts';
import { notice, sayFinding } from '../diagnostics/report.ts';
import { builtIn } from '../util/built-in.ts';
import { guard } from '../util/guard.ts';
import { builtInRequire, findDependenciesOf, findPackage } from '../util/optional-packages.ts';
import { patchMethod } from '../util/patch-method.ts';
import { isObject, type Method, methodOf, propertyOf, resemble } from './reflect.ts';

/** Its CommonJS build: of SDK 3, and of SDK 2. */
const COMMONJS_FILE =
  /[\\/]@opentelemetry[\\/]instrumentation-openai[\\/](?:dist|build[\\/]src)[\\/]index\.c?js$/;
const AUTO_INSTRUMENTATIONS = '@opentelemetry/auto-instrumentations-node';

/** How many observers of all clients there are. */
let observing = 0;
/** By the prototypes of the other instrumentation's classes, and of the resources that its wrappers are taken off. */
const restores = new Map<object, () => void>();

/**
 * Switches off OpenTelemetry's own instrumentation of `openai`, which reads each response before the program does, so that
 * `parse()` and `asResponse()` throw. Its wrappers step aside while their instrumentation is not enabled. Call this when
 * `openai` has loaded: the other one wraps only what loads after itself.
 *
 * @returns switches it on again, unless somebody else still observes all clients
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

/** Only its wrappers ask, at each call: a program in which it is not active is told nothing. */
function disabled(isEnabled: Method): Method {
  let isSaid = false;
  return function (this: object) {
    if (!isSaid && isEnabled.call(this) === true) {
      isSaid = true;
      saySwitchedOff();
    }
    return false;
  };
}

function saySwitchedOff(): void {
  notice('other_switched_off', OTEL_OPENAI);
  guard('reporting another instrumentation', () =>
    sayFinding(describeFinding('other_switched_off', OTEL_OPENAI)),
  );
}

/** What a wrapper of it logs, which stays in its source when it is bundled and minified. */
const WRAPPER_SOURCE = /OpenAI\.[\w.]+\.create args: %O/;

/**
 * Takes its wrappers off the resources of a client. Bundled, such as into a distribution of OpenTelemetry, its class cannot
 * be found.
 */
function bypassWrappers(client: object): void {
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
    // It looks wrapped, so that the other instrumentation finds nothing amiss when it is disabled.
    restores.set(prototype, patchMethod(prototype, 'create', resemble(wrapper, bypass)));
    saySwitchedOff();
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
  // ES modules have no cache to look through. Whatever instrumentation of OpenTelemetry is active, `require` shows it.
  if (modules.length === 0 && /\bpatchedRequire\b/.test(String(Module?.prototype.require))) {
    const file = esModuleFile();
    if (file !== undefined) modules.push(require(file));
  }
  return modules.map((each) => propertyOf(each, 'OpenAIInstrumentation', 'prototype')).filter(isObject);
}

/** The ES module of the installed package. The one of SDK 2 has none. */
function esModuleFile(): string | undefined {
  const finder = findPackage(OTEL_OPENAI) ?? findDependenciesOf(AUTO_INSTRUMENTATIONS);
  const file = finder?.resolve(OTEL_OPENAI);
  return file?.endsWith('.cjs') ? file.replace(/cjs$/, 'mjs') : undefined;
}

/** The first calls of a process are looked at: that is too dear for each. */
const MAX_CALLS_LOOKED_AT = 3;

let looked = 0;

/** Looks for its wrappers around a client that records a call. */
export function lookForWrappers(client: object): void {
  if (looked >= MAX_CALLS_LOOKED_AT) return;
  looked++;
  if (observing > 0) guard('switching another instrumentation off', bypassWrappers, client);
}
