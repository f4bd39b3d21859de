import * as ATTR from '../semconv/attributes.ts';
import {
  attributeText,
  isRecord,
  parseShortJson,
  partContent,
  readMessages,
  type SpanMessage,
  type SpanPart,
} from './messages.ts';
import { toolExchange } from './span-content.ts';
import type { Row } from './tree.ts';
import { isTranscription, type ViewedSpan } from './viewed-span.ts';

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
      /** The span of the tool, or else of the model call that requested it. */
      readonly row: Row;
      readonly name: string;
      readonly input: unknown;
      readonly output: unknown;
      /** Whether the row is the tool's own span, not that of the model call. */
      readonly own: boolean;
    };

const CONVERSATIONS = new Set(['thread', 'conversation', 'session', 'realtime', 'live']);
const MODEL_CALLS: ReadonlySet<unknown> = new Set(['chat', 'text_completion', 'generate_content']);
const TOOL_CALLS: ReadonlySet<unknown> = new Set(['execute_tool', 'retrieval']);
/** Replaces content that cannot be read because its JSON was cut for the page. */
const CUT: readonly SpanPart[] = [{ type: 'cut' }];
/** The maximum number of parallel conversations in one scope. They are told apart by their first messages. */
const MAX_HISTORIES = 20;

/** Reads a trace as a conversation. The history that programs send with each call is shown once. */
export function transcriptOf(rows: readonly Row[]): TranscriptEntry[] {
  return new Transcript(rows).entries;
}

class Transcript {
  readonly entries: TranscriptEntry[] = [];
  /** The histories of each run or conversation so far: their messages as keys. */
  readonly #histories = new Map<Row | undefined, string[][]>();
  readonly #instructions = new Set<string>();
  readonly #ownTools = new Set<unknown>();
  /** Tool calls without a result, by id, then by answer. Some servers reuse ids, even within one answer. */
  readonly #unanswered = new Map<unknown, { output: unknown }[][]>();
  /** How often the user said each text in realtime sessions, by message key. It may also be a response's input. */
  readonly #transcribed = new Map<string, number>();
  readonly #open: Row[] = [];
  /** The run that each row belongs to, or else its outermost row. Walking up from every row would be quadratic. */
  readonly #scopes = new Map<Row, Row>();

  constructor(rows: readonly Row[]) {
    for (const { span } of rows) this.#lookAhead(span);
    for (const row of rows) {
      const { parent } = row;
      const isRun = parent?.span.attributes[ATTR.GEN_AI_OPERATION_NAME] === 'invoke_agent';
      this.#scopes.set(row, parent === undefined ? row : isRun ? parent : (this.#scopes.get(parent) ?? row));
      this.#closeRuns(row);
      this.#add(row);
    }
    this.#closeRuns(undefined);
  }

