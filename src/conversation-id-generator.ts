import { createHash, randomBytes } from 'node:crypto';
import { conversationIdChannel } from './conversations/trace-id.ts';

/** What makes the ids of traces and spans: the `IdGenerator` of either line of the SDK. */
export interface IdGenerator {
  generateTraceId(): string;
  generateSpanId(): string;
}

/**
 * Derives the trace id of a conversation from the conversation's own id, so that every process that works on a
 * thread without an active span records it in the same trace, and samplers decide alike everywhere:
 *
 * ```ts
 * new NodeSDK({ idGenerator: new ConversationIdGenerator(), instrumentations: [new OpenAIInstrumentation()] });
 * ```
 *
 * All other ids are random, or those of the generator it is given.
 */
export class ConversationIdGenerator implements IdGenerator {
  readonly #inner: IdGenerator;

  constructor(inner: IdGenerator = RANDOM) {
    this.#inner = inner;
    conversationIdChannel().used = true;
  }

  readonly generateTraceId = (): string => {
    const { conversationId } = conversationIdChannel();
    return conversationId === undefined ? this.#inner.generateTraceId() : traceIdOf(conversationId);
  };

  readonly generateSpanId = (): string => this.#inner.generateSpanId();
}

/** 16 bytes in hex, spread evenly, as samplers that go by the trace id need them; never all zero. */
export function traceIdOf(conversationId: string): string {
  return createHash('sha256').update(conversationId).digest('hex').slice(0, 32);
}

const RANDOM: IdGenerator = {
  generateTraceId: () => randomId(16),
  generateSpanId: () => randomId(8),
};

function randomId(bytes: number): string {
  const id = randomBytes(bytes).toString('hex');
  return /[1-9a-f]/.test(id) ? id : randomId(bytes);
}
