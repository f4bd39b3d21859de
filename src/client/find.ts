import { field } from '../payload.ts';

/**
 * The prototype that owns `makeRequest`, where every call of a client passes, found from a client, a client
 * class or a subclass, or the module's namespace.
 */
export function findClientPrototype(target: unknown): object | undefined {
  const prototype = isClient(target) ? target : fieldOf(findClientClass(target), 'prototype');
  for (let holder = prototype; isObject(holder); holder = Object.getPrototypeOf(holder)) {
    if (Object.hasOwn(holder, 'makeRequest')) return holder;
  }
  return undefined;
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
    .map((name) => fieldOf(target, name))
    .find((candidate) => typeof candidate === 'function' && hasMakeRequest(candidate));
}

function fieldOf(target: unknown, name: string): unknown {
  return isObject(target) ? (target as unknown as Record<string, unknown>)[name] : undefined;
}

function hasMakeRequest(candidate: object): boolean {
  return typeof field((candidate as { prototype?: unknown }).prototype, 'makeRequest') === 'function';
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
