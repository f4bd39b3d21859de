import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { generatedFiles, outdatedFiles } from '../../scripts/generate-semconv.ts';
import { loadRegistry } from '../../scripts/semconv/registry.ts';
import type { UpstreamRegistry } from '../../scripts/semconv/source.ts';
import * as attributes from '../../src/semconv/attributes.ts';
import * as events from '../../src/semconv/events.ts';
import * as metrics from '../../src/semconv/metrics.ts';
import { SCHEMA_URL } from '../../src/semconv/schema.ts';
import * as values from '../../src/semconv/values.ts';

const registry = loadRegistry();

describe('the generated files', () => {
  it('match the registry', () => {
    expect(outdatedFiles()).toEqual([]);
  });

  it('declare every constant once', () => {
    for (const text of generatedFiles().values()) {
      const names = [...text.matchAll(/^export const (\w+)/gm)].map((match) => match[1]);
      expect(names).toHaveLength(new Set(names).size);
    }
  });

  it('name every attribute of the registry once, but for those that the route table makes from path parameters', () => {
    const names = Object.values(attributes).map((constant) =>
      typeof constant === 'string' ? constant : constant('key').replace(/\.key$/, ''),
    );
    const isPathParameter = (name: string): boolean => /^openai\.[\w.]+[._]id$/.test(name);
    const others = [...registry.attributes.keys()].filter(
      (name) => !names.includes(name) && isPathParameter(name),
    );
    expect([...names, ...others].sort()).toEqual([...registry.attributes.keys()].sort());
  });

  it('name no attribute that nothing records', () => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' });
    const sources = files.filter((file) => file.endsWith('.ts') && !file.startsWith('semconv'));
    const text = sources.map((file) => readFileSync(`src/${file}`, 'utf8')).join('\n');
    const used = new Set(text.match(/(?<=\bATTR\.)\w+/g));
    expect(Object.keys(attributes).filter((name) => !used.has(name))).toEqual([]);
  });

  it('name attributes in upper snake case, turn templates into functions, and name enum members', () => {
    expect(attributes.GEN_AI_OPERATION_NAME).toBe('gen_ai.operation.name');
    expect(attributes.OPENAI_TRACE_METADATA('grade')).toBe('openai.trace.metadata.grade');
    expect(values.GEN_AI_OPERATION_NAME_VALUE_CHAT).toBe('chat');
    expect(values.OPENAI_API_TYPE_VALUE_RESPONSES).toBe('responses');
    expect(events.EVENT_GEN_AI_CLIENT_OPERATION_EXCEPTION).toBe('gen_ai.client.operation.exception');
    expect(SCHEMA_URL).toBe('https://opentelemetry.io/schemas/gen-ai-dev/1.42.0-dev');
  });

  it('give metrics the units and buckets of the conventions', () => {
    expect(metrics.METRIC_GEN_AI_CLIENT_TOKEN_USAGE).toMatchObject({
      name: 'gen_ai.client.token.usage',
      unit: '{token}',
      valueType: 'int',
    });
    expect(metrics.METRIC_GEN_AI_CLIENT_OPERATION_DURATION.buckets).toHaveLength(14);
    expect(metrics.METRIC_GEN_AI_EXECUTE_TOOL_DURATION.buckets[0]).toBe(0.01);
    expect(metrics.METRIC_GEN_AI_INVOKE_WORKFLOW_DURATION.buckets[0]).toBe(1);
  });
});

describe('the registry', () => {
  it('has the hierarchy ids on every span except conversations and those of the program', () => {
    const ids = registry.groups.get('openai.hierarchy')?.attributes.map((use) => use.name) ?? [];
    expect(ids).toContain('openai.thread.id');
    const lacking = registry.spans.filter(({ attributes: uses }) => {
      const listed = uses.map(({ name }) => name);
      return !ids.every((id) => listed.includes(id));
    });
    expect(lacking.map(({ id }) => id).sort()).toEqual([
      'openai.conversation',
      'openai.realtime',
      'openai.trace',
    ]);
  });

  it('has an attribute for every id in a path, except ids of persons', () => {
    const filled = (registry.groups.get('openai.resource_ids')?.attributes ?? []).flatMap(
      (use) => use.pathParameters ?? [],
    );
    const ofHierarchy =
      /^(thread|run|step|message|assistant|session|turn|item|subagent|agent|conversation)_id$/;
    const known = (parameter: string): boolean =>
      ofHierarchy.test(parameter) || parameter === 'user_id' || filled.includes(parameter);
    const missing = pathParameters().filter(
      ({ parameter, path }) => !known(parameter) && !filled.includes(path),
    );
    expect(missing).toEqual([]);
  });

  it('has its own description and an example for every attribute', () => {
    const bare = [...registry.attributes.values()].filter(
      ({ brief, examples }) => brief === '' || examples.length === 0,
    );
    expect(bare).toEqual([]);
  });

  it('is as strict as the conventions for OpenAI, with reasons for exceptions', () => {
    const file = new URL('../../semconv/upstream/genai-registry.json', import.meta.url);
    const upstream = JSON.parse(readFileSync(file, 'utf8')) as UpstreamRegistry;
    const chat = registry.spans.find(({ id }) => id === 'openai.chat.client');
    const levels = new Map(chat?.attributes.map((use) => [use.name, use.level]));
    const relaxed = (upstream.spans['openai.inference.client']?.attributes ?? [])
      .filter(({ name, level }) => levels.get(name) !== level)
      .map(({ name }) => name);
    // Stop sequences are text of the program, which needs consent.
    expect(relaxed).toEqual(['gen_ai.request.stop_sequences']);
  });
});

interface PathParameter {
  readonly parameter: string;
  readonly path: string;
}

function pathParameters(): PathParameter[] {
  const file = new URL('../fixtures/openai-routes.json', import.meta.url);
  const routes = JSON.parse(readFileSync(file, 'utf8')) as readonly { readonly path: string }[];
  return routes.flatMap(({ path }) =>
    [...path.matchAll(/\{(\w+)\}/g)].map((match) => ({ parameter: match[1] ?? '', path })),
  );
}
