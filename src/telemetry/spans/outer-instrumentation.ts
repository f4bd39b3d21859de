import { type Context, createContextKey, type Span, trace } from '@opentelemetry/api';
import { OTHER_INSTRUMENTATIONS } from '../../diagnostics/other-instrumentations.ts';
import type { OperationKey } from '../../sdk/routes/index.ts';
import { ATTR_GEN_AI_OPERATION_NAME } from '../../semconv/attributes.ts';
import { asName, fieldsOf, type PayloadObject, stringField } from '../../util/payload.ts';
import { NAME } from '../../util/version.ts';

/** The span of another instrumentation that a call is already in: the same inference, seen from further out. */
export interface InferenceAbove {
  readonly span: Span;
  /** The scope of that instrumentation, where it is known. */
  readonly scope: string | undefined;
  readonly recordsMetrics: boolean;
}

/**
 * The key that is proposed for the GenAI conventions (pull request 475 of semantic-conventions-genai), under
 * which an instrumentation says that it records the inference. The API makes equal keys from equal descriptions.
 */
const INFERENCE_SPAN: symbol = createContextKey('opentelemetry.genai.inference_span');

const CHAT: readonly OperationKey[] = ['chat', 'response'];
const COMPLETION: readonly OperationKey[] = ['text_completion'];
const EMBEDDINGS: readonly OperationKey[] = ['embeddings'];
const RETRIEVAL: readonly OperationKey[] = ['retrieval'];
const IMAGE: readonly OperationKey[] = ['image'];

type Signs = Readonly<Record<string, readonly OperationKey[]>>;

/** What spans say they are, by attribute, and which calls of ours that is. One attribute decides: the first. */
const SIGNS: readonly (readonly [attribute: string, signs: Signs])[] = [
  [
    ATTR_GEN_AI_OPERATION_NAME,
    {
      chat: CHAT,
      generate_content: [...CHAT, ...COMPLETION, ...IMAGE],
      text_completion: COMPLETION,
      embeddings: EMBEDDINGS,
      retrieval: RETRIEVAL,
      image_generation: IMAGE,
      image_edit: IMAGE,
      image_variation: IMAGE,
    },
  ],
  ['openinference.span.kind', { LLM: [...CHAT, ...COMPLETION], EMBEDDING: EMBEDDINGS, RETRIEVER: RETRIEVAL }],
  ['llm.request.type', { chat: CHAT, completion: COMPLETION, embedding: EMBEDDINGS }],
];

const INFERENCES: ReadonlySet<OperationKey> = new Set(
  SIGNS.flatMap(([, signs]) => Object.values(signs).flat()),
);

/**
 * Tells whether a call is already inside of the inference span of another instrumentation, by what is active
 * when it is made. A span that is not sampled does not say what it is: then what stood above the last such call
 * that was sampled is taken to stand there again.
 */
export class OtherInferences {
  readonly #last = new Map<OperationKey, Omit<InferenceAbove, 'span'>>();

  above(context: Context, operation: OperationKey): InferenceAbove | undefined {
    if (!INFERENCES.has(operation)) return undefined;
    const span = trace.getSpan(context);
    if (span === undefined) {
      this.#last.delete(operation);
      return undefined;
    }
    if (!isReadable(span)) {
      const last = this.#last.get(operation);
      return last === undefined ? undefined : { span, ...last };
    }
    const found = readSpan(span, context, operation);
    if (found === undefined) this.#last.delete(operation);
    else this.#last.set(operation, found);
    return found === undefined ? undefined : { span, ...found };
  }
}

function readSpan(
  span: Span,
  context: Context,
  operation: OperationKey,
): Omit<InferenceAbove, 'span'> | undefined {
  const inner = innerSpan(span);
  const scope = asName(fieldsOf(inner.instrumentationScope).name);
  if (scope === NAME || !span.isRecording()) return undefined;
  if (context.getValue(INFERENCE_SPAN) === undefined && !says(inner.attributes, operation)) return undefined;
  const known = OTHER_INSTRUMENTATIONS.find((other) => other.scope === scope);
  return { scope, recordsMetrics: known?.recordsMetrics ?? true };
}

function says(attributes: unknown, operation: OperationKey): boolean {
  for (const [attribute, signs] of SIGNS) {
    const value = stringField(attributes, attribute);
    if (value !== undefined) return Object.hasOwn(signs, value) && signs[value]?.includes(operation) === true;
  }
  return false;
}

/** The SDK's spans can be read, those that are not sampled have nothing to read. */
function isReadable(span: Span): boolean {
  return innerSpan(span).attributes !== undefined;
}

/** Some instrumentations wrap the SDK's span in one of their own, which keeps it as `span`. */
function innerSpan(span: Span): PayloadObject {
  const outer = fieldsOf(span);
  return outer.attributes === undefined ? fieldsOf(outer.span ?? span) : outer;
}
