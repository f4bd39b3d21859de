import { createContextKey } from '@opentelemetry/api';
import { activeContext, runIn } from '../util/context.ts';
import { guard } from '../util/guard.ts';
import { field, readHeader, stringField } from '../util/payload.ts';
import { followResult } from '../util/watch-result.ts';
import type { ReadonlyCall } from './call.ts';
import type { Patches } from './patches.ts';
import { isObject, propertyOf } from './reflect.ts';
import { type ObserverOf, patchToolHelpers, TOOL_HELPERS } from './tool-loops.ts';

/**
 * Patches methods that make no request themselves, so that the client's patched methods miss them. A client
 * leads to its resources, and a client class to their classes, which are its members.
 */
export function patchResources(clientOrClass: unknown, patches: Patches, observerOf: ObserverOf): void {
  const files = prototypeOfResource(clientOrClass, 'Files');
  const webhooks = prototypeOfResource(clientOrClass, 'Webhooks');
  if (files !== undefined) patchFileWait(files, patches);
  if (webhooks !== undefined) patchWebhooks(webhooks, patches, observerOf);
  for (const prototype of completionsPrototypes(clientOrClass))
    patchToolHelpers(prototype, patches, observerOf);
}

/** @param path the names of the classes from the client to the resource */
function prototypeOfResource(clientOrClass: unknown, ...path: readonly string[]): object | undefined {
  const names = path.map((name) => name.charAt(0).toLowerCase() + name.slice(1));
  const resource = propertyOf(clientOrClass, ...names);
  const prototype = isObject(resource)
    ? Object.getPrototypeOf(resource)
    : propertyOf(clientOrClass, ...path, 'prototype');
  return isObject(prototype) ? prototype : undefined;
}

/** The completions with the methods that run tools: in `beta.chat` (openai 4) or in `chat` (openai 5 to 7). */
function completionsPrototypes(clientOrClass: unknown): object[] {
  const found = [
    prototypeOfResource(clientOrClass, 'Chat', 'Completions'),
    prototypeOfResource(clientOrClass, 'Beta', 'Chat', 'Completions'),
  ];
  const hasHelper = (prototype: object | undefined): prototype is object =>
    prototype !== undefined && TOOL_HELPERS.some((name) => Object.hasOwn(prototype, name));
  if (found.some(hasHelper)) return found.filter(hasHelper);
  // Late openai 4 does not expose the class of beta chat; only an instance of `Beta` leads to it.
  const Beta = propertyOf(clientOrClass, 'Beta');
  const beta = typeof Beta === 'function' ? Reflect.construct(Beta, [undefined]) : undefined;
  return [prototypeOfResource(beta, 'Chat', 'Completions')].filter(hasHelper);
}

function patchWebhooks(prototype: object, patches: Patches, observerOf: ObserverOf): void {
  patches.wrap(prototype, 'unwrap', (original) => ({
    unwrap(...args) {
      const client = field(this, '_client') as object;
      const observer = observerOf(client);
      const webhook = guard('starting a webhook', () => observer?.startWebhook?.(client));
      if (webhook === undefined) return original.apply(this, args);
      let result: unknown;
      // Called directly, so that the stacks of its errors have no further frames of ours.
      try {
        result = original.apply(this, args);
      } catch (error) {
        webhook.fail(error);
        throw error;
      }
      return followResult(result, webhook);
    },
  }));
}

const WAITING = createContextKey('opentelemetry-instrumentation-openai wait for a file');

/** Marks the requests of `files.waitForProcessing`, the only poll helper that sends no header. */
function patchFileWait(prototype: object, patches: Patches): void {
  patches.wrap(prototype, 'waitForProcessing', (original) => ({
    waitForProcessing(...args) {
      return runIn(activeContext().setValue(WAITING, true), original, this, args);
    },
  }));
}

export function isPollHelper({
  requestHeaders,
  context,
}: Pick<ReadonlyCall, 'requestHeaders' | 'context'>): boolean {
  return (
    readHeader(requestHeaders, 'X-Stainless-Poll-Helper') === 'true' || context.getValue(WAITING) === true
  );
}

export function isToolRunner({ requestHeaders, sdkMetadata }: ReadonlyCall): boolean {
  const helper =
    stringField(sdkMetadata, 'helperMethod') ?? readHeader(requestHeaders, 'X-Stainless-Helper-Method');
  return TOOL_HELPERS.some((name) => name === helper);
}
