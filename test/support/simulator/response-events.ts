import type { Item } from './response-items.ts';
import { PIXEL } from './response-items.ts';
import { tokens, words } from './tokens.ts';

/** An event of a response's stream, before it is numbered. */
interface Event {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** The same as it is sent. */
export interface NumberedEvent extends Event {
  readonly sequence_number: number;
}

/**
 * All events of a response, numbered from 0: created, (queued,) in progress, those of each item, and the end with
 * the whole response.
 *
 * @param response as it is when it has ended
 * @param queued whether it waited before it began, as in the background
 */
export function responseEvents(response: Record<string, unknown>, queued: boolean): NumberedEvent[] {
  const started = {
    ...response,
    completed_at: null,
    error: null,
    incomplete_details: null,
    output: [],
    usage: null,
  };
  const events: Event[] = [
    { type: 'response.created', response: { ...started, status: queued ? 'queued' : 'in_progress' } },
    ...(queued ? [{ type: 'response.queued', response: { ...started, status: 'queued' } }] : []),
    { type: 'response.in_progress', response: { ...started, status: 'in_progress' } },
    ...(response.output as Item[]).flatMap(itemEvents),
    { type: `response.${String(response.status)}`, response },
  ];
  return events.map((event, index) => ({ ...event, sequence_number: index }));
}

/** What an item looks like when it is added: without what comes in pieces. */
const OPENINGS: Readonly<Record<string, object>> = {
  message: { content: [] },
  reasoning: { summary: [] },
  function_call: { arguments: '' },
  custom_tool_call: { input: '' },
  mcp_call: { arguments: '', output: null },
  mcp_list_tools: { tools: [] },
  code_interpreter_call: { code: '', outputs: null },
  image_generation_call: { result: null },
  file_search_call: { results: null },
};

function itemEvents(item: Item, index: number): Event[] {
  const place = { output_index: index };
  const opening = { ...item, ...OPENINGS[item.type] };
  const added = item.status === undefined ? opening : { ...opening, status: 'in_progress' };
  return [
    { type: 'response.output_item.added', ...place, item: added },
    ...(PIECES[item.type]?.(item).map((event) => ({ ...event, ...place, item_id: item.id })) ?? []),
    { type: 'response.output_item.done', ...place, item },
  ];
}

/** The events between an item's first and last, by its type. */
const PIECES: Readonly<Record<string, (item: Item) => Event[]>> = {
  message: (item) => (item.content as Part[]).flatMap(messagePartEvents),
  reasoning: (item) => [
    ...(item.summary as Part[]).flatMap(summaryEvents),
    ...((item.content as Part[] | undefined) ?? []).flatMap(thoughtEvents),
  ],
  function_call: (item) =>
    textEvents('response.function_call_arguments', 'arguments', String(item.arguments), { name: item.name }),
  custom_tool_call: (item) => textEvents('response.custom_tool_call_input', 'input', String(item.input)),
  web_search_call: hostedEvents('searching'),
  file_search_call: hostedEvents('searching'),
  code_interpreter_call: (item) => [
    { type: 'response.code_interpreter_call.in_progress' },
    ...textEvents('response.code_interpreter_call_code', 'code', String(item.code)),
    { type: 'response.code_interpreter_call.interpreting' },
    { type: 'response.code_interpreter_call.completed' },
  ],
  image_generation_call: () => [
    { type: 'response.image_generation_call.in_progress' },
    { type: 'response.image_generation_call.generating' },
    {
      type: 'response.image_generation_call.partial_image',
      partial_image_b64: PIXEL,
      partial_image_index: 0,
    },
    { type: 'response.image_generation_call.completed' },
  ],
  mcp_list_tools: () => [
    { type: 'response.mcp_list_tools.in_progress' },
    { type: 'response.mcp_list_tools.completed' },
  ],
  mcp_call: (item) => [
    { type: 'response.mcp_call.in_progress' },
    ...textEvents('response.mcp_call_arguments', 'arguments', String(item.arguments)),
    { type: `response.mcp_call.${item.status === 'failed' ? 'failed' : 'completed'}` },
  ],
};

interface Part {
  readonly type: string;
  readonly text?: string;
  readonly refusal?: string;
  readonly annotations?: readonly unknown[];
}

function messagePartEvents(part: Part, index: number): Event[] {
  const place = { content_index: index };
  const empty = part.type === 'refusal' ? { refusal: '' } : { text: '', annotations: [] };
  const annotations = (part.annotations ?? []).map((annotation, annotationIndex) => ({
    type: 'response.output_text.annotation.added',
    annotation,
    annotation_index: annotationIndex,
  }));
  const pieces =
    part.type === 'refusal'
      ? textEvents('response.refusal', 'refusal', part.refusal ?? '')
      : textEvents('response.output_text', 'text', part.text ?? '', { logprobs: [] });
  return [
    { type: 'response.content_part.added', part: { ...part, ...empty } },
    ...pieces,
    ...annotations,
    { type: 'response.content_part.done', part },
  ].map((event) => ({ ...event, ...place }));
}

function summaryEvents(part: Part, index: number): Event[] {
  return [
    { type: 'response.reasoning_summary_part.added', part: { ...part, text: '' } },
    ...textEvents('response.reasoning_summary_text', 'text', part.text ?? ''),
    { type: 'response.reasoning_summary_part.done', part },
  ].map((event) => ({ ...event, summary_index: index }));
}

function thoughtEvents(part: Part, index: number): Event[] {
  return textEvents('response.reasoning_text', 'text', part.text ?? '').map((event) => ({
    ...event,
    content_index: index,
  }));
}

/** A text in pieces, and then as a whole under the name its item or part has it. */
function textEvents(prefix: string, name: string, text: string, more: object = {}): Event[] {
  const pieces = name === 'text' || name === 'refusal' ? words(text) : tokens(text);
  return [
    ...pieces.map((delta) => ({
      type: `${prefix}.delta`,
      delta,
      ...(prefix === 'response.output_text' && more),
    })),
    { type: `${prefix}.done`, [name]: text, ...more },
  ];
}

function hostedEvents(work: string): (item: Item) => Event[] {
  return ({ type }) =>
    ['in_progress', work, 'completed'].map((moment) => ({ type: `response.${type}.${moment}` }));
}
