import { execFile } from 'node:child_process';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { traced } from '../../src/client.ts';
import { assertSpanTree } from '../../src/testing.ts';
import { newFolder } from '../support/folders.ts';
import { recordTelemetry } from '../support/telemetry.ts';
import { collectWarnings } from '../support/warnings.ts';
import type { Tutor } from './programs/decorated.ts';

const ROOT = join(import.meta.dirname, '..', '..');

test('traced decorates methods, static methods and generators', async () => {
  const { Tutor: Decorated } = await compileDecorated();
  const telemetry = recordTelemetry();
  const tutor = Decorated.create('Ada');
  expect(tutor).toBeInstanceOf(Decorated);
  expect(await tutor.teach('algebra', 3)).toBe('Ada teaches algebra. Look.');
  expect([...tutor.count(3)]).toEqual([1, 2, 3]);
  expect([Decorated.prototype.teach.length, Decorated.prototype.teach.name]).toEqual([2, 'teach']);
  expect(tutor.grade(2)).toBe('B');
  assertSpanTree(
    telemetry.spans,
    `
    create

    lesson
    └─ explain  gen_ai.prompt.name=explain openai.trace.project=school

    count

    grade
    `,
  );
  await telemetry.verify();
});

test('traced leaves the target of a legacy decorator unchanged, and warns once', () => {
  const warnings = collectWarnings();
  class Legacy {
    teach(): string {
      return 'taught';
    }
    // A function instead of a descriptor would have it as the getter.
    static get(): string {
      return 'got';
    }
  }
  const decorate = traced('lesson') as (...args: unknown[]) => unknown;
  const descriptor = Object.getOwnPropertyDescriptor(Legacy.prototype, 'teach');
  expect(decorate(Legacy.prototype, 'teach', descriptor)).toBeUndefined();
  expect(decorate(Legacy, Symbol('get'), undefined)).toBeUndefined();
  const decorateAtOnce = traced as (...args: unknown[]) => unknown;
  expect(decorateAtOnce(Legacy.prototype, 'teach', descriptor)).toBeUndefined();
  expect(decorateAtOnce(Legacy, 'get', Object.getOwnPropertyDescriptor(Legacy, 'get'))).toBeUndefined();
  expect(warnings).toEqual([expect.stringContaining('expected standard decorators')]);
});

test('traced leaves a field unchanged, and warns once', () => {
  const warnings = collectWarnings();
  const field = { kind: 'field', name: 'answer' };
  for (const decorate of [traced, traced('answer')] as ((...args: unknown[]) => unknown)[])
    expect(decorate(undefined, field)).toBeUndefined();
  expect(warnings).toEqual([expect.stringContaining('expected a function')]);
});

/** Node runs TypeScript as it is, but no decorators: `tsc` compiles the class, against the types of the package. */
async function compileDecorated(): Promise<{ readonly Tutor: typeof Tutor }> {
  const directory = await newFolder();
  await cp(join(import.meta.dirname, 'programs', 'decorated.ts'), join(directory, 'decorated.mts'));
  await mkdir(join(directory, 'node_modules', '@opentelemetry'), { recursive: true });
  await symlink(ROOT, join(directory, 'node_modules', 'opentelemetry-instrumentation-openai'));
  const api = join('node_modules', '@opentelemetry', 'api');
  await symlink(join(ROOT, api), join(directory, api));
  const compilerOptions = {
    target: 'es2022',
    module: 'nodenext',
    strict: true,
    types: [],
    skipLibCheck: true,
  };
  const config = join(directory, 'tsconfig.json');
  await writeFile(config, JSON.stringify({ compilerOptions, files: ['decorated.mts'] }));
  await promisify(execFile)(join(ROOT, 'node_modules', '.bin', 'tsc'), ['--project', config]);
  return import(pathToFileURL(join(directory, 'decorated.mjs')).href);
}
