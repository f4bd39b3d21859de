import { type Context, createContextKey, type Span, trace } from '@opentelemetry/api';
import { OTHER_INSTRUMENTATIONS, SENTRY_SCOPE } from '../diagnostics/other-instrumentations.ts';
import * as ATTR from '../semconv/attributes.ts';
import { asName, fieldsOf, objectField, type PayloadObject, row, stringField } from '../util/payload.ts';
import { NAME } from '../util/version.ts';
import type { InferenceKind } from './operation.ts';

/** The span of another instrumentation that already represents the same inference. */
export interface OuterSpan {
  readonly span: Span;
  readonly scope: string | undefined;
  readonly recordsMetrics: boolean;
  /** Whether that instrumentation is known to leave such spans open. */
  readonly isLeftOpen: boolean;
}

/**
 * A context key with which an instrumentation declares that it records the inference. It is proposed for the
 * GenAI conventions (pull request 475 of semantic-conventions-genai). Equal descriptions make equal keys.
 */
const INFERENCE_SPAN: symbol = createContextKey('opentelemetry.genai.inference_span');

interface Sign {
  readonly attribute: string;
  readonly kinds: Readonly<Record<string, readonly InferenceKind[]>>;
}

/** The attributes that show the kind of a span. Only the first of them that is present counts. */
const SIGNS: readonly Sign[] = [
  {
    attribute: ATTR.GEN_AI_OPERATION_NAME,
    kinds: {
      chat: ['chat'],
      generate_content: ['chat', 'text_completion', 'image'],
      text_completion: ['text_completion'],
      embeddings: ['embeddings'],
      retrieval: ['retrieval'],
      image_generation: ['image'],
      image_edit: ['image'],
      image_variation: ['image'],
    },
  },
  {
    attribute: 'openinference.span.kind',
    kinds: { LLM: ['chat', 'text_completion'], EMBEDDING: ['embeddings'], RETRIEVER: ['retrieval'] },
  },
  {
    attribute: 'llm.request.type',
    kinds: { chat: ['chat'], completion: ['text_completion'], embedding: ['embeddings'] },
  },
];

/**
 * Detects whether the active span of a call is the inference span of another instrumentation. An unsampled span has no
 * attributes to read; then the result of the last sampled call of the same kind applies.
 */
export class OuterSpans {
  readonly #last = new Map<InferenceKind, Omit<OuterSpan, 'span'>>();

  above(context: Context, kind: InferenceKind | undefined): OuterSpan | undefined {
    if (kind === undefined) return undefined;
    const span = trace.getSpan(context);
    const inner = span && innerSpan(span);
    // An unsampled span has no attributes.
    const isUnsampled = inner !== undefined && inner.attributes === undefined;
    const found = isUnsampled ? this.#last.get(kind) : inner && readOuterSpan(span, inner, context, kind);
    if (span === undefined || found === undefined) {
      this.#last.delete(kind);
      return undefined;
    }
    this.#last.set(kind, found);
    return { span, ...found };
  }
}

function readOuterSpan(
  span: Span,
  inner: PayloadObject,
  context: Context,
  kind: InferenceKind,
): Omit<OuterSpan, 'span'> | undefined {
  const scope = asName(fieldsOf(inner.instrumentationScope).name);
  if (scope === NAME || !span.isRecording()) return undefined;
  const declared =
    context.getValue(INFERENCE_SPAN) !== undefined || (scope === LANGSMITH && isLangSmithModelCall(kind));
  if (!declared && !says(inner.attributes, kind)) return undefined;
  const known = OTHER_INSTRUMENTATIONS.find((other) => other.scope === scope);
  const from = stringField(inner.attributes, SENTRY_ORIGIN) ?? scope;
  return {
    scope,
    recordsMetrics: known === undefined || known.recordsMetrics === true,
    isLeftOpen: known !== undefined && known.leavesOpen === from,
  };
}

/** Runs for each model call, so it allocates no iterator. */
function says(attributes: unknown, kind: InferenceKind): boolean {
  for (let index = 0; index < SIGNS.length; index++) {
    const { attribute, kinds } = SIGNS[index] as Sign;
    const value = stringField(attributes, attribute);
    if (value !== undefined)
      return (
        row(kinds, value)?.includes(kind) === true && stringField(attributes, LANGSMITH_KIND) === undefined
      );
  }
  return false;
}

const LANGSMITH = 'langsmith';
/** LangSmith sets this on the active span when a run of LangChain ends, even if the span belongs to the program. */
const LANGSMITH_KIND = 'langsmith.span.kind';
/** The global storage in which LangSmith keeps the current run. */
const LANGSMITH_RUNS: symbol = Symbol.for('ls:tracing_async_local_storage');
const LANGSMITH_KINDS: readonly InferenceKind[] = ['chat', 'text_completion'];

/**
 * Whether LangSmith's current run is a model call of a client that LangSmith wraps. The run is read, because
 * LangSmith's span does not name the operation until the call has ended. A run that the program creates
 * itself seldom names a provider.
 */
function isLangSmithModelCall(kind: InferenceKind): boolean {
  const storage = (globalThis as Readonly<Record<symbol, unknown>>)[LANGSMITH_RUNS] as
    | { getStore?(): unknown }
    | undefined;
  if (!LANGSMITH_KINDS.includes(kind)) return false;
  const { run_type: type, extra } = fieldsOf(storage?.getStore?.());
  return type === 'llm' && stringField(objectField(extra, 'metadata'), 'ls_provider') !== undefined;
}

const SENTRY_ORIGIN = 'sentry.origin';
/** The origin of a span begins with this if one of Sentry's AI instrumentations created the span. */
const SENTRY_MODELS = 'auto.ai.';
const NO_SIGNS: PayloadObject = { attributes: {} };

/** The object with a span's attributes: the span, the SDK's span inside it, or a new object for Sentry's. */
function innerSpan(span: Span): PayloadObject {
  const outer = fieldsOf(span);
  if (outer.attributes !== undefined) return outer;
  const { _attributes: attributes } = outer;
  const origin = stringField(attributes, SENTRY_ORIGIN);
  if (origin === undefined) return fieldsOf(outer.span ?? span);
  return origin.startsWith(SENTRY_MODELS)
    ? { attributes, instrumentationScope: { name: SENTRY_SCOPE } }
    : NO_SIGNS;
}
