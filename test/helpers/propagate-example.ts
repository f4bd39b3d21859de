import { propagation } from '@opentelemetry/api';
import { withMetadata } from '../../src/client.ts';

// In the service that was called, inside the span of the request:
function forCaller<Answer>(answer: () => Answer): Answer {
  const baggage = propagation.getActiveBaggage();
  const [userId, sessionId] = ['user.id', 'session.id'].map((key) => baggage?.getEntry(key)?.value);
  return withMetadata({ userId, sessionId }, answer);
}

// The example of docs/your-code.md ends here.
export function example(): typeof forCaller {
  return forCaller;
}
