/** Reads the example of each signal for docs/telemetry.md from semconv/examples.yaml. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

type Attributes = Readonly<Record<string, unknown>>;

export interface Examples {
  readonly spans: Readonly<Record<string, { readonly name: string; readonly attributes: Attributes }>>;
  readonly metrics: Readonly<Record<string, { readonly attributes: Attributes }>>;
  readonly events: Readonly<Record<string, { readonly attributes: Attributes }>>;
}

const file = new URL('../../semconv/examples.yaml', import.meta.url);

export function loadExamples(): Examples {
  return parse(readFileSync(file, 'utf8'), { merge: true }) as Examples;
}

export function spanExample({ spans }: Examples, id: string): string {
  const { name, attributes } = found(spans[id], id);
  return block([name, ...lines(attributes)]);
}

/** A point of a metric with its attributes. */
export function metricExample({ metrics }: Examples, name: string): string {
  return block([name, ...lines(found(metrics[name], name).attributes)]);
}

export function eventExample({ events }: Examples, name: string): string {
  return block([name, ...lines(found(events[name], name).attributes)]);
}

function found<Value>(value: Value | undefined, name: string): Value {
  if (value === undefined) throw new Error(`semconv: examples.yaml has no example of ${name}`);
  return value;
}

function lines(attributes: Attributes): string[] {
  return Object.entries(attributes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `  ${name} = ${JSON.stringify(value)}`);
}

function block(text: readonly string[]): string {
  return `For example:\n\n\`\`\`text\n${text.join('\n')}\n\`\`\``;
}
