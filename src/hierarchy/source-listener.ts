import type { Segment } from './conversations/conversation.ts';
import type { EngineState } from './engine-state.ts';
import { Facts } from './facts.ts';
import type { AgentInvocation } from './invocations/agent-invocation.ts';
import type { FactSource } from './observed-call.ts';

/**
 * Takes the reports of a source without requests, such as a socket. An invocation without a request
 * begins with its report. What is still open when the source ends is closed with it.
 */
export class SourceListener {
  readonly #facts: Facts;
  /** The invocations that it has reported and that are open. */
  readonly #open = new Set<AgentInvocation>();
  /** Where they stand. The source keeps them open as a request does. */
  readonly #segments = new Set<Segment>();
  #ended = false;

  constructor(engine: EngineState, source: FactSource, conversationId: string | undefined) {
    this.#facts = new Facts(engine, source, conversationId);
    this.#facts.reported = (invocation) => this.#reported(invocation);
  }

  /** Takes an event, frame or object. */
  event(value: unknown, time: number): void {
    if (!this.#ended) this.#facts.readEvent(value, time);
  }

  end(time: number): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const invocation of this.#open) {
      invocation.touch(time);
      invocation.closeForGood();
    }
    for (const segment of this.#segments) segment.requestEnded(time);
    this.#open.clear();
    this.#segments.clear();
  }

  #reported(invocation: AgentInvocation): void {
    for (const known of this.#open) if (known.isRecorded) this.#open.delete(known);
    this.#open.add(invocation);
    const { segment } = invocation;
    for (const known of this.#segments) if (known.ended) this.#segments.delete(known);
    if (segment === undefined || this.#segments.has(segment)) return;
    this.#segments.add(segment);
    segment.requestStarted();
  }
}
