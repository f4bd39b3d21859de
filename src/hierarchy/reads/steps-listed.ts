import type { Invocation } from '../invocations/invocation.ts';
import type { ObservedCall } from '../observed-call.ts';
import type { ConversationTracker } from '../tracker.ts';

/**
 * The invocation whose steps the program is listing, so that no background read is needed. Only a program that has done
 * so before is waited for: another one may delete the conversation, and the steps with it, as soon as it has ended.
 */
export function stepsListed(
  tracker: ConversationTracker,
  { intent, endpoint }: ObservedCall,
): Invocation | undefined {
  const { invocationId = '', conversationId } = intent;
  const invocation = tracker.known.open(invocationId, endpoint.origin, conversationId);
  if (invocation === undefined) return undefined;
  if (invocation.life.finished !== undefined) tracker.leaveReading();
  invocation.life.requests++;
  return invocation;
}

/** Called when that request is over. */
export function stepsRead(tracker: ConversationTracker, invocation: Invocation): void {
  invocation.life.requests--;
  tracker.settle(invocation);
}
