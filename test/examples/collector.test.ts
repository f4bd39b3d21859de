import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as attributes from '../../src/semconv/attributes.ts';

const FOLDER = join(import.meta.dirname, '../../examples/collector');
const NAMES: ReadonlySet<unknown> = new Set(Object.values(attributes));

type Named = Readonly<Record<string, unknown>>;

interface Configuration {
  readonly receivers: Named;
  readonly processors: Named;
  readonly exporters: Named;
  readonly service: {
    readonly pipelines: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  };
}

describe.each(['balancer.yaml', 'sampler.yaml'])('%s', (file) => {
  const read = (): Promise<string> => readFile(join(FOLDER, file), 'utf8');

  it('uses exactly the components that it configures', async () => {
    const configuration = parse(await read()) as Configuration;
    for (const kind of ['receivers', 'processors', 'exporters'] as const) {
      const used = Object.values(configuration.service.pipelines).flatMap((pipeline) => pipeline[kind] ?? []);
      expect([...new Set(used)].sort()).toEqual(Object.keys(configuration[kind]).sort());
    }
  });

  it('names existing attributes', async () => {
    const named = [...(await read()).matchAll(/\b(?:gen_ai|openai)\.[a-z_.]*[a-z]/g)].map(([name]) => name);
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => !NAMES.has(name))).toEqual([]);
  });
});
