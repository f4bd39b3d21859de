import type { SpanDefinition } from '../../../scripts/semconv/model.ts';
import type { CheckedSpan } from './check.ts';

/** The name follows the pattern of the span; where the last attribute of the pattern is unknown, it is left out. */
export function checkSpanName(span: CheckedSpan, definition: SpanDefinition): string[] {
  if (definition.names !== undefined) {
    if (definition.names.includes(span.name)) return [];
    return [`name should be ${definition.names.join(' or ')}`];
  }
  if (!definition.name.includes('{')) return [];
  const expected = expectedName(span.attributes, definition);
  const findings = span.name === expected ? [] : [`name should be "${expected}"`];
  return definition.id === 'openai.api' ? [...findings, ...checkTemplate(span)] : findings;
}

function expectedName(attributes: Record<string, unknown>, { name, nameFallback }: SpanDefinition): string {
  const words = name.split(' ').map((word) => {
    const attribute = /^\{(.*)\}$/.exec(word)?.[1];
    return attribute === undefined ? word : attributes[attribute];
  });
  if (words.at(-1) === undefined) return nameFallback ?? String(words[0]);
  return words.join(' ');
}

/** A template names what varies: no id, no query, no address. */
function checkTemplate({ name, attributes }: CheckedSpan): string[] {
  const template = attributes['url.template'];
  if (typeof template !== 'string') return [];
  const findings = template.startsWith('/') ? [] : ['url.template does not begin with a slash'];
  for (const segment of template.split('/')) {
    if (/^\{[a-z_]+\}$/.test(segment) || /^[a-z_-]{0,32}$/.test(segment) || segment === '…') continue;
    findings.push(`url.template has "${segment}", which looks like a concrete value`);
  }
  for (const [attribute, value] of Object.entries(attributes)) {
    if (!attribute.endsWith('.id') || typeof value !== 'string' || value.length < 4) continue;
    if (name.includes(value)) findings.push(`name contains the value of ${attribute}`);
  }
  return findings;
}
