import type { AttributeDefinition, Registry } from '../../../scripts/semconv/model.ts';
import { loadRegistry } from '../../../scripts/semconv/registry.ts';

/** Both registries, read once for all checks. */
export const registry: Registry = loadRegistry();

const templates = [...registry.attributes.values()].filter(({ type }) => type.startsWith('template['));

/** The definition of an attribute; one that ends in a key is found by what stands before the key. */
export function findAttribute(name: string): AttributeDefinition | undefined {
  const exact = registry.attributes.get(name);
  if (exact !== undefined && !templates.includes(exact)) return exact;
  return templates.find((template) => name.startsWith(`${template.name}.`));
}

/** Names of the attributes that are sensitive. */
export const contentAttributes: ReadonlySet<string> = new Set(
  registry.groups.get('openai.content')?.attributes.map((use) => use.name),
);
