import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run } from '../support/lanes/command.ts';
import { laneDirectory } from '../support/lanes/paths.ts';

/** A program, the lanes that it is compiled in, and its formats if one imports what is no CommonJS. */
const PROGRAMS: readonly (readonly [
  program: string,
  lanes: readonly string[],
  formats?: readonly string[],
])[] = [
  ['bundlers', ['bundlers'], ['mts']],
  ['clients', ['openai-4.19', 'openai-4.104', 'openai-5', 'openai-6', 'openai-6-sdk-2', 'openai-7']],
  ['declarations', ['openai-7']],
  ['lean', ['clean-sdk-3-node', 'clean-sdk-2-node']],
  ['options', ['openai-7']],
  ['node-sdk', ['clean-sdk-3-node', 'clean-sdk-2-node']],
];

const RESOLUTIONS = [
  { module: 'node16', moduleResolution: 'node16' },
  { module: 'esnext', moduleResolution: 'bundler' },
] as const;

const ROWS = PROGRAMS.flatMap(([program, lanes, formats = ['mts', 'cts']]) =>
  lanes.flatMap((lane) => RESOLUTIONS.map((resolution) => ({ program, lane, formats, resolution }))),
);

describe('types are those of openai and OpenTelemetry', () => {
  test.each(ROWS)('$program in $lane, $resolution.moduleResolution', async (row) => {
    expect(await compile(row)).toBe('');
  });
});

/** Compiles a program in a lane, as an ES module and as CommonJS; gives what the compiler says. */
async function compile({ program, lane, formats, resolution }: (typeof ROWS)[number]): Promise<string> {
  const directory = join(laneDirectory(lane), 'types', `${program}-${Object.values(resolution)[0]}`);
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  const source = join(import.meta.dirname, 'programs', `${program}.ts`);
  const files = formats.map((extension) => `${program}.${extension}`);
  for (const file of files) await copyFile(source, join(directory, file));
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2023', 'dom', 'dom.asynciterable'],
    strict: true,
    exactOptionalPropertyTypes: true,
    // The types of openai 4 and of OpenTelemetry need those of Node and more.
    skipLibCheck: program !== 'lean',
    noEmit: true,
    // Names of the types that a program exports are checked too.
    declaration: true,
    types: [],
    ...resolution,
  };
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  const { code, stdout, stderr } = await run('tsc', ['--project', directory], { cwd: directory });
  return code === 0 ? stdout : `${stdout}${stderr}`;
}
