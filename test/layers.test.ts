import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from './support/lanes/command.ts';
import { ROOT } from './support/lanes/paths.ts';

/** A forbidden import for each way to break the layers of `src/biome.json`: the file, the line, the rule that finds it. */
const VIOLATIONS = [
  ['sdk/provider.ts', "import '../pipeline/observer.ts';", 'noRestrictedImports'],
  [
    'sdk/routes/table.ts',
    "export type { Observer } from '../../pipeline/observer.ts';",
    'noRestrictedImports',
  ],
  ['config/otlp.ts', "export const later = () => import('../sdk/seam.ts');", 'noRestrictedImports'],
  ['pipeline/settings.ts', "export * from '../instrumentation.ts';", 'noRestrictedImports'],
  ['doctor/imports.ts', "export * from '../helpers/traced.ts';", 'noRestrictedImports'],
  ['viewer/media.ts', "export * from '../config/config.ts';", 'noRestrictedImports'],
  ['instrumentation.ts', "export * from './client.ts';", 'noRestrictedImports'],
  ['client.ts', "export * from './viewer/tree.ts';", 'noRestrictedImports'],
  ['hierarchy/tool-calls/tool-calls.ts', "export * from '../invocations/steps.ts';", 'noRestrictedImports'],
  ['hierarchy/store.ts', "export type { Tracker } from './tracker.ts';", 'noImportCycles'],
] as const;

interface Diagnostic {
  readonly category: string;
  readonly location: { readonly path: string };
}

test('the linter finds every kind of import that breaks the layers, and every cycle', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'layers-'));
  try {
    for (const path of ['src', 'biome.json'])
      cpSync(join(ROOT, path), join(directory, path), { recursive: true });
    for (const [file, line] of VIOLATIONS) appendFileSync(join(directory, 'src', file), `${line}\n`);
    const linted = await run(
      join(ROOT, 'node_modules', '.bin', 'biome'),
      ['lint', '--reporter=json', '--max-diagnostics=none', 'src'],
      {
        cwd: directory,
        env: { PATH: process.env.PATH },
      },
    );
    const { diagnostics } = JSON.parse(linted.stdout) as { readonly diagnostics: readonly Diagnostic[] };
    const found = new Set(
      diagnostics.map(({ location, category }) => `${location.path} ${category.split('/')[2]}`),
    );
    const missed = VIOLATIONS.filter(([file, , rule]) => !found.has(`src/${file} ${rule}`));
    expect(missed).toEqual([]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
