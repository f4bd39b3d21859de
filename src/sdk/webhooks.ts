import { field } from '../util/payload.ts';
import type { WebhookDelivery } from './call.ts';
import type { Method, Patches } from './patches.ts';
import { asMethod, isObject, propertyOf } from './reflect.ts';

/** Finds who observes a client; `undefined` where nobody does. */
type UnwrapOf = (client: unknown) => ((delivery: WebhookDelivery) => unknown) | undefined;

/** The prototype that has `unwrap` (openai 5 to 7), found from a client class or from a client. */
export function findWebhooksPrototype(clientOrClass: unknown): object | undefined {
  const fromClass = propertyOf(propertyOf(clientOrClass, 'Webhooks'), 'prototype');
  const resource = propertyOf(clientOrClass, 'webhooks');
  const found = [fromClass, isObject(resource) ? Object.getPrototypeOf(resource) : undefined];
  return found.filter(isObject).find((prototype) => Object.hasOwn(prototype, 'unwrap'));
}

/** Sees the webhooks that a program is sent: unwrapping one makes no request, so that no call tells of it. */
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
