import * as ATTR from '../../semconv/attributes.ts';
import {
  dollars,
  estimatedTokens,
  explainedCost,
  formatDuration,
  grouped,
  isNumber,
  tokens,
} from '../amounts.ts';
import { evaluationsOf, evaluationText } from '../evaluations.ts';
import { isRecord, parseShortJson, readMessages, type SpanMessage } from '../messages.ts';
import type { ShownSpan } from '../page-span.ts';
import { attributeText } from '../span-details.ts';
import { toolExchange } from '../transcript.ts';
import { isFailed } from '../viewed-trace.ts';
import { firstChunkText } from './bar.ts';
import { element } from './element.ts';
import { partBlock, toolBlock } from './parts.ts';

/** Messages of a span that are shown, the newest. Its attributes have all of them. */
const MAX_SHOWN_MESSAGES = 50;
/** The same for the parts of one message. */
const MAX_SHOWN_PARTS = 50;
/** The same for its evaluations. */
const MAX_LISTED_EVALUATIONS = 50;

/** What a span did, in words and numbers: for a model call its tokens, its cost and how it ended. */
export function factsOf(span: ShownSpan): HTMLElement {
  const { attributes } = span;
  const finish = attributes[ATTR.GEN_AI_RESPONSE_FINISH_REASONS];
  const model = attributes[ATTR.GEN_AI_RESPONSE_MODEL] ?? attributes[ATTR.GEN_AI_REQUEST_MODEL];
  const facts: readonly (readonly [label: string, value: string | undefined])[] = [
    ['Model', textOf(model)],
    ['Tokens', tokensIn(attributes)],
    ['Cached', countText(attributes[ATTR.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS])],
    ['Reasoning', countText(attributes[ATTR.GEN_AI_USAGE_REASONING_OUTPUT_TOKENS])],
    [
      'Cost',
      dollars(attributes[ATTR.OPENAI_COST]) ??
        explainedCost(attributes[ATTR.OPENAI_TOTAL_COST], attributes[ATTR.OPENAI_TOTAL_UNPRICED]),
    ],
    ['Duration', formatDuration(span.startTime, span.endTime)],
    ['First chunk', firstChunkText(attributes[ATTR.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK])],
    ['Finish', Array.isArray(finish) ? finish.map(attributeText).join(', ').slice(0, 200) : textOf(finish)],
    ['Run', textOf(attributes[ATTR.OPENAI_RUN_STATUS])],
  ];
  return element(
    'dl',
    { class: 'facts' },
    ...facts
      .filter(([, value]) => value !== undefined)
      .map(([label, value]) => element('div', {}, element('dt', {}, label), element('dd', {}, value))),
  );
}

/** What went wrong. */
export function failureBlock(span: ShownSpan): HTMLElement | undefined {
  if (!isFailed(span)) return undefined;
  const { message } = span.status;
  return element(
    'p',
    { class: 'failed-with' },
    element('strong', {}, attributeText(span.attributes[ATTR.ERROR_TYPE] ?? 'error').slice(0, 100)),
    message ? ` ${message.slice(0, 2000)}` : '',
  );
}

export function evaluationList(span: ShownSpan): HTMLElement | undefined {
  const evaluations = evaluationsOf(span.events);
  if (evaluations.length === 0) return undefined;
  return element(
    'ul',
    { class: 'evaluations', 'aria-label': 'Evaluations' },
    evaluations
      .slice(0, MAX_LISTED_EVALUATIONS)
      .map((each) =>
        element(
          'li',
          {},
          element('span', { class: 'evaluation' }, evaluationText(each).slice(0, 200)),
          each.explanation === undefined ? '' : ` ${each.explanation.slice(0, 2000)}`,
        ),
      ),
  );
}

/** The messages of a span, or the arguments and the result of a tool call, if content was recorded. */
export function contentOf({ attributes }: ShownSpan): HTMLElement[] {
  const { input, output } = toolExchange(attributes);
  const content = input === undefined && output === undefined ? [] : [toolBlock(input, output)];
  const instructions = parseShortJson(attributes[ATTR.GEN_AI_SYSTEM_INSTRUCTIONS]);
  if (Array.isArray(instructions))
    content.push(
      folded('Instructions', instructions.filter(isRecord).slice(0, MAX_SHOWN_PARTS).map(partBlock)),
    );
  const inputMessages = shownMessages(attributes[ATTR.GEN_AI_INPUT_MESSAGES]);
  // What came before the last message is history.
  const history = inputMessages.slice(-MAX_SHOWN_MESSAGES, -1);
  if (history.length > 0)
    content.push(
      folded(
        `${grouped(inputMessages.length - 1)} earlier ${inputMessages.length === 2 ? 'message' : 'messages'}`,
        history.map(messageBlock),
      ),
    );
  content.push(...inputMessages.slice(-1).map(messageBlock));
  const outputMessages = shownMessages(attributes[ATTR.GEN_AI_OUTPUT_MESSAGES]);
  content.push(...outputMessages.slice(0, MAX_SHOWN_MESSAGES).map(messageBlock));
  if (content.length === 0 && attributes[ATTR.GEN_AI_OPERATION_NAME] !== undefined)
    content.push(element('p', { class: 'dim' }, 'No content was recorded.'));
  return content;
}

/** Messages that were cut for the page are shown as their text. */
function shownMessages(value: unknown): SpanMessage[] {
  if (value === undefined) return [];
  return readMessages(value) ?? [{ role: '', parts: [{ type: 'text', content: value }] }];
}

function messageBlock({ role, parts }: SpanMessage): HTMLElement {
  const isUser = role === 'user';
  return element(
    'div',
    { class: `said ${isUser ? 'by-user' : ''}` },
    element('span', { class: 'speaker' }, role === '' ? 'message' : role.slice(0, 100)),
    ...parts.slice(0, MAX_SHOWN_PARTS).map((part) => callBlock(part) ?? partBlock(part)),
  );
}

/** A tool call in a message: the name of the tool, and what it is called with. */
function callBlock(part: SpanMessage['parts'][number]): HTMLElement | undefined {
  if (part.type === 'tool_call')
    return element(
      'div',
      { class: 'call' },
      element('strong', {}, `calls ${attributeText(part.name ?? 'tool').slice(0, 200)}`),
      toolBlock(part.arguments, undefined),
    );
  if (part.type !== 'tool_call_response') return undefined;
  return element(
    'div',
    { class: 'call' },
    toolBlock(undefined, part.response ?? part.result ?? part.content),
  );
}

function folded(label: string, content: readonly HTMLElement[]): HTMLElement {
  return element('details', { class: 'said' }, element('summary', {}, label), content);
}

function tokensIn(attributes: ShownSpan['attributes']): string | undefined {
  const shown =
    tokens(attributes[ATTR.GEN_AI_USAGE_INPUT_TOKENS], attributes[ATTR.GEN_AI_USAGE_OUTPUT_TOKENS]) ??
    tokens(attributes[ATTR.OPENAI_TOTAL_INPUT_TOKENS], attributes[ATTR.OPENAI_TOTAL_OUTPUT_TOKENS]) ??
    estimatedTokens(attributes[ATTR.OPENAI_USAGE_ESTIMATED_OUTPUT_TOKENS]);
  return shown?.replace(' tokens', '');
}

function countText(value: unknown): string | undefined {
  return isNumber(value) && value > 0 ? grouped(value) : undefined;
}

function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : attributeText(value).slice(0, 200);
}
