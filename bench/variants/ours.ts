import type * as ours from '../../src/index.ts';
import type { Prepared, SetUp } from './variant.ts';

export const OURS = 'opentelemetry-instrumentation-openai';

/** The built package with its module hook, as programs use it. Most programs do not install prices. */
export function prepareOurs({ load, telemetry, measured }: SetUp): Prepared {
  const { OpenAIInstrumentation } = load(OURS) as typeof ours;
  const instrumentation = new OpenAIInstrumentation({ cost: false, ...measured.config });
  if (measured.silent !== 'no SDK') instrumentation.setTracerProvider(telemetry.tracerProvider);
  if (telemetry.meterProvider !== undefined) instrumentation.setMeterProvider(telemetry.meterProvider);
  return {};
}
