import { type Attributes, type Context, INVALID_SPAN_CONTEXT, trace } from '@opentelemetry/api';
import { recordsContentOnEvents } from '../../config/config.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { EVENT_GEN_AI_EVALUATION_RESULT } from '../../semconv/events.ts';
import { cut, searchedStart } from '../../util/cut-text.ts';
import { guard } from '../../util/guard.ts';
import { pickAttributes } from '../../util/otel-api.ts';
import { newCompletion } from '../content/content-record.ts';
import { withoutSecrets } from '../content/credentials.ts';
import {
  EVALUATION_ATTRIBUTES,
  type EvaluatedSpan,
  findEvaluated,
  mayBeOfAnother,
} from '../evaluated-spans.ts';
import { isInsideHook } from '../program-hooks.ts';
import type { Telemetry } from '../telemetry.ts';

/** What an evaluation is about. The first of these ids that is given decides which span it belongs to. */
export interface EvaluatedIds {
  readonly responseId: string | undefined;
  readonly runId: string | undefined;
  readonly threadId: string | undefined;
  readonly conversationId: string | undefined;
}

export interface EvaluationResult extends EvaluatedIds {
  readonly name: string;
  readonly score: number | undefined;
  readonly label: string | undefined;
  readonly explanation: string | undefined;
}

/** Characters of a name or label. */
const MAX_EVALUATION_NAME_LENGTH = 256;

/**
 * Emits the result of an evaluation as a log record. It belongs to the span that it is about, or to no span where that is
 * not known: never to the span that is active, which is about something else.
 */
export function emitEvaluation(
  telemetry: Telemetry,
  result: EvaluationResult,
  active: Context,
  time: number,
): void {
  const about = evaluatedSpan(result);
  const context = about === undefined ? trace.deleteSpan(active) : trace.setSpanContext(active, about.span);
  if (!telemetry.events.wanted(EVENT_GEN_AI_EVALUATION_RESULT, context)) return;
  const { name, score, label, explanation } = result;
  const attributes: Attributes = idAttributes(result, about);
  attributes[ATTR.GEN_AI_EVALUATION_NAME] = cut(name, MAX_EVALUATION_NAME_LENGTH);
  if (score !== undefined) attributes[ATTR.GEN_AI_EVALUATION_SCORE_VALUE] = score;
  if (label !== undefined)
    attributes[ATTR.GEN_AI_EVALUATION_SCORE_LABEL] = cut(label, MAX_EVALUATION_NAME_LENGTH);
  if (explanation !== undefined) addExplanation(telemetry, attributes, explanation, context);
  telemetry.events.emit({ name: EVENT_GEN_AI_EVALUATION_RESULT, context, attributes, time });
  telemetry.sendAtEnd();
}

function evaluatedSpan({
  responseId,
  runId,
  threadId,
  conversationId,
}: EvaluatedIds): EvaluatedSpan | undefined {
  if (responseId !== undefined)
    return mayBeOfAnother(responseId) ? undefined : findEvaluated('response', responseId);
  if (runId !== undefined) return findEvaluated('run', runId);
  const id = threadId ?? conversationId;
  return id === undefined ? undefined : findEvaluated('conversation', id);
}

/** The given ids, and those that the span has: one filter finds all scores of a thread. */
function idAttributes(ids: EvaluatedIds, about: EvaluatedSpan | undefined): Attributes {
  const attributes = pickAttributes(about?.attributes ?? {}, EVALUATION_ATTRIBUTES);
  const given: Readonly<Record<string, string | undefined>> = {
    [ATTR.GEN_AI_CONVERSATION_ID]: ids.conversationId ?? ids.threadId,
    [ATTR.OPENAI_THREAD_ID]: ids.threadId,
    // A turn of the Agents API has an attribute of its own.
    [ATTR.OPENAI_RUN_ID]: about?.attributes[ATTR.OPENAI_TURN_ID] === undefined ? ids.runId : undefined,
    [ATTR.GEN_AI_RESPONSE_ID]: ids.responseId,
  };
  for (const [name, id] of Object.entries(given))
    if (id !== undefined) attributes[name] = cut(id, MAX_EVALUATION_NAME_LENGTH);
  return attributes;
}

/** The explanation is content. A completion hook sees it first, whether or not it is recorded. */
function addExplanation(
  { settings, hooks }: Telemetry,
  attributes: Attributes,
  explanation: string,
  context: Context,
): void {
  const { completionHook, maxContentLength } = settings;
  let shown: unknown = explanation;
  let added: Attributes = {};
  if (completionHook !== undefined) {
    const completion = newCompletion(attributes, trace.getSpanContext(context) ?? INVALID_SPAN_CONTEXT);
    completion.evaluationExplanation = explanation;
    shown = undefined;
    if (!isInsideHook(context) && hooks.call(completionHook, completion))
      // The hook may have left a getter that throws.
      guard('the completionHook', () => {
        shown = completion.evaluationExplanation;
        added = completion.attributes;
      });
  }
  if (recordsContentOnEvents(settings) && typeof shown === 'string')
    attributes[ATTR.GEN_AI_EVALUATION_EXPLANATION] = searchedStart(shown, maxContentLength, withoutSecrets);
  Object.assign(attributes, added);
}
