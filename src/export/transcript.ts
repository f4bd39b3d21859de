import { isRecord, parseShortJson, partContent, readMessages, type SpanMessage } from './messages.ts';
import { attributeText } from './span-details.ts';
import type { FinishedSpan, Row } from './tree.ts';

type TranscriptPart = SpanMessage['parts'][number];

/** What a conversation is shown as, in order. */
export type TranscriptEntry =
  /** A conversation, or a run or turn in it, begins. */
  | { readonly kind: 'heading'; readonly row: Row }
  /** Somebody says something; nothing is known of it where no content was recorded. */
  | {
      readonly kind: 'message';
      readonly row: Row;
      readonly role: string;
      readonly parts: readonly TranscriptPart[];
      /** The last of what a call of the model gave: its tokens and cost belong here. */
      readonly usage: boolean;
    }
  | {
      readonly kind: 'tool';
      /** The tool's own span, or that of the call of the model that asked for it where it has none. */
      readonly row: Row;
      readonly name: string;
      readonly input: unknown;
      readonly output: unknown;
      /** The row is the tool's own. */
      readonly own: boolean;
    };

const CONVERSATIONS = new Set(['thread', 'conversation', 'session']);
const MODEL_CALLS: ReadonlySet<unknown> = new Set(['chat', 'text_completion', 'generate_content']);
const TOOL_CALLS: ReadonlySet<unknown> = new Set(['execute_tool', 'retrieval']);
/** Stands for what cannot be read, as its JSON was cut for the page. */
const CUT: readonly TranscriptPart[] = [{ type: 'cut' }];
/** Conversations that go on side by side in one scope and are told apart by how they began. */
const MAX_HISTORIES = 20;

/**
 * Reads a trace as the conversation that it is. Programs send the history of a conversation again with each call; it
 * is shown once.
 */
export function transcriptOf(rows: readonly Row[]): TranscriptEntry[] {
  return new Transcript(rows).entries;
}

class Transcript {
  readonly entries: TranscriptEntry[] = [];
  /** What was said so far, as keys of messages, in the run or conversation that a row stands for. */
  readonly #histories = new Map<Row | undefined, string[][]>();
  readonly #instructions = new Set<string>();
  /** Ids of tool calls that have a span of their own. */
  readonly #ownTools = new Set<unknown>();
  /** What tools have answered, by the id of the call. */
  readonly #answers = new Map<unknown, unknown>();
  /** Runs whose last words are still to come. */
  readonly #open: Row[] = [];
  readonly #places = new Map<Row, TranscriptPlace>();

  constructor(rows: readonly Row[]) {
    for (const { node } of rows) this.#lookAhead(node.span);
    for (const row of rows) {
      this.#places.set(row, placeOf(row, this.#places));
      this.#closeRuns(row);
      this.#add(row);
    }
    this.#closeRuns(undefined);
  }

