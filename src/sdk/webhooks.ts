import { field } from '../util/payload.ts';
import type { Method, Patches } from './patches.ts';
import { asMethod, isObject, propertyOf } from './reflect.ts';

/** A webhook that the program is about to unwrap. */
export interface WebhookDelivery {
  /** That was asked to unwrap it. */
  readonly client: object;
  /** Verifies the signature; returns a promise of the event. */
  readonly run: () => unknown;
}

/** Finds the observer of a client, if it has one. */
type UnwrapOf = (client: unknown) => ((delivery: WebhookDelivery) => unknown) | undefined;

/** Finds the prototype that has `unwrap` (openai 5 to 7), from a client or from a client class. */
export function findWebhooksPrototype(clientOrClass: unknown): object | undefined {
  const fromClass = propertyOf(propertyOf(clientOrClass, 'Webhooks'), 'prototype');
  const resource = propertyOf(clientOrClass, 'webhooks');
  const found = [fromClass, isObject(resource) ? Object.getPrototypeOf(resource) : undefined];
  return found.filter(isObject).find((prototype) => Object.hasOwn(prototype, 'unwrap'));
}

/** Observes webhooks: `unwrap` makes no request, so the seam does not see it. */
export function patchWebhooks(prototype: object, patches: Patches, unwrapOf: UnwrapOf): void {
  patches.wrap(prototype, 'unwrap', (original): Method => {
    return asMethod({
      unwrap(...args) {
        const client = field(this, '_client');
        const observed = unwrapOf(client);
        const run = (): unknown => original.apply(this, args);
        return observed === undefined || !isObject(client) ? run() : observed({ client, run });
      },
    });
  });
}
