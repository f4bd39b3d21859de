import { createContextKey } from '@opentelemetry/api';
import { activeContext, runIn } from '../util/context.ts';
import { readHeader } from '../util/payload.ts';
import type { Call } from './call.ts';
import type { Method, Patches } from './patches.ts';
import { asMethod } from './reflect.ts';

const WAITING = createContextKey('opentelemetry-instrumentation-openai wait for a file');

/** Whether one of the SDK's poll helpers sent a request: they repeat a retrieve until a resource is ready. */
export function isPollHelper({ requestHeaders, context }: Pick<Call, 'requestHeaders' | 'context'>): boolean {
  return (
    readHeader(requestHeaders, 'X-Stainless-Poll-Helper') === 'true' || context.getValue(WAITING) === true
  );
}

/** Marks the requests of `files.waitForProcessing`, the only poll helper that sends no header. */
export function patchFileWait(files: object, patches: Patches): void {
  patches.wrap(files, 'waitForProcessing', (original): Method => {
    return asMethod({
      waitForProcessing(...args) {
        return runIn(activeContext().setValue(WAITING, true), original, this, args);
      },
    });
  });
}
