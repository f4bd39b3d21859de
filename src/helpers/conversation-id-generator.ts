import { conversationIdChannel } from '../hierarchy/conversations/conversation-id.ts';
import { guard } from '../util/guard.ts';
import { field } from '../util/payload.ts';
import { sha256 } from '../util/sha256.ts';

/** OpenTelemetry's `IdGenerator`, the same in both supported versions of its SDK. */
export interface IdGenerator {
  generateTraceId(): string;
  generateSpanId(): string;
}

/**
 * Derives a conversation's trace id from the conversation's id. All processes that use the conversation
 * without an active span then record it in the same trace, and samplers that decide by trace id decide alike:
 *
 * ```ts
 * new NodeSDK({ idGenerator: new ConversationIdGenerator(), instrumentations: [new OpenAIInstrumentation()] });
 * ```
 *
 * All other ids are random, or come from the generator that is passed in.
 */
export class ConversationIdGenerator implements IdGenerator {
  readonly #inner: IdGenerator;

  constructor(inner: IdGenerator = RANDOM) {
    this.#inner = inner;
    guard('deriving trace ids', () => {
      conversationIdChannel.value.used = true;
    });
  }

  readonly generateTraceId = (): string => {
    const conversationId: unknown = field(conversationIdChannel.value, 'conversationId');
    return typeof conversationId !== 'string' ? this.#inner.generateTraceId() : traceIdOf(conversationId);
  };

  readonly generateSpanId = (): string => this.#inner.generateSpanId();
}

/** Returns 16 bytes in hex. Samplers that decide by trace id need evenly spread ids, so the id is hashed. */
export function traceIdOf(conversationId: string): string {
  return sha256(new TextEncoder().encode(conversationId)).slice(0, 32);
}

const RANDOM: IdGenerator = {
  generateTraceId: () => randomId(16),
  generateSpanId: () => randomId(8),
};

function randomId(bytes: number): string {
  const random = globalThis.crypto.getRandomValues(new Uint8Array(bytes));
  const id = Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return /[1-9a-f]/.test(id) ? id : randomId(bytes);
}
