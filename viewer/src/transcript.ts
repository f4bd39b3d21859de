import {
  attributeText,
  partContent,
  readMessages,
  readParts,
  type SpanMessage,
  type SpanPart,
} from './messages.ts';
import * as ATTR from './semconv/attributes.ts';
import { exchangeOf } from './span-content.ts';
import { groupBy, type Row } from './tree.ts';
import { conversationId, isHosted, isTranscription, typeOf, type ViewedSpan } from './viewed-span.ts';

export type TranscriptEntry =
  | { readonly kind: 'heading'; readonly row: Row }
  /** A message. It has no parts if its content was not recorded. */
  | {
      readonly kind: 'message';
      readonly row: Row;
      readonly role: string;
      readonly parts: readonly SpanPart[];
      /** Whether this is the last output message of a model call. It shows the tokens and cost of the call. */
      readonly usage: boolean;
    }
  | {
      readonly kind: 'tool';
      /** The span of the tool or function, or else of the model call that requested it. */
      readonly row: Row;
      readonly name: string;
      readonly id: unknown;
      readonly input: unknown;
      readonly output: unknown;
      readonly own: boolean;
    };

/** The model calls of a conversation. A moderation only repeats what is said in it. */
const MODEL_CALLS: ReadonlySet<unknown> = new Set([
  'chat',
  'decide',
  'generate_content',
  'speech_to_text',
  'text_completion',
  'text_to_speech',
]);
/** Replaces content that cannot be read. Most likely, its JSON was cut for the page. */
const CUT: readonly SpanPart[] = [{ type: 'cut' }];

/** What a scope has shown: how often each message, by its key, and which message last. */
interface ScopeMemory {
  readonly times: Map<string, number>;
  readonly last: string;
}

/**
 * Reads a trace as a conversation. The history that programs send with each call is shown once.
 *
 * @param scopeOfTrace the scope of an outermost row, if several traces have one
 */
export function transcriptOf(
  rows: readonly Row[],
  scopeOfTrace: (outermost: Row) => unknown = () => undefined,
): TranscriptEntry[] {
  return new Transcript(rows, scopeOfTrace).entries;
}

class Transcript {
  readonly entries: TranscriptEntry[] = [];
  readonly #said = new Map<unknown, ScopeMemory>();
  readonly #ownTools: ReadonlySet<unknown>;
  /** The tool calls without a result. If a server reuses an id, the calls of the latest message count. */
  readonly #unanswered = new Map<unknown, { output: unknown }[]>();
  /** The runs that contain the current row. */
  readonly #open: Row[] = [];
  /**
   * The scope of each row: its conversation's id, its run, or else its outermost row. What is sent again in
   * one scope is not shown again. Without this map, walking up from every row would take quadratic time.
   */
  readonly #scopes = new Map<Row, unknown>();
  readonly #scopeOfTrace: (outermost: Row) => unknown;

  constructor(all: readonly Row[], scopeOfTrace: (outermost: Row) => unknown) {
    this.#scopeOfTrace = scopeOfTrace;
    const rows = all.filter(({ span }) => !isHosted(span));
    const tools = rows.filter(({ span }) => typeOf(span) === 'tool');
    this.#ownTools = new Set(tools.map(({ span }) => span.attributes[ATTR.GEN_AI_TOOL_CALL_ID]));
    for (const row of rows) {
      this.#scopes.set(row, this.#scopeOf(row));
      this.#closeRuns(row);
      this.#add(row);
    }
    this.#closeRuns(undefined);
  }

