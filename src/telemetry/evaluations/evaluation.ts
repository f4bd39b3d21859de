import { type Attributes, type Context, INVALID_SPAN_CONTEXT, trace } from '@opentelemetry/api';
import { contentTargets, operationSettings } from '../../config/config.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { EVENT_GEN_AI_EVALUATION_RESULT } from '../../semconv/events.ts';
import { cut, searchedStart } from '../../util/cut-text.ts';
import { warnOnce } from '../../util/guard.ts';
import { pickAttributes } from '../../util/otel-api.ts';
import { asNumber, field, textField } from '../../util/payload.ts';
import { settingsFor } from '../content/consent.ts';
import { passHook } from '../content/content-record.ts';
import { withoutSecrets } from '../content/credentials.ts';
import { isInsideHook } from '../program-hooks.ts';
import type { Telemetry } from '../telemetry.ts';
import {
  EVALUATION_ATTRIBUTES,
  type EvaluatedSpan,
  findEvaluated,
  mayBeOfAnother,
} from './evaluated-spans.ts';

/** The result of an evaluation, or user feedback. At least one id is required. */
export interface Evaluation {
  /** The id of a chat completion, a response or a message of a run. */
  readonly responseId?: string | undefined;
  /** The id of a run or turn. */
  readonly runId?: string | undefined;
  readonly threadId?: string | undefined;
  /** The id of a conversation or session, or one that was passed to `withConversation`. */
  readonly conversationId?: string | undefined;
  /** What was evaluated: `helpfulness`. Recorded in every mode; use few distinct values. */
  readonly name: string;
  readonly score?: number | undefined;
  /** The score as a word: `pass`, `fail`. Recorded in every mode; use few distinct values. */
  readonly label?: string | undefined;
  /** The reason for the score. It is content, recorded if `captureMessageContent` allows it on events. */
  readonly explanation?: string | undefined;
}

const MAX_EVALUATION_NAME_LENGTH = 256;

/**
 * Emits the result of an evaluation as a log record. The record belongs to the evaluated span or, if that is
 * unknown, to none: the active span has nothing to do with the evaluation.
 */
export function emitEvaluation(
  telemetry: Telemetry,
  evaluation: Evaluation,
  active: Context,
  time: number,
): void {
  const about = evaluatedSpan(evaluation);
  const context = about === undefined ? trace.deleteSpan(active) : trace.setSpanContext(active, about.span);
  if (!telemetry.events.wanted(EVENT_GEN_AI_EVALUATION_RESULT, context)) return;
  const attributes: Attributes = idAttributes(evaluation, about);
  attributes[ATTR.GEN_AI_EVALUATION_NAME] = named(evaluation, 'name');
  const score = asNumber(field(evaluation, 'score'));
  if (score !== undefined) attributes[ATTR.GEN_AI_EVALUATION_SCORE_VALUE] = score;
  const label = named(evaluation, 'label');
  if (label !== undefined) attributes[ATTR.GEN_AI_EVALUATION_SCORE_LABEL] = label;
  const explanation = textField(evaluation, 'explanation');
  if (explanation !== undefined) addExplanation(telemetry, attributes, explanation, context);
  telemetry.events.emit({ name: EVENT_GEN_AI_EVALUATION_RESULT, context, attributes, time });
  telemetry.sendAtEnd();
}

const SUBJECT_IDS = ['responseId', 'runId', 'threadId', 'conversationId'] as const;

export function hasSubject(evaluation: unknown): evaluation is Evaluation {
  const isAbout = SUBJECT_IDS.some((id) => textField(evaluation, id) !== undefined);
  const score = field(evaluation, 'score') ?? undefined;
  if (score !== undefined && asNumber(score) === undefined)
    warnOnce('evaluation score', 'recordEvaluation ignored the score: expected a number below 2^63.');
  if (isAbout && textField(evaluation, 'name') !== undefined) return true;
  warnOnce(
    'evaluation',
    'recordEvaluation ignored its argument: expected a name and one of responseId, runId, threadId and conversationId.',
  );
  return false;
}

function named(evaluation: Evaluation, name: keyof Evaluation): string | undefined {
  const text = textField(evaluation, name);
  return text === undefined ? undefined : cut(text, MAX_EVALUATION_NAME_LENGTH);
}

/** Finds the evaluated span. If several ids are given, only the first of `SUBJECT_IDS` among them counts. */
function evaluatedSpan(evaluation: Evaluation): EvaluatedSpan | undefined {
  const [responseId, runId, threadId, conversationId] = SUBJECT_IDS.map((id) => textField(evaluation, id));
  if (responseId !== undefined)
    return mayBeOfAnother(responseId) ? undefined : findEvaluated('response', responseId);
  if (runId !== undefined) return findEvaluated('run', runId);
  const id = threadId ?? conversationId;
  return id === undefined ? undefined : findEvaluated('conversation', id);
}

/** The given ids and those of the evaluated span, so that one filter finds all scores of a thread. */
function idAttributes(evaluation: Evaluation, about: EvaluatedSpan | undefined): Attributes {
  const attributes = pickAttributes(about?.attributes ?? {}, EVALUATION_ATTRIBUTES);
  // The id of a turn has an attribute of its own.
  const isTurn = about?.attributes[ATTR.OPENAI_TURN_ID] !== undefined;
  const given: Readonly<Record<string, string | undefined>> = {
    [ATTR.GEN_AI_CONVERSATION_ID]: named(evaluation, 'conversationId') ?? named(evaluation, 'threadId'),
    [ATTR.OPENAI_THREAD_ID]: named(evaluation, 'threadId'),
    [ATTR.OPENAI_RUN_ID]: isTurn ? undefined : named(evaluation, 'runId'),
    [ATTR.GEN_AI_RESPONSE_ID]: named(evaluation, 'responseId'),
  };
  return { ...attributes, ...pickAttributes(given, Object.keys(given)) };
}

/**
 * Adds the explanation, which is content. A completion hook sees it first, even if it is not recorded
 * afterwards. If inputs or outputs are hidden, the hook does not see it either.
 */
function addExplanation(
  telemetry: Telemetry,
  attributes: Attributes,
  explanation: string,
  context: Context,
): void {
  // The explanation may quote the content of the evaluated span. Unless the program sets metadata here,
  // `captureMessageContent` is asked about that span's caller.
  const settings = operationSettings(settingsFor(telemetry.settings, context), telemetry.settings);
  // It may quote inputs and outputs, so it is not recorded if either is hidden.
  if (settings.hideContent !== 'none') return;
  const { completionHook, maxContentLength } = settings;
  let shown: unknown = explanation;
  let added: unknown;
  if (completionHook !== undefined) {
    const spanContext = trace.getSpanContext(context) ?? INVALID_SPAN_CONTEXT;
    const content = { evaluationExplanation: explanation };
    const completion = isInsideHook(context)
      ? undefined
      : passHook(completionHook, content, attributes, spanContext, context);
    shown = field(completion, 'evaluationExplanation');
    added = field(completion, 'attributes');
  }
  if (contentTargets(settings).event && typeof shown === 'string')
    attributes[ATTR.GEN_AI_EVALUATION_EXPLANATION] = searchedStart(shown, maxContentLength, withoutSecrets);
  Object.assign(attributes, added);
}
