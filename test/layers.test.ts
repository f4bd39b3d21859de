import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from './support/lanes/command.ts';
import { ROOT } from './support/lanes/paths.ts';

/** A forbidden import for each way to break the layers of `src/biome.json` and `viewer/biome.json`: the file, the line, the rule that finds it. */
const VIOLATIONS = [
  ['src/sdk/provider.ts', "import '../pipeline/observer.ts';", 'noRestrictedImports'],
  [
    'src/sdk/routes/table.ts',
    "export type { Observer } from '../../pipeline/observer.ts';",
    'noRestrictedImports',
  ],
  ['src/config/otlp.ts', "export const later = () => import('../sdk/seam.ts');", 'noRestrictedImports'],
  ['src/pipeline/settings.ts', "export * from '../instrumentation.ts';", 'noRestrictedImports'],
  ['src/doctor/imports.ts', "export * from '../helpers/traced.ts';", 'noRestrictedImports'],
  ['src/util/guard.ts', "export * from 'openai-traces-viewer/live/receiver.ts';", 'noRestrictedImports'],
  ['src/instrumentation.ts', "export * from './client.ts';", 'noRestrictedImports'],
  ['src/client.ts', "export * from 'openai-traces-viewer/tree.ts';", 'noRestrictedImports'],
  [
    'src/hierarchy/tool-calls/tool-calls.ts',
    "export * from '../invocations/steps.ts';",
    'noRestrictedImports',
  ],
  [
    'src/hierarchy/invocations/invocation.ts',
    "export * from '../processes/metadata.ts';",
    'noRestrictedImports',
  ],
  ['src/hierarchy/store.ts', "export type { Tracker } from './tracker.ts';", 'noImportCycles'],
  ['viewer/src/live/receiver.ts', "export * from '../../../src/config/config.ts';", 'noRestrictedImports'],
  ['viewer/test/spans.ts', "export * from '../../src/export.ts';", 'noRestrictedImports'],
  ['viewer/test/live/requests.ts', "export * from '../../../src/export.ts';", 'noRestrictedImports'],
] as const;

interface Diagnostic {
  readonly category: string;
  readonly location: { readonly path: string };
}

test('the linter finds every kind of import that breaks the layers, and every cycle', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'layers-'));
  try {
    for (const path of ['src', 'viewer', 'biome.json'])
      cpSync(join(ROOT, path), join(directory, path), { recursive: true });
    for (const [file, line] of VIOLATIONS) appendFileSync(join(directory, file), `${line}\n`);
    const linted = await run(
      join(ROOT, 'node_modules', '.bin', 'biome'),
      ['lint', '--reporter=json', '--max-diagnostics=none', 'src', 'viewer'],
      {
        cwd: directory,
        env: { PATH: process.env.PATH },
      },
    );
    const { diagnostics } = JSON.parse(linted.stdout) as { readonly diagnostics: readonly Diagnostic[] };
    const found = new Set(
      diagnostics.map(({ location, category }) => `${location.path} ${category.split('/')[2]}`),
    );
    const missed = VIOLATIONS.filter(([file, , rule]) => !found.has(`${file} ${rule}`));
    expect(missed).toEqual([]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
