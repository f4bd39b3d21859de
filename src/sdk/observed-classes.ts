import { field } from '../util/payload.ts';
import { RealtimeTransports } from './agents-sdk/realtime-transport.ts';
import { RunnerClass } from './agents-sdk/runner.ts';
import { CLASS_NAMES, type ClassKind } from './class-names.ts';
import { PatchedClass } from './patches.ts';
import { isObject, propertyOf } from './reflect.ts';
import { Seam } from './seam.ts';
import { socketSeam } from './sockets/index.ts';
import { LoopClass } from './tool-loops.ts';

interface ObservedClass {
  readonly methods: readonly string[];
  /** Whether a class may have any name: programs have subclasses, and bundlers rename classes. */
  readonly hasAnyName?: boolean;
  /** Returns `undefined` if the class is built in a way that we do not know. */
  readonly seam: (prototype: object) => PatchedClass | undefined;
}

const OBSERVED_CLASSES: Readonly<Record<ClassKind, ObservedClass>> = {
  socket: {
    methods: ['_emit', 'send', 'close'],
    hasAnyName: true,
    seam: (prototype) => socketSeam(prototype),
  },
  loop: {
    methods: ['run'],
    seam: (prototype) =>
      new LoopClass(prototype, (client) => Seam.ofClient(client)?.observerOfResource(client)),
  },
  agents: { methods: ['run'], seam: (prototype) => new RunnerClass(prototype) },
  'agents-realtime': { methods: ['_onMessage'], seam: (prototype) => new RealtimeTransports(prototype) },
};

/** @param target a class, or a module that exports classes */
export function findPrototypes(target: unknown, kind: ClassKind): object[] {
  const { methods, hasAnyName } = OBSERVED_CLASSES[kind];
  const names: readonly string[] = CLASS_NAMES[kind];
  const exported = [...names, 'default'].map((name) => propertyOf(target, name));
  const isNamed = hasAnyName || names.includes(String(propertyOf(target, 'name')));
  const classes = typeof target === 'function' ? [target].filter(() => isNamed) : exported;
  const prototypes = classes.map((each) => (typeof each === 'function' ? each.prototype : undefined));
  const isOne = (prototype: unknown): boolean =>
    methods.every((name) => typeof field(prototype, name) === 'function');
  return [...new Set(prototypes.filter(isObject).filter(isOne))];
}

export function seamsIn(target: unknown, kind: ClassKind): PatchedClass[] {
  return findPrototypes(target, kind)
    .map((prototype) => PatchedClass.find(prototype) ?? OBSERVED_CLASSES[kind].seam(prototype))
    .filter((seam) => seam !== undefined);
}
