/** Where an attribute that is recommended without a condition may be missing all the same. */
import type { AttributeUse } from '../../../scripts/semconv/model.ts';

type Attributes = Record<string, unknown>;

/** Parameters that a request need not have and counts that an answer need not have (as in the conformance policies). */
const exemptions: ReadonlySet<string> = new Set([
  'gen_ai.request.temperature',
  'gen_ai.request.max_tokens',
  'gen_ai.request.top_p',
  'gen_ai.request.stop_sequences',
  'gen_ai.request.presence_penalty',
  'gen_ai.request.frequency_penalty',
  'gen_ai.usage.cache_read.input_tokens',
  'gen_ai.usage.cache_creation.input_tokens',
  'exception.stacktrace',
]);

interface Excuse {
  readonly why: string;
  readonly attributes: RegExp;
  readonly holds: (attributes: Attributes) => boolean;
}

const excuses: readonly Excuse[] = [
  {
    why: 'the program read the body itself',
    attributes: /^(gen_ai\.(response|usage)\.|openai\.(run|step)\.status$)/,
    holds: (attributes) => attributes['openai.response.parsed'] === false,
  },
  {
    why: 'a library of agents told of the call, which knows neither the server nor all of the answer',
    attributes: /^(gen_ai\.response\.|server\.address$)/,
    holds: (attributes) =>
      attributes['openai.agents.span_type'] === 'generation' ||
      attributes['gen_ai.provider.name'] === 'another.provider',
  },
  {
    why: 'a stream has usage only if the request asks for it',
    attributes: /^gen_ai\.usage\./,
    holds: (attributes) => attributes['gen_ai.request.stream'] === true,
  },
  {
    why: 'the stream was left before its end',
    attributes: /^(gen_ai\.(response|usage)\.|openai\.run\.status$)/,
    holds: (attributes) =>
      ![undefined, 'completed'].includes(attributes['openai.stream.end'] as string | undefined),
  },
  {
    why: 'the end of the run was not seen, and perhaps nothing of it at all',
    attributes: /^(gen_ai\.response\.|openai\.run\.status$)/,
    holds: (attributes) => attributes['openai.run.observed'] === false,
  },
  {
    why: 'the run did not end by itself',
    attributes: /^gen_ai\.response\.finish_reasons$/,
    holds: (attributes) => !endedByItself(attributes['openai.run.status']),
  },
  {
    why: 'the response did not end by itself, or not yet',
    attributes: /^gen_ai\.(response\.finish_reasons$|usage\.)/,
    holds: (attributes) => !endedByItself(attributes['gen_ai.response.status']),
  },
];

export function exempt(use: AttributeUse): boolean {
  return use.level === 'recommended' && exemptions.has(use.name);
}

/** A failed call may lack anything that is recommended, and the model that it did not name. */
export function excused(use: AttributeUse, attributes: Attributes, failed: boolean): boolean {
  if (failed && (use.level === 'recommended' || use.name === 'gen_ai.request.model')) return true;
  if (use.level === 'required') return false;
  return excuses.some((excuse) => excuse.attributes.test(use.name) && excuse.holds(attributes));
}

function endedByItself(status: unknown): boolean {
  return status === undefined || status === 'completed' || status === 'incomplete';
}
