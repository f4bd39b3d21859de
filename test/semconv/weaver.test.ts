import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import type { OwnFile, OwnSignal, UpstreamRegistry } from '../../scripts/semconv/source.ts';

const folder = new URL('../../semconv/', import.meta.url);
const files = globSync('registry/*.yaml', { cwd: folder })
  .filter((file) => basename(file) !== 'manifest.yaml')
  .sort();
const upstream = JSON.parse(read('upstream/genai-registry.json')) as UpstreamRegistry;
const schema = JSON.parse(
  readFileSync(new URL('../fixtures/weaver/semconv.schema.v2.json', import.meta.url), 'utf8'),
) as object;
// The schema names number formats of Rust, such as `int64`, which describe weaver's memory and no rule for a file.
const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);

describe('weaver accepts the form of', () => {
  test.each(files)('%s', (file) => {
    validate(parse(read(file)));
    expect(validate.errors ?? []).toEqual([]);
  });
});

describe('the registry', () => {
  const own = files.map((file) => parse(read(file)) as OwnFile);
  const defined = own.flatMap(({ attributes = [] }) => attributes.map(({ key }) => key));
  const core = own
    .flatMap(({ attribute_groups = [] }) => attribute_groups)
    .filter(({ id }) => id === 'openai.core_attributes')
    .flatMap(({ attributes = [] }) => attributes.map(({ ref }) => ref));

  it('has no text that a comma in braces cut off', () => {
    const cut = own.flatMap((file) => keysWithoutValue(file));
    expect(cut).toEqual([]);
  });

  it('refers only to its own definitions and those of its two dependencies', () => {
    const known = new Set([...defined, ...core, ...Object.keys(upstream.attributes)]);
    const unknown = own.flatMap((file) => references(file)).filter((name) => !known.has(name));
    expect(unknown).toEqual([]);
  });

  it('takes no GenAI name from the core conventions', () => {
    expect(core.filter((name) => /^(gen_ai|openai)\./.test(name))).toEqual([]);
  });

  it('does not redefine anything of the GenAI conventions', () => {
    expect(defined.filter((key) => key in upstream.attributes)).toEqual([]);
  });

  it('depends on the GenAI conventions and on their version of the core conventions', () => {
    const { dependencies } = parse(read('registry/manifest.yaml')) as {
      readonly dependencies: readonly { readonly schema_url: string }[];
    };
    const sources = Object.values(upstream.attributes).map(({ source }) => source);
    const [version] = sources.flatMap((source) => source.match(/^semantic-conventions@v(.+)$/)?.[1] ?? []);
    expect(dependencies.map(({ schema_url }) => schema_url)).toEqual([
      'https://opentelemetry.io/schemas/gen-ai-dev/1.42.0-dev',
      `https://opentelemetry.io/schemas/${version}`,
    ]);
  });
});

function read(file: string): string {
  return readFileSync(new URL(file, folder), 'utf8');
}

/** Names of the attributes that signals and groups refer to. */
function references(file: OwnFile): string[] {
  const owners: readonly Pick<OwnSignal, 'attributes'>[] = [
    ...(file.attribute_groups ?? []),
    ...(file.spans ?? []),
    ...(file.span_refinements ?? []),
    ...(file.metrics ?? []),
    ...(file.metric_refinements ?? []),
    ...(file.events ?? []),
    ...(file.event_refinements ?? []),
  ];
  return owners.flatMap(({ attributes = [] }) =>
    attributes.flatMap((entry) => ('ref_group' in entry ? [] : [entry.ref])),
  );
}

function keysWithoutValue(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (inner === null ? [key] : keysWithoutValue(inner)));
}
