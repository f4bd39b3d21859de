/**
 * Joins the two registries under semconv/: the snapshot of the GenAI conventions, and our own additions. The result is
 * what this package may record. Constants, documentation and the convention checker are derived from it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { AttributeDefinition, AttributeGroup, Registry } from './model.ts';
import { attributeUse, readEvents, readMetrics, readSpans, type Sources } from './signals.ts';
import type { OwnFile, UpstreamRegistry } from './source.ts';

const folder = fileURLToPath(new URL('../../semconv/', import.meta.url));

/** The groups that list the attributes of the conventions that are used here. */
const referenceGroups: readonly string[] = ['openai.gen_ai_attributes', 'openai.core_attributes'];

/** Loads and joins both registries. @throws Error if one refers to something that neither defines */
export function loadRegistry(): Registry {
  const upstream = JSON.parse(readUpstream('genai-registry.json')) as UpstreamRegistry;
  const own = readOwnFiles();
  const defined = [...readOwnAttributes(own), ...readUsedAttributes(own, upstream)];
  const attributes = new Map(defined.map((attribute) => [attribute.name, attribute]));
  const sources: Sources = { own, upstream, attributes, groups: readGroups(own) };
  const registry: Registry = {
    attributes,
    groups: sources.groups,
    spans: readSpans(sources),
    metrics: readMetrics(sources),
    events: readEvents(sources),
  };
  assertResolved(registry);
  return registry;
}

/** The JSON schema of a content attribute, as the conventions publish it. */
export function readSchema(file: string): Record<string, unknown> {
  return JSON.parse(readUpstream(file)) as Record<string, unknown>;
}

/** The schema URL of the GenAI conventions: the first dependency in manifest.yaml. */
export function readSchemaUrl(): string {
  const manifest = parse(readFileSync(`${folder}registry/manifest.yaml`, 'utf8')) as {
    readonly dependencies: readonly { readonly schema_url: string }[];
  };
  const url = manifest.dependencies[0]?.schema_url;
  if (url === undefined) throw new Error('semconv: manifest.yaml states no dependency');
  return url;
}

/** The schema URL of the version of the GenAI conventions whose names are recorded on request. */
export function readNextSchemaUrl(): string {
  const groups = readOwnFiles().flatMap((file) => file.attribute_groups ?? []);
  const url = groups.find(({ id }) => id === 'openai.newer_names')?.annotations?.schema_url;
  if (url === undefined) throw new Error('semconv: groups.yaml states no schema URL of the next version');
  return url;
}

function readUpstream(file: string): string {
  return readFileSync(`${folder}upstream/${file}`, 'utf8');
}

function readOwnFiles(): OwnFile[] {
  return readdirSync(`${folder}registry`)
    .filter((name) => name.endsWith('.yaml') && name !== 'manifest.yaml')
    .sort()
    .map((name) => parse(readFileSync(`${folder}registry/${name}`, 'utf8')) as OwnFile);
}

function readGroups(files: readonly OwnFile[]): ReadonlyMap<string, AttributeGroup> {
  const groups = files.flatMap((file) => file.attribute_groups ?? []);
  return new Map(
    groups.map(({ id, brief, attributes = [] }) => [
      id,
      { id, brief, attributes: attributes.map((reference) => attributeUse(reference, id)) },
    ]),
  );
}

function readOwnAttributes(files: readonly OwnFile[]): AttributeDefinition[] {
  return files
    .flatMap((file) => file.attributes ?? [])
    .map((attribute) => ({
      name: attribute.key,
      type: typeof attribute.type === 'string' ? attribute.type : 'string',
      members: typeof attribute.type === 'string' ? [] : attribute.type.members.map((member) => member.value),
      closed: attribute.annotations?.closed === true,
      brief: attribute.brief,
      examples: attribute.examples ?? [],
      origin: attribute.key.startsWith('gen_ai.') ? 'gen_ai' : 'openai',
    }));
}

/** The attributes of the conventions that this package uses: those that genai.yaml and core.yaml list. */
function readUsedAttributes(files: readonly OwnFile[], upstream: UpstreamRegistry): AttributeDefinition[] {
  return files
    .flatMap((file) => file.attribute_groups ?? [])
    .filter((group) => referenceGroups.includes(group.id))
    .flatMap((group) => group.attributes ?? [])
    .map(({ ref, brief, examples = [], annotations = {} }) => {
      const known = upstream.attributes[ref];
      const type = known?.type ?? annotations.type;
      if (type === undefined || brief === undefined) {
        throw new Error(`semconv: ${ref} has neither a definition nor annotations.type, or no brief`);
      }
      const members = annotations.used_members ?? known?.enum ?? [];
      return {
        name: ref,
        type,
        members: [...members, ...(annotations.additional_members ?? [])],
        closed: annotations.closed === true,
        brief,
        examples,
        condition: annotations.condition,
        origin: /^(semantic-conventions-genai$|gen_ai\.)/.test(known?.source ?? ref) ? 'gen_ai' : 'core',
        schema: known?.json_schema,
      };
    });
}

/** @throws Error if a signal or group names an attribute without a definition */
function assertResolved(registry: Registry): void {
  for (const signal of [
    ...registry.spans,
    ...registry.metrics,
    ...registry.events,
    ...registry.groups.values(),
  ]) {
    const unknown = signal.attributes.find((use) => !registry.attributes.has(use.name));
    if (unknown === undefined) continue;
    const owner = 'id' in signal ? signal.id : signal.name;
    throw new Error(`semconv: ${owner} names the unknown attribute ${unknown.name}`);
  }
}
