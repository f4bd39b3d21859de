import { field } from '../util/payload.ts';
import { isObject, ownerOf, propertyOf } from './reflect.ts';

/**
 * Finds the SDK's prototype that owns `makeRequest`, through which every call goes. Subclasses that override
 * it are skipped. The target may be a client, a class, or the module's namespace.
 */
export function findClientPrototype(target: unknown): object | undefined {
  return ownerOf(isClient(target) ? target : propertyOf(findClientClass(target), 'prototype'), 'makeRequest');
}

const KNOWN_METHODS = ['request', 'makeRequest'] as const;

/** If a client class lacks any of these methods, its version is built in a way that we do not know. */
export function missingMethods(prototype: unknown): string[] {
  return KNOWN_METHODS.filter((name) => typeof field(prototype, name) !== 'function');
}

/**
 * The client that the resources of a client use. For a proxy, or an object that inherits from a client, this is the
 * original client. A proxy that wraps everything it returns leads to a different object each time.
 */
export function clientOfResources(client: object): object {
  const found = propertyOf(client, 'models', '_client');
  return isClient(found) ? found : client;
}

export function isClient(target: unknown): target is object {
  return typeof field(target, 'makeRequest') === 'function';
}

export function findClientClass(target: unknown): unknown {
  if (isClientClass(target)) return target;
  // openai 4 exports its class from `core` as `APIClient`; bundlers may wrap a namespace in `default`.
  const names = ['OpenAI', 'APIClient', 'default', 'AzureOpenAI'];
  return names.map((name) => propertyOf(target, name)).find(isClientClass);
}

export function findSubclassPrototype(clientClass: unknown): object | undefined {
  // Each major's `OpenAI` has itself as a static member. In openai 4, it extends the class that owns `makeRequest`.
  if (!isObject(clientClass) || Object.hasOwn(clientClass, 'OpenAI')) return undefined;
  const prototype = propertyOf(clientClass, 'prototype');
  return isObject(prototype) && !Object.hasOwn(prototype, 'makeRequest') ? prototype : undefined;
}

function isClientClass(candidate: unknown): boolean {
  return typeof candidate === 'function' && isClient(candidate.prototype);
}
