import * as ATTR from '../semconv/attributes.ts';
import { attributeText } from './messages.ts';
import { facetsOf } from './trace-filter.ts';
import { summarize, type TraceSummary } from './trace-summary.ts';
import { buildOneTree, groupBy, type TraceTree } from './tree.ts';
import { isTranscription, type ViewedSpan } from './viewed-span.ts';

export interface ViewedTrace extends TraceTree {
  readonly summary: TraceSummary;
  readonly title: string;
  readonly facets: readonly string[];
}

export function viewedTrace(traceId: string, spans: Iterable<ViewedSpan>): ViewedTrace {
  const tree = buildOneTree(traceId, spans);
  return withFacts(tree, tree.roots[0]?.span.name ?? '');
}

export function viewedConversation(id: string, spans: Iterable<ViewedSpan>): ViewedTrace {
  const tree = buildOneTree(id, spans);
  // The first span is the request that created the conversation, but its name says little.
  const own = tree.rows.find(({ span }) => typeOf(span) === 'conversation');
  return withFacts(tree, own?.span.name ?? id);
}

function withFacts(tree: TraceTree, title: string): ViewedTrace {
  return { ...tree, title, summary: summarize(tree), facets: facetsOf(tree.rows) };
}

/** Whether a trace looks unfinished: a span is open, or a parent is missing. Parents usually arrive last. */
export function isUnfinished({ roots, rows }: TraceTree): boolean {
  return roots.some(({ span }) => span.parentId !== undefined) || rows.some(({ span }) => span.isOpen);
}

export function shownErrorType({ attributes }: ViewedSpan): string {
  return attributeText(attributes[ATTR.ERROR_TYPE] ?? 'error').slice(0, 100);
}

export function kindOf({ name, attributes }: ViewedSpan): string {
  return attributeText(attributes[ATTR.GEN_AI_OPERATION_NAME] ?? name);
}

export function typeOf(span: ViewedSpan): 'agent' | 'tool' | 'model' | 'conversation' | 'other' {
  const { name, attributes } = span;
  const operation = attributeText(attributes[ATTR.GEN_AI_OPERATION_NAME] ?? '');
  if (/_agent$/.test(operation)) return 'agent';
  if (operation === 'execute_tool' || operation === 'retrieval') return 'tool';
  if (operation !== '' || isTranscription(span)) return 'model';
  return /^(thread|conversation|session|realtime|live)$/.test(name) ? 'conversation' : 'other';
}

/** The maximum length of a conversation's id, in UTF-16 units. Programs choose ids, so they can be long. */
const MAX_LISTED_LENGTH = 1000;

/** The spans of each conversation in a trace, by its id: the spans that have the id, and all spans below them. */
export function conversationSpans({ rows }: TraceTree): ReadonlyMap<string, readonly ViewedSpan[]> {
  const ids = new Map<ViewedSpan, string>();
  for (const { span, parent } of rows) {
    const id = conversationId(span) ?? (parent && ids.get(parent.span));
    if (id !== undefined) ids.set(span, id);
  }
  return groupBy(ids.keys(), (span) => ids.get(span) ?? '');
}

export function conversationId({ attributes }: ViewedSpan): string | undefined {
  return [ATTR.GEN_AI_CONVERSATION_ID, ATTR.OPENAI_THREAD_ID, ATTR.OPENAI_SESSION_ID]
    .map((name) => attributes[name])
    .find(
      (value): value is string =>
        typeof value === 'string' && value !== '' && value.length <= MAX_LISTED_LENGTH,
    );
}
