import type { Attributes, Context, Counter, Histogram, Meter } from '@opentelemetry/api';
import * as ATTR from '../../semconv/attributes.ts';
import * as METRIC from '../../semconv/metrics.ts';
import {
  GEN_AI_OPERATION_NAME_VALUE_CHAT,
  GEN_AI_OPERATION_NAME_VALUE_GENERATE_CONTENT,
  GEN_AI_OPERATION_NAME_VALUE_TEXT_COMPLETION,
} from '../../semconv/values.ts';
import { NO_MODALITIES, type TextTokens, type Usage } from '../cost/usage.ts';

type InferenceHistogram =
  | 'duration'
  | 'timeToFirstChunk'
  | 'timePerOutputChunk'
  | 'inputTokens'
  | 'outputTokens';

const INFERENCE_HISTOGRAMS: Readonly<Record<InferenceHistogram, METRIC.MetricDefinition>> = {
  duration: METRIC.METRIC_GEN_AI_CLIENT_INFERENCE_DURATION,
  timeToFirstChunk: METRIC.METRIC_GEN_AI_CLIENT_INFERENCE_TIME_TO_FIRST_CHUNK,
  timePerOutputChunk: METRIC.METRIC_GEN_AI_CLIENT_INFERENCE_TIME_PER_OUTPUT_CHUNK,
  inputTokens: METRIC.METRIC_GEN_AI_CLIENT_INFERENCE_OPERATION_INPUT_TOKENS,
  outputTokens: METRIC.METRIC_GEN_AI_CLIENT_INFERENCE_OPERATION_OUTPUT_TOKENS,
};

/** The counters of the next version. `among` says which tokens of other modalities are part of `all`. */
const USAGE_COUNTERS: readonly (readonly [
  definition: METRIC.MetricDefinition,
  side: 'input' | 'output',
  all: 'inputTokens' | 'outputTokens' | 'cacheReadTokens' | 'cacheWriteTokens' | 'reasoningTokens',
  among?: 'input' | 'cached' | 'output',
])[] = [
  [METRIC.METRIC_GEN_AI_CLIENT_INFERENCE_USAGE_INPUT_TOKENS, 'input', 'inputTokens', 'input'],
  [METRIC.METRIC_GEN_AI_CLIENT_INFERENCE_USAGE_OUTPUT_TOKENS, 'output', 'outputTokens', 'output'],
  [METRIC.METRIC_GEN_AI_CLIENT_INFERENCE_USAGE_CACHE_READ_INPUT_TOKENS, 'input', 'cacheReadTokens', 'cached'],
  [METRIC.METRIC_GEN_AI_CLIENT_INFERENCE_USAGE_CACHE_WRITE_INPUT_TOKENS, 'input', 'cacheWriteTokens'],
  [METRIC.METRIC_GEN_AI_CLIENT_INFERENCE_USAGE_REASONING_OUTPUT_TOKENS, 'output', 'reasoningTokens'],
];

/** Whether the conventions call the operation an inference. The next version renames the metrics of inferences alone. */
export function isInference({ [ATTR.GEN_AI_OPERATION_NAME]: operation }: Attributes): boolean {
  return (
    operation === GEN_AI_OPERATION_NAME_VALUE_CHAT ||
    operation === GEN_AI_OPERATION_NAME_VALUE_GENERATE_CONTENT ||
    operation === GEN_AI_OPERATION_NAME_VALUE_TEXT_COMPLETION
  );
}

/** The instruments of the conventions' next version. They are created at the first measurement. */
export class InferenceMetrics {
  readonly histograms: Readonly<Record<InferenceHistogram, Histogram>>;
  readonly #counters: readonly Counter[];

  constructor(meter: Meter, histogramOf: (meter: Meter, definition: METRIC.MetricDefinition) => Histogram) {
    this.histograms = Object.fromEntries(
      Object.entries(INFERENCE_HISTOGRAMS).map(([key, definition]) => [key, histogramOf(meter, definition)]),
    ) as typeof this.histograms;
    this.#counters = USAGE_COUNTERS.map(([{ name, description, unit }]) =>
      meter.createCounter(name, { description, unit, valueType: 0 }),
    );
  }

  recordUsage(usage: Usage, dimensions: Attributes, context: Context): void {
    const { known, modalities = NO_MODALITIES } = usage;
    if (known !== 'output') this.histograms.inputTokens.record(usage.inputTokens, dimensions, context);
    if (known !== 'input') this.histograms.outputTokens.record(usage.outputTokens, dimensions, context);
    USAGE_COUNTERS.forEach(([, side, all, among], index) => {
      if (known !== undefined && known !== side) return;
      let left = usage[all];
      const count = (tokens: number, modality: string): void =>
        this.#counters[index]?.add(
          tokens,
          { ...dimensions, [ATTR.GEN_AI_TOKEN_MODALITY]: modality },
          context,
        );
      const split = among === undefined ? [] : Object.entries({ ...modalities, text: usage.text });
      for (const [modality, counts] of split) {
        const tokens = Math.min(left, counts?.[among as keyof TextTokens] ?? 0);
        left -= tokens;
        if (tokens > 0) count(tokens, modality);
      }
      // Nobody can tell what the answer does not say: the tokens of an image are often among the others.
      if (left > 0) count(left, 'unknown');
    });
  }
}
