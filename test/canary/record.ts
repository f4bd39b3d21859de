import { DiagLogLevel, diag } from '@opentelemetry/api';
import OpenAI from 'openai';
import { instrumentOpenAI, type OpenAIInstrumentationConfig, type SinkEvent } from '../../src/client.ts';
import { ConsoleTreeExporter } from '../../src/export.ts';
import { collectLines } from '../support/diag-lines.ts';
import { startSimulator } from '../support/simulator/index.ts';
import { recordTelemetry } from '../support/telemetry.ts';
import { plantedOptions } from './planting-fetch.ts';
import { Secrets } from './secrets.ts';
import type { Stage } from './stage.ts';

/** Everything that somebody could read after a program has run, as text, by where it is to be read. */
export interface Recorded {
  readonly secrets: Secrets;
  /** Text by signal: `span chat gpt-4o-mini gen_ai.input.messages`, `metrics`, `diag`, `tree`, … */
  readonly signals: ReadonlyMap<string, string>;
}

/** Runs a program with a client whose every header, key and address is a secret, too. */
export async function record(
  config: OpenAIInstrumentationConfig,
  program: (stage: Stage) => Promise<void>,
): Promise<Recorded> {
  const secrets = new Secrets();
  const lines = collectLines(DiagLogLevel.ALL);
  const telemetry = recordTelemetry({ content: true });
  const simulator = await startSimulator();
  const client = new OpenAI(plantedOptions(simulator.url, secrets));
  const events: SinkEvent[] = [];
  const sink = (event: SinkEvent): void => void events.push(event);
  const recording: OpenAIInstrumentationConfig = { ...config, events: { sink, preset: 'full' } };
  instrumentOpenAI(client, recording);
  await program({ client, simulator, secrets, config: recording });
  await telemetry.provider.forceFlush();
  await simulator.close();
  await telemetry.provider.shutdown();
  const signals = new Map<string, string>();
  const add = (signal: string, value: unknown): void =>
    void signals.set(
      signal,
      `${signals.get(signal) ?? ''}${typeof value === 'string' ? value : JSON.stringify(value)}\n`,
    );
  for (const { name, attributes, events, links, status } of telemetry.spans) {
    const span = `span ${name}`;
    add(span, [name, links, status]);
    for (const [attribute, value] of Object.entries(attributes))
      add(`${span} ${attribute}`, [attribute, value]);
    for (const event of events) add(`${span} event ${event.name}`, event);
  }
  add('metrics', await telemetry.metrics());
  for (const { eventName, attributes, body } of telemetry.logRecords) {
    for (const [attribute, value] of Object.entries(attributes))
      add(`log ${eventName} ${attribute}`, [attribute, value]);
    add(`log ${eventName}`, body ?? '');
  }
  for (const event of events) {
    for (const [name, value] of Object.entries(event)) add(`sink ${event.type} ${name}`, value);
  }
  add('diag', lines.join('\n'));
  add('tree', drawTrees(telemetry.spans));
  diag.disable();
  return { secrets, signals };
}

/** What the console exporter shows. */
function drawTrees(spans: readonly Parameters<ConsoleTreeExporter['export']>[0][number][]): string {
  const texts: string[] = [];
  const exporter = new ConsoleTreeExporter({
    color: false,
    stream: { write: (text) => texts.push(text), columns: 1_000 },
  });
  exporter.export(spans, () => undefined);
  void exporter.shutdown();
  return texts.join('');
}
