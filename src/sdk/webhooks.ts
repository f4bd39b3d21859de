import { field } from '../util/payload.ts';
import type { Method, Patches } from './patches.ts';
import { asMethod } from './reflect.ts';

/** A webhook that a client unwraps. */
export interface ObservedWebhook {
  fail(error: unknown): void;
  /** @returns the result, or a promise that settles the same way */
  follow(result: unknown): unknown;
}
type Observe = (client: unknown) => ObservedWebhook | undefined;

/** Observes webhooks (openai 5 to 7): `unwrap` makes no request, so the seam does not see it. */
export function patchWebhooks(prototype: object, patches: Patches, observe: Observe): void {
  patches.wrap(prototype, 'unwrap', (original): Method => {
    return asMethod({
      unwrap(...args) {
        const webhook = observe(field(this, '_client'));
        if (webhook === undefined) return original.apply(this, args);
        let result: unknown;
        // Called from here, so that the stacks of its errors have no more frames of ours.
        try {
          result = original.apply(this, args);
        } catch (error) {
          webhook.fail(error);
          throw error;
        }
        return webhook.follow(result);
      },
    });
  });
}
