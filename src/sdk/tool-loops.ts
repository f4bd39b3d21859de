import { guard } from '../util/guard.ts';
import { type OutcomeListener, watchOutcome } from '../util/watch-result.ts';
import { type Method, PatchedClass, type Patches } from './patches.ts';
import { asMethod, isObject, propertyOf } from './reflect.ts';
import { Seam } from './seam.ts';

/** Classes of openai 7 whose methods call a model and the program's functions in turn, for the client that they get. */
export const LOOP_CLASSES: readonly string[] = ['ResponsesToolRunner', 'DecisionsToolRunner'];

/** What begins a loop: where a class has both, `run` only reads what `iterate` yields. */
const LOOP_METHODS = ['iterate', 'run'] as const;

/** Starts the span of a loop, if its client is observed. */
type StartLoop = (client: unknown) => OutcomeListener | undefined;

/** The prototypes of the classes in a target: a class, or a module that exports some. */
export function findLoopPrototypes(target: unknown): object[] {
  if (!isObject(target)) return [];
  const candidates = LOOP_CLASSES.map((name) =>
    propertyOf(target, 'name') === name ? target : propertyOf(target, name),
  );
  return candidates
    .filter((candidate) => typeof candidate === 'function')
    .map((candidate) => propertyOf(candidate, 'prototype'))
    .filter((prototype) => isObject(prototype) && LOOP_METHODS.some((name) => Object.hasOwn(prototype, name)))
    .filter(isObject);
}

/** The seam of a class with loops: each has a span, which is active while the loop runs. */
export function loopSeam(prototype: object, startLoop: StartLoop = startLoopOf): PatchedClass {
  return PatchedClass.of(prototype, (patches) => patchLoops(prototype, patches, startLoop));
}

function startLoopOf(client: unknown): OutcomeListener | undefined {
  return Seam.observerOf(client)?.startLoop?.();
}

function patchLoops(prototype: object, patches: Patches, startLoop: StartLoop): void {
  const [name] = LOOP_METHODS.filter((each) => Object.hasOwn(prototype, each));
  if (name === undefined) return;
  patches.wrap(prototype, name, (original): Method => {
    return asMethod({
      run(...args) {
        const run = (): unknown => original.apply(this, args);
        const loop = guard('starting a loop', startLoop, args[0]);
        return loop === undefined ? run() : watchOutcome(run, loop);
      },
    });
  });
}
