import type { Attributes } from '@opentelemetry/api';
import type { ToolRun } from '../sdk/helper-observer.ts';
import * as ATTR from '../semconv/attributes.ts';
import {
  GEN_AI_OPERATION_NAME_VALUE_EXECUTE_TOOL,
  GEN_AI_OPERATION_NAME_VALUE_INVOKE_WORKFLOW,
} from '../semconv/values.ts';
import { parseJson } from '../telemetry/content/messages.ts';
import { plainData } from '../telemetry/content/plain-data.ts';
import type { OperationKind } from '../telemetry/operation.ts';
import { placeAttributes } from '../telemetry/place-attributes.ts';
import type { ProgramResult } from '../telemetry/program-operation.ts';
import { objectField, stringField } from '../util/payload.ts';
import { define } from './attributes.ts';

/** Spans for what the user's program does itself, and for what a helper of the SDK does for it. */

interface NamedFunction {
  readonly name: string;
  readonly attributes: Attributes;
}

/** Arguments and results are not recorded, but completion hooks are called. */
export const programCode: OperationKind<NamedFunction, ProgramResult> = {
  kind: 'internal',
  scope: 'unmeasured',
  subject: ({ name }) => name,
  requestAttributes: ({ attributes }) => attributes,
  content: { input: () => ({}) },
};

export const programFunction: OperationKind<
  NamedFunction & { readonly input: readonly unknown[] },
  ProgramResult
> = {
  ...programCode,
  content: {
    input: ({ input }) => ({ functionArguments: plainData(input) }),
    output: ({ value, yielded }) => ({ functionResult: yielded ?? plainData(value) }),
  },
};

/** A function of the program that the model asked for and that a helper of the SDK runs. */
export const programTool: OperationKind<
  Pick<ToolRun, 'name' | 'description' | 'arguments'> & { readonly provider: string },
  ProgramResult
> = {
  name: GEN_AI_OPERATION_NAME_VALUE_EXECUTE_TOOL,
  kind: 'internal',
  scope: 'local',
  subject: ({ name }) => name,
  requestAttributes: ({ name, provider }) => ({
    // The event `gen_ai.client.inference.operation.details` requires this attribute.
    [ATTR.GEN_AI_PROVIDER_NAME]: provider,
    [ATTR.GEN_AI_TOOL_NAME]: name,
    [ATTR.GEN_AI_TOOL_TYPE]: 'function',
    [ATTR.OPENAI_TOOL_TYPE]: 'function',
  }),
  content: {
    input: ({ arguments: given, description }) => ({
      parameters: { [ATTR.GEN_AI_TOOL_DESCRIPTION]: description },
      toolArguments: parseJson(given),
    }),
    output: ({ value }) => ({ toolResult: plainData(parseJson(value)) }),
  },
};

/** All tool loops of the SDK are named after the helper that most programs use. */
const WORKFLOW = 'runTools';

export const workflow: OperationKind<undefined, ProgramResult> = {
  name: GEN_AI_OPERATION_NAME_VALUE_INVOKE_WORKFLOW,
  kind: 'internal',
  scope: 'local',
  subject: () => WORKFLOW,
  requestAttributes: () => ({ [ATTR.GEN_AI_WORKFLOW_NAME]: WORKFLOW }),
};

export const webhook: OperationKind<undefined, ProgramResult> = {
  kind: 'internal',
  scope: 'unmeasured',
  subject: () => 'webhook',
  requestAttributes: () => ({}),
  resultAttributes({ value: event }) {
    const attributes: Attributes = {};
    const type = stringField(event, 'type');
    define(attributes, ATTR.OPENAI_WEBHOOK_EVENT_TYPE, type);
    define(attributes, ATTR.OPENAI_WEBHOOK_EVENT_ID, stringField(event, 'id'));
    const subject = subjectOf(event);
    if (subject === undefined) return attributes;
    const { attribute, id } = subject;
    return { ...attributes, ...(typeof attribute === 'string' ? { [attribute]: id } : attribute(id)) };
  },
};

interface Subject {
  /** The prefix of the events' types. */
  readonly type: string;
  /** The field of `data` with the object's id. Default: `id`. */
  readonly key?: string;
  /** The attribute for the id, or a function that returns several attributes. */
  readonly attribute: string | ((id: string) => Attributes);
}

/** @see https://platform.openai.com/docs/api-reference/webhook-events */
const SUBJECTS: readonly Subject[] = [
  {
    type: 'response.',
    attribute: (id) => ({ [ATTR.OPENAI_API_TYPE]: 'responses', [ATTR.GEN_AI_RESPONSE_ID]: id }),
  },
  {
    type: 'agent.session.',
    attribute: (id) => placeAttributes({ kind: 'session', conversationId: id }),
  },
  { type: 'agent.environment.', attribute: ATTR.OPENAI_ENVIRONMENT_ID },
  { type: 'batch.', attribute: ATTR.OPENAI_BATCH_ID },
  { type: 'eval.run.', attribute: ATTR.OPENAI_EVAL_RUN_ID },
  { type: 'fine_tuning.job.', attribute: ATTR.OPENAI_FINE_TUNING_JOB_ID },
  { type: 'live.', key: 'session_id', attribute: ATTR.OPENAI_SESSION_ID },
  { type: 'realtime.call.', key: 'call_id', attribute: ATTR.OPENAI_CALL_ID },
  { type: 'safety.alert.', attribute: ATTR.OPENAI_ALERT_ID },
  { type: 'safety.org_alert.', attribute: ATTR.OPENAI_ALERT_ID },
  { type: 'safety.deactivation_issued', attribute: ATTR.OPENAI_CASE_ID },
  { type: 'safety.warning_issued', attribute: ATTR.OPENAI_CASE_ID },
  { type: 'video.', attribute: ATTR.OPENAI_VIDEO_ID },
];

export function subjectOf(
  event: unknown,
): (Pick<Subject, 'attribute'> & { readonly id: string }) | undefined {
  const type = stringField(event, 'type');
  const subject = SUBJECTS.find((row) => type?.startsWith(row.type) === true);
  const id = stringField(objectField(event, 'data'), subject?.key ?? 'id');
  return subject === undefined || id === undefined ? undefined : { attribute: subject.attribute, id };
}
