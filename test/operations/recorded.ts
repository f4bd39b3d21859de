import type { Attributes } from '@opentelemetry/api';
import { expect } from 'vitest';
import type { RecordedTelemetry } from '../support/telemetry.ts';

type Span = RecordedTelemetry['spans'][number];

/** The newest ended span of this name, which may be only the first word of it. */
export function newest(telemetry: RecordedTelemetry, name: string): Span {
  const span = telemetry.spans.findLast((one) => one.name === name || one.name.startsWith(`${name} `));
  if (span === undefined) expect.fail(`There is no span ${name}.`);
  return span;
}

/** What differs from run to run, and what only splits up totals: tested elsewhere. */
const TESTED_ELSEWHERE = /^(server\.port$|gen_ai\.usage\.(text|image|audio)\.)/;

/** The attributes of the newest span of this name, for comparing all of them at once. */
export function attributesOf(telemetry: RecordedTelemetry, name: string): Attributes {
  const all = Object.entries(newest(telemetry, name).attributes);
  return Object.fromEntries(all.filter(([key]) => !TESTED_ELSEWHERE.test(key)));
}

/** What a streamed call has besides what a plain one has. */
export const STREAMED: Attributes = {
  'gen_ai.request.stream': true,
  'gen_ai.response.time_to_first_chunk': expect.any(Number) as unknown as number,
  'openai.stream.chunk_gap_max': expect.any(Number) as unknown as number,
  'openai.stream.chunk_gap_mean': expect.any(Number) as unknown as number,
  'openai.stream.end': 'completed',
};

/** The same of a stream with text, which not all have. */
export const STREAMED_TEXT: Attributes = {
  ...STREAMED,
  'openai.stream.time_to_first_token': expect.any(Number) as unknown as number,
};