  #lookAhead({ attributes }: FinishedSpan): void {
    if (TOOL_CALLS.has(attributes['gen_ai.operation.name']))
      this.#ownTools.add(attributes['gen_ai.tool.call.id']);
    for (const { parts } of readMessages(attributes['gen_ai.input.messages']) ?? [])
      for (const part of parts)
        if (part.type === 'tool_call_response') this.#answers.set(part.id, partContent(part));
  }

  #add(row: Row): void {
    const { span } = row.node;
    const operation = span.attributes['gen_ai.operation.name'];
    if (operation === 'invoke_agent' || (operation === undefined && CONVERSATIONS.has(span.name))) {
      this.entries.push({ kind: 'heading', row });
      if (operation === undefined) return;
      this.#addInstructions(row);
      this.#addInput(row, row);
      this.#open.push(row);
    } else if (MODEL_CALLS.has(operation)) {
      const scope = this.#places.get(row)?.scope ?? row;
      this.#addInstructions(row);
      this.#addInput(row, scope);
      this.#addOutput(row, scope, true);
    } else if (TOOL_CALLS.has(operation)) {
      this.#addTool(row);
    }
  }

  #addInstructions(row: Row): void {
    const { attributes } = row.node.span;
    const text = attributes['gen_ai.system_instructions'];
    const read = parseShortJson(text);
    const parts = Array.isArray(read) ? read.filter(isRecord) : CUT;
    const key = attributeText(parts);
    if (text === undefined || this.#instructions.has(key)) return;
    this.#instructions.add(key);
    this.entries.push({ kind: 'message', row, role: 'system', parts, usage: false });
  }

  /** Shows what the history does not have yet. */
  #addInput(row: Row, scope: Row | undefined): void {
    const messages = messagesOf(row, 'gen_ai.input.messages', 'user');
    if (messages === undefined) return;
    const keys = messages.map(transcriptKey);
    const histories = this.#histories.get(scope) ?? [];
    const shared = histories.map((history) => sharedLength(history, keys));
    const longest = Math.max(0, ...shared);
    const going = longest > 0 ? shared.indexOf(longest) : -1;
    // What was asked before and is asked again is shown again, without what led to it.
    const again = longest > 0 && longest === keys.length && longest < (histories[going]?.length ?? 0);
    const known = again ? longest - 1 : longest;
    this.#histories.set(
      scope,
      [keys, ...histories.filter((_, i) => i !== going || again)].slice(0, MAX_HISTORIES),
    );
    for (const { role, parts } of messages.slice(known)) this.#addMessage(row, role, parts, false);
  }

  #addOutput(row: Row, scope: Row | undefined, usage: boolean): void {
    const messages = messagesOf(row, 'gen_ai.output.messages', 'assistant') ?? [];
    const [history] = this.#histories.get(scope) ?? [];
    for (const message of messages) history?.push(transcriptKey(message));
    messages.forEach(({ role, parts }, i) => {
      this.#addMessage(row, role, parts, usage && i === messages.length - 1);
    });
    if (messages.length === 0 && usage)
      this.entries.push({ kind: 'message', row, role: 'assistant', parts: [], usage: true });
  }

  #addMessage(row: Row, role: string, parts: readonly TranscriptPart[], usage: boolean): void {
    const calls = parts.filter(({ type }) => type === 'tool_call');
    // Calls and answers of tools are shown as tools.
    const said = parts.filter(({ type }) => type !== 'tool_call' && type !== 'tool_call_response');
    if (said.length > 0 || usage) this.entries.push({ kind: 'message', row, role, parts: said, usage });
    for (const { id, name, arguments: input } of calls) {
      if (this.#ownTools.has(id)) continue;
      this.entries.push({
        kind: 'tool',
        row,
        name: attributeText(name ?? 'tool'),
        input,
        output: this.#answers.get(id),
        own: false,
      });
    }
  }

  #addTool(row: Row): void {
    const { name, attributes } = row.node.span;
    const read = (...names: string[]): unknown =>
      names.map((each) => attributes[each]).find((value) => value !== undefined);
    this.entries.push({
      kind: 'tool',
      row,
      name: attributeText(attributes['gen_ai.tool.name'] ?? name),
      input: read('gen_ai.tool.call.arguments', 'gen_ai.retrieval.query.text'),
      output: read('gen_ai.tool.call.result', 'gen_ai.retrieval.documents'),
      own: true,
    });
  }

  #depthOf(row: Row): number {
    return this.#places.get(row)?.depth ?? 0;
  }

  /** What a run gave is shown where none of its steps has shown it. */
  #closeRuns(next: Row | undefined): void {
    // Rows come in depth-first order, so a run ends at the first row that is not deeper than it.
    const depth = next === undefined ? 0 : this.#depthOf(next);
    for (
      let run = this.#open.at(-1);
      run !== undefined && depth <= this.#depthOf(run);
      run = this.#open.at(-1)
    ) {
      this.#open.pop();
      const output = messagesOf(run, 'gen_ai.output.messages', 'assistant') ?? [];
      const seen = new Set(this.#histories.get(run)?.flat());
      const unseen = output.filter((message) => !seen.has(transcriptKey(message)));
      for (const { role, parts } of unseen) this.#addMessage(run, role, parts, false);
    }
  }
}

/** Where a row is in its tree, computed from its parent's place: walking up from every row is quadratic in a deep trace. */
interface TranscriptPlace {
  readonly depth: number;
  /** The run that the row belongs to, or else the outermost row. */
  readonly scope: Row;
}

function placeOf(row: Row, known: ReadonlyMap<Row, TranscriptPlace>): TranscriptPlace {
  const { parent } = row;
  const above = parent && known.get(parent);
  if (parent === undefined || above === undefined) return { depth: 0, scope: row };
  const isRun = parent.node.span.attributes['gen_ai.operation.name'] === 'invoke_agent';
  return { depth: above.depth + 1, scope: isRun ? parent : above.scope };
}

/** What was too long, and can be read in its span alone, is the message of somebody nevertheless. */
function messagesOf({ node }: Row, name: string, role: string): SpanMessage[] | undefined {
  const value = node.span.attributes[name];
  return readMessages(value) ?? (value === undefined ? undefined : [{ role, parts: CUT }]);
}

function transcriptKey({ role, parts }: SpanMessage): string {
  return role + attributeText(parts);
}

function sharedLength(a: readonly string[], b: readonly string[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}
