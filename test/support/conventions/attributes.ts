import type { AttributeDefinition, AttributeUse } from '../../../scripts/semconv/model.ts';
import { excused, exempt } from './exemptions.ts';
import { findAttribute, registry } from './registry.ts';

type Attributes = Record<string, unknown>;

/** Each attribute is known, listed for the signal, and has a value of its type that makes sense there. */
export function checkAttributes(
  attributes: Attributes,
  uses: readonly AttributeUse[],
  owner: string,
): string[] {
  const anywhere = ['openai.newer_names', 'openai.older_names', 'openai.references'].flatMap(
    (group) => registry.groups.get(group)?.attributes ?? [],
  );
  const listed = new Set([...uses, ...anywhere].map((use) => use.name));
  const each = Object.entries(attributes).flatMap(([name, value]) => {
    const definition = findAttribute(name);
    if (definition === undefined) return [`${name} is in no registry`];
    if (!listed.has(definition.name)) return [`${name} is not listed for ${owner}`];
    return checkValue(name, value, definition);
  });
  return [...each, ...checkServer(attributes), ...checkParts(attributes), ...checkOddValues(attributes)];
}

/** What is always expected is there; `failed` calls may lack what only an answer or a request in order would have. */
export function checkPresence(
  attributes: Attributes,
  uses: readonly AttributeUse[],
  failed: boolean,
): string[] {
  return uses.flatMap((use) => {
    if (use.condition !== undefined || attributes[use.name] !== undefined) return [];
    if (use.level !== 'required' && use.level !== 'recommended') return [];
    if (exempt(use) || excused(use, attributes, failed)) return [];
    return [`${use.name} is missing (${use.level})`];
  });
}

const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  int: (value) => Number.isSafeInteger(value),
  double: (value) => Number.isFinite(value),
  boolean: (value) => typeof value === 'boolean',
  'string[]': (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  // Content: its form depends on the signal and is checked by its schema.
  any: (value) => value !== undefined && value !== null,
};

function checkValue(name: string, value: unknown, definition: AttributeDefinition): string[] {
  const type = definition.type.replace(/^template\[(.*)\]$/, '$1');
  if (types[type]?.(value) !== true) return [`${name} is ${describe(value)}, should be ${type}`];
  if (definition.closed && !definition.members.includes(String(value))) {
    return [`${name} is ${describe(value)}, should be one of ${definition.members.join(', ')}`];
  }
  if (typeof value === 'number' && value < 0 && !name.endsWith('_penalty')) return [`${name} is negative`];
  return [];
}

function checkServer(attributes: Attributes): string[] {
  const address = attributes['server.address'] !== undefined;
  const port = attributes['server.port'] !== undefined;
  // Metrics keep a limited number of servers. All others have one value, and no port in common.
  if (address === port || (attributes['server.address'] === '_OTHER' && !port)) return [];
  return address ? ['server.port is missing beside server.address'] : ['server.port without server.address'];
}

/** Cached, written and reasoning tokens are parts of the totals, never added to them. */
const parts: readonly (readonly [part: string, whole: string])[] = [
  ['gen_ai.usage.cache_read.input_tokens', 'gen_ai.usage.input_tokens'],
  ['gen_ai.usage.cache_creation.input_tokens', 'gen_ai.usage.input_tokens'],
  ['gen_ai.usage.reasoning.output_tokens', 'gen_ai.usage.output_tokens'],
];

function checkParts(attributes: Attributes): string[] {
  return parts.flatMap(([part, whole]) => {
    if (attributes[part] === undefined || Number(attributes[part]) <= Number(attributes[whole])) return [];
    return [`${part} is more than ${whole}`];
  });
}

/** Values that say nothing: the attribute should not be there. */
const oddValues: readonly (readonly [name: string, odd: (value: unknown) => boolean, rule: string])[] = [
  ['gen_ai.request.stream', (value) => value === false, 'is set for streamed answers only'],
  ['gen_ai.request.choice.count', (value) => value === 1, 'is set for other counts than 1 only'],
  ['openai.request.service_tier', (value) => value === 'auto', 'is set for other tiers than auto only'],
  ['openai.response.parsed', (value) => value === true, 'is set for raw responses only'],
  ['openai.run.observed', (value) => value === true, 'is set where the end was not seen only'],
  ['http.request.resend_count', (value) => value === 0, 'is set for repeated requests only'],
  [
    'gen_ai.response.finish_reasons',
    (value) => Array.isArray(value) && value.includes('tool_call'),
    'has the spelling of the API: tool_calls',
  ],
];

function checkOddValues(attributes: Attributes): string[] {
  const findings = oddValues
    .filter(([name, odd]) => name in attributes && odd(attributes[name]))
    .map(([name, , rule]) => `${name} ${rule}`);
  const streamed = attributes['gen_ai.request.stream'] === true;
  if ('gen_ai.response.time_to_first_chunk' in attributes && !streamed) {
    findings.push('gen_ai.response.time_to_first_chunk is set for streamed answers only');
  }
  return findings;
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'string'
    ? `the string "${value.slice(0, 40)}"`
    : `the ${typeof value} ${String(value)}`;
}
