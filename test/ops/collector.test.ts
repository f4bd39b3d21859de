import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as attributes from '../../src/semconv/attributes.ts';

const FOLDER = join(import.meta.dirname, '../../ops/collector');
const NAMES: ReadonlySet<unknown> = new Set(Object.values(attributes));

type Named = Readonly<Record<string, unknown>>;

interface Configuration {
  readonly receivers: Named;
  readonly processors: Named;
  readonly exporters: Named;
  readonly connectors?: { readonly count?: { readonly spans: Named } };
  readonly service: {
    readonly pipelines: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  };
}

describe.each(readdirSync(FOLDER))('%s', (file) => {
  const read = (): Promise<string> => readFile(join(FOLDER, file), 'utf8');

  it('uses exactly the components that it configures', async () => {
    const configuration = parse(await read()) as Configuration;
    for (const kind of ['receivers', 'processors', 'exporters'] as const) {
      const used = Object.values(configuration.service.pipelines).flatMap((pipeline) => pipeline[kind] ?? []);
      // A connector ends one pipeline and begins another.
      const connectors = kind === 'processors' ? {} : configuration.connectors;
      expect([...new Set(used)].sort()).toEqual(
        Object.keys({ ...configuration[kind], ...connectors }).sort(),
      );
    }
  });

  it('names existing attributes', async () => {
    const text = await read();
    const { connectors } = parse(text) as Configuration;
    const named = [...text.matchAll(/\b(?:gen_ai|openai)\.[a-z_.]*[a-z]/g)]
      .map(([name]) => name)
      .filter((name) => connectors?.count?.spans[name] === undefined);
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => !NAMES.has(name))).toEqual([]);
  });
});