  #scopeOf(row: Row): unknown {
    const { span, parent } = row;
    if (typeOf(span) === 'conversation') return conversationId(span) ?? row;
    // A run directly below a conversation has the whole conversation as its input.
    const isApart = operationIn(span) === 'invoke_agent' && parent && typeOf(parent.span) !== 'conversation';
    if (isApart) return row;
    return this.#scopes.get(parent ?? row) ?? this.#scopeOfTrace(row) ?? row;
  }

  #add(row: Row): void {
    const { name, attributes } = row.span;
    const operation = operationIn(row.span);
    const type = typeOf(row.span);
    if (type === 'conversation') this.entries.push({ kind: 'heading', row });
    else if (operation === 'invoke_agent') {
      this.entries.push({ kind: 'heading', row });
      this.#addInput(row);
      this.#open.push(row);
    } else if (isTranscription(row.span)) {
      const [said] = messagesOf(row, ATTR.GEN_AI_OUTPUT_MESSAGES, 'user');
      this.#addMessage(row, { role: 'user', parts: [], ...said }, true);
    } else if (MODEL_CALLS.has(operation)) {
      this.#addInput(row);
      this.#addOutput(row);
    } else if (type === 'tool') {
      this.#addExchange(row, attributeText(attributes[ATTR.GEN_AI_TOOL_NAME] ?? name));
    } else {
      const { input, output } = exchangeOf(attributes);
      if ((input ?? output) !== undefined) this.#addExchange(row, name);
      this.#addInput(row);
      for (const message of messagesOf(row, ATTR.GEN_AI_OUTPUT_MESSAGES, 'assistant'))
        this.#addMessage(row, message, false);
    }
  }

  #addExchange(row: Row, name: string): void {
    const { attributes } = row.span;
    const id = attributes[ATTR.GEN_AI_TOOL_CALL_ID];
    this.entries.push({ kind: 'tool', row, name, id, ...exchangeOf(attributes), own: true });
  }

  #addInput(row: Row): void {
    const { [ATTR.GEN_AI_SYSTEM_INSTRUCTIONS]: instructions } = row.span.attributes;
    const system =
      instructions === undefined ? [] : [{ role: 'system', parts: readParts(instructions) ?? CUT }];
    const input = messagesOf(row, ATTR.GEN_AI_INPUT_MESSAGES, 'user');
    for (const message of [...this.#newIn(row, system), ...this.#newIn(row, input)])
      this.#addMessage(row, message, false);
  }

  #addOutput(row: Row): void {
    const messages = messagesOf(row, ATTR.GEN_AI_OUTPUT_MESSAGES, 'assistant');
    const shown = messages.length > 0 ? messages : [{ role: 'assistant', parts: [] }];
    shown.forEach((message, i) => {
      this.#addMessage(row, message, i === shown.length - 1);
    });
  }

  #note(row: Row, key: string): void {
    const scope = this.#scopes.get(row);
    const { times } = this.#said.get(scope) ?? { times: new Map<string, number>() };
    times.set(key, (times.get(key) ?? 0) + 1);
    this.#said.set(scope, { times, last: key });
  }

  /**
   * The messages that are not shown yet: if one occurs three times and was shown twice, the third. If none is new, but
   * something else was said after the last one, that was said again.
   */
  #newIn(row: Row, messages: readonly SpanMessage[]): SpanMessage[] {
    const { times, last } = this.#said.get(this.#scopes.get(row)) ?? {};
    const numbers = new Map<string, number>();
    const found = messages.filter((message) => {
      const key = transcriptKey(message);
      const number = (numbers.get(key) ?? 0) + 1;
      numbers.set(key, number);
      return number > (times?.get(key) ?? 0);
    });
    return found.length > 0
      ? found
      : messages.slice(-1).filter((message) => message.role !== 'system' && transcriptKey(message) !== last);
  }

  #addMessage(row: Row, message: SpanMessage, usage: boolean): void {
    const { role, parts } = message;
    // A missing answer is no message: what is asked again after it is not new.
    if (parts.length > 0) this.#note(row, transcriptKey(message));
    // Tool calls and their results become entries of their own.
    const said = parts.filter(({ type }) => type !== 'tool_call' && type !== 'tool_call_response');
    if (said.length > 0 || usage) this.entries.push({ kind: 'message', row, role, parts: said, usage });
    const calls = parts.filter(({ type, id }) => type === 'tool_call' && !this.#ownTools.has(id));
    const asked = calls.map(({ id, name, arguments: input }) => {
      const call = { name: attributeText(name ?? 'tool'), input, output: undefined };
      return { id, kind: 'tool' as const, row, ...call, own: false };
    });
    this.entries.push(...asked);
    for (const [id, same] of groupBy(asked, (call) => call.id)) this.#unanswered.set(id, same);
    for (const part of parts.filter(({ type }) => type === 'tool_call_response'))
      Object.assign(this.#unanswered.get(part.id)?.shift() ?? {}, { output: partContent(part) });
  }

  /** Adds the output of finished runs, except messages that their steps have added already. */
  #closeRuns(next: Row | undefined): void {
    // Rows are in depth-first order, so a run ends at the first row that is not below it.
    const depth = next?.depth ?? 0;
    const ended = this.#open.splice(this.#open.findLastIndex((run) => run.depth < depth) + 1);
    for (const run of ended.reverse()) {
      const input = messagesOf(run, ATTR.GEN_AI_INPUT_MESSAGES, 'user');
      const output = messagesOf(run, ATTR.GEN_AI_OUTPUT_MESSAGES, 'assistant');
      // The input may contain earlier answers that are the same.
      const found = new Set(this.#newIn(run, [...input, ...output]));
      for (const message of output) if (found.has(message)) this.#addMessage(run, message, false);
    }
  }
}

function operationIn({ attributes }: ViewedSpan): unknown {
  return attributes[ATTR.GEN_AI_OPERATION_NAME];
}

/** The messages in an attribute. A value that cannot be read counts as one message of the given role. */
function messagesOf({ span }: Row, name: string, role: string): SpanMessage[] {
  const value = span.attributes[name];
  return readMessages(value) ?? (value === undefined ? [] : [{ role, parts: CUT }]);
}

/** A key for a message. Citations are left out, because a program may drop them when it sends an answer back. */
function transcriptKey({ role, parts }: SpanMessage): string {
  return role + attributeText(parts.filter(({ type }) => type !== 'citations'));
}