  #lookAhead(span: ViewedSpan): void {
    const { attributes } = span;
    if (isTranscription(span))
      for (const message of readMessages(attributes[ATTR.GEN_AI_OUTPUT_MESSAGES]) ?? [])
        this.#transcribed.set(
          transcriptKey(message),
          (this.#transcribed.get(transcriptKey(message)) ?? 0) + 1,
        );
    if (TOOL_CALLS.has(attributes[ATTR.GEN_AI_OPERATION_NAME]))
      this.#ownTools.add(attributes[ATTR.GEN_AI_TOOL_CALL_ID]);
  }

  #add(row: Row): void {
    const { span } = row;
    const operation = span.attributes[ATTR.GEN_AI_OPERATION_NAME];
    if (operation === 'invoke_agent' || (operation === undefined && CONVERSATIONS.has(span.name))) {
      this.entries.push({ kind: 'heading', row });
      if (operation === undefined) return;
      this.#addInstructions(row);
      this.#addInput(row, row);
      this.#open.push(row);
    } else if (MODEL_CALLS.has(operation)) {
      const scope = this.#scopes.get(row) ?? row;
      this.#addInstructions(row);
      this.#addInput(row, scope);
      this.#addOutput(row, scope, true);
    } else if (TOOL_CALLS.has(operation)) {
      this.#addTool(row);
    } else if (isTranscription(span)) {
      const [said] = messagesOf(row, ATTR.GEN_AI_OUTPUT_MESSAGES, 'user') ?? [];
      this.entries.push({ kind: 'message', row, role: 'user', parts: said?.parts ?? [], usage: true });
    }
  }

  #addInstructions(row: Row): void {
    const { attributes } = row.span;
    const text = attributes[ATTR.GEN_AI_SYSTEM_INSTRUCTIONS];
    const read = parseShortJson(text);
    const parts = Array.isArray(read) ? read.filter(isRecord) : CUT;
    const key = attributeText(parts);
    if (text === undefined || this.#instructions.has(key)) return;
    this.#instructions.add(key);
    this.entries.push({ kind: 'message', row, role: 'system', parts, usage: false });
  }

  /** Adds those input messages of a span that the history does not contain yet. */
  #addInput(row: Row, scope: Row | undefined): void {
    const messages = messagesOf(row, ATTR.GEN_AI_INPUT_MESSAGES, 'user');
    if (messages === undefined) return;
    const keys = messages.map(transcriptKey);
    const histories = this.#histories.get(scope) ?? [];
    const shared = histories.map((history) => sharedLength(history, keys));
    const longest = Math.max(0, ...shared);
    const going = longest > 0 ? shared.indexOf(longest) : -1;
    // The request repeats an earlier one, so only its last message is shown again.
    const again = longest > 0 && longest === keys.length && longest < (histories[going]?.length ?? 0);
    const known = again ? longest - 1 : longest;
    this.#histories.set(
      scope,
      [keys, ...histories.filter((_, i) => i !== going || again)].slice(0, MAX_HISTORIES),
    );
    for (const message of messages.slice(known)) {
      if (!this.#isTranscribed(message)) this.#addMessage(row, message.role, message.parts, false);
      for (const part of message.parts) if (part.type === 'tool_call_response') this.#answer(part);
    }
  }

  #answer(part: SpanPart): void {
    const left: { output: unknown }[][] = [];
    for (const [call, ...others] of this.#unanswered.get(part.id) ?? []) {
      if (call !== undefined) call.output = partContent(part);
      if (others.length > 0) left.push(others);
    }
    this.#unanswered.set(part.id, left);
  }

  /** Whether a message is shown as a transcript already. Each transcript stands for the input of one response only. */
  #isTranscribed(message: SpanMessage): boolean {
    const key = transcriptKey(message);
    const left = this.#transcribed.get(key) ?? 0;
    if (left > 0) this.#transcribed.set(key, left - 1);
    return left > 0;
  }

  #addOutput(row: Row, scope: Row | undefined, usage: boolean): void {
    const messages = messagesOf(row, ATTR.GEN_AI_OUTPUT_MESSAGES, 'assistant') ?? [];
    const [history] = this.#histories.get(scope) ?? [];
    for (const message of messages) history?.push(transcriptKey(message));
    messages.forEach(({ role, parts }, i) => {
      this.#addMessage(row, role, parts, usage && i === messages.length - 1);
    });
    if (messages.length === 0 && usage)
      this.entries.push({ kind: 'message', row, role: 'assistant', parts: [], usage: true });
  }

  #addMessage(row: Row, role: string, parts: readonly SpanPart[], usage: boolean): void {
    const calls = parts.filter(({ type }) => type === 'tool_call');
    // Tool calls and their results become entries of their own.
    const said = parts.filter(({ type }) => type !== 'tool_call' && type !== 'tool_call_response');
    if (said.length > 0 || usage) this.entries.push({ kind: 'message', row, role, parts: said, usage });
    const asked = new Map<unknown, { output: unknown }[]>();
    for (const { id, name, arguments: input } of calls) {
      if (this.#ownTools.has(id)) continue;
      const call = {
        kind: 'tool' as const,
        row,
        name: attributeText(name ?? 'tool'),
        input,
        output: undefined,
        own: false,
      };
      this.entries.push(call);
      asked.set(id, [...(asked.get(id) ?? []), call]);
    }
    for (const [id, entries] of asked)
      this.#unanswered.set(id, [...(this.#unanswered.get(id) ?? []), entries]);
  }

  #addTool(row: Row): void {
    const { name, attributes } = row.span;
    this.entries.push({
      kind: 'tool',
      row,
      name: attributeText(attributes[ATTR.GEN_AI_TOOL_NAME] ?? name),
      ...toolExchange(attributes),
      own: true,
    });
  }

  /** Adds the output of finished runs, except messages that their steps have added already. */
  #closeRuns(next: Row | undefined): void {
    // Rows are in depth-first order, so a run ends at the first row that is not below it.
    const depth = next?.depth ?? 0;
    for (let run = this.#open.at(-1); run !== undefined && depth <= run.depth; run = this.#open.at(-1)) {
      this.#open.pop();
      const output = messagesOf(run, ATTR.GEN_AI_OUTPUT_MESSAGES, 'assistant') ?? [];
      const seen = new Set(this.#histories.get(run)?.flat());
      const unseen = output.filter((message) => !seen.has(transcriptKey(message)));
      for (const { role, parts } of unseen) this.#addMessage(run, role, parts, false);
    }
  }
}

/** The messages in an attribute. A value that cannot be read counts as one message of the given role. */
function messagesOf({ span }: Row, name: string, role: string): SpanMessage[] | undefined {
  const value = span.attributes[name];
  return readMessages(value) ?? (value === undefined ? undefined : [{ role, parts: CUT }]);
}

/** A key for a message. Citations are left out, because a program may drop them when it sends an answer back. */
function transcriptKey({ role, parts }: SpanMessage): string {
  return role + attributeText(parts.filter(({ type }) => type !== 'citations'));
}

function sharedLength(a: readonly string[], b: readonly string[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}
