import { field } from '../util/payload.ts';
import { isObject, propertyOf } from './reflect.ts';

/**
 * The prototype that owns `makeRequest`, where every call of a client passes, found from a client, a client
 * class or a subclass, or the module's namespace. A subclass may have one of its own, above that of the SDK.
 */
export function findClientPrototype(target: unknown): object | undefined {
  let found: object | undefined;
  const prototype = isClient(target) ? target : propertyOf(findClientClass(target), 'prototype');
  for (let holder = prototype; isObject(holder); holder = Object.getPrototypeOf(holder)) {
    if (Object.hasOwn(holder, 'makeRequest')) found = holder;
  }
  return found;
}

/** Methods that the client of every known version has, and that calls are seen by. */
const KNOWN_METHODS = ['request', 'makeRequest'] as const;

/** Of a class that is made otherwise than those that are known, the methods that it lacks. */
export function missingMethods(prototype: unknown): string[] {
  return KNOWN_METHODS.filter((name) => typeof field(prototype, name) !== 'function');
}

/** A client, as against a class or a namespace: what calls can be made on. */
export function isClient(target: unknown): target is object {
  return (
    isObject(target) && typeof target !== 'function' && typeof field(target, 'makeRequest') === 'function'
  );
}

/** The client class itself, or the one that a namespace of the module holds. */
export function findClientClass(target: unknown): unknown {
  if (typeof target === 'function' && hasMakeRequest(target)) return target;
  // openai 4 exports its class from `core` as `APIClient`; bundlers may wrap a namespace in `default`.
  return ['OpenAI', 'APIClient', 'default', 'AzureOpenAI']
    .map((name) => propertyOf(target, name))
    .find((candidate) => typeof candidate === 'function' && hasMakeRequest(candidate));
}

function hasMakeRequest(candidate: object): boolean {
  return typeof field((candidate as { prototype?: unknown }).prototype, 'makeRequest') === 'function';
}
