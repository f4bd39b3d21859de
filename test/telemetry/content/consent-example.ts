import { maskingHook, withMetadata } from '../../../src/client.ts';
import { OpenAIInstrumentation } from '../../../src/index.ts';

const consenting = new Set(['acme']);

const instrumentation = new OpenAIInstrumentation({
  // Asked for each operation, when it starts.
  captureMessageContent: (caller) => consenting.has(caller.metadata.tenant ?? ''),
  // Operators see their own messages as they are.
  completionHook: maskingHook((caller) => (caller.userId === 'operator' ? { kinds: [] } : {})),
});

// For each request of a tenant:
function handle<Answer>(tenant: string, userId: string, answer: () => Answer): Answer {
  return withMetadata({ userId, metadata: { tenant } }, answer);
}

// The example of docs/privacy.md ends here.
export function example(): { instrumentation: OpenAIInstrumentation; handle: typeof handle } {
  return { instrumentation, handle };
}
