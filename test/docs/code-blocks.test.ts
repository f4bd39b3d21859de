import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type CodeBlock, codeBlocksOf, DOCUMENTS, readDocument } from './documents.ts';
import { IMPORTED, MODULES, SURROUNDINGS } from './surroundings.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const DIRECTORY = join(ROOT, `.docs-${process.pid}`);
const BLOCKS = DOCUMENTS.flatMap(codeBlocksOf);
const PROGRAMS = BLOCKS.map(afterChange).filter(({ language }) => ['js', 'ts'].includes(language));
const DATA = BLOCKS.filter(({ language }) => language === 'json');

afterAll(() => rmSync(DIRECTORY, { recursive: true, force: true }));

describe('code in the documents', () => {
  test('compiles against the built package', () => {
    mkdirSync(DIRECTORY, { recursive: true });
    const files = PROGRAMS.map(writeBlock);
    writeFileSync(join(DIRECTORY, 'surroundings.d.ts'), declarations());
    writeFileSync(join(DIRECTORY, 'tsconfig.json'), JSON.stringify(project(files)));
    const { stdout } = spawnSync(join(ROOT, 'node_modules', '.bin', 'tsc'), ['--project', DIRECTORY], {
      cwd: DIRECTORY,
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
    expect(PROGRAMS.length).toBeGreaterThan(10);
  });

  test.each(DOCUMENTS.filter((document) => /^(?:README|docs\/.*)\.md$/.test(document)))(
    '%s says how to install what its programs import, or which version was tested',
    (document) => {
      const text = readDocument(document) + readDocument('README.md');
      const installed = [...text.matchAll(/npm install ([^`\n]*)/g)].flatMap(([, names = '']) =>
        names.split(' '),
      );
      const tested = [...text.matchAll(/`([^`\n]+)` \d/g)].map(([, name = '']) => name);
      const named = [...installed, ...tested].map((name) => name.replace(/(?<=.)@.*/, ''));
      const programs = PROGRAMS.filter((block) => block.document === document);
      expect(programs.flatMap(importedPackages).filter((name) => !named.includes(name))).toEqual([]);
    },
  );

  test.each(DATA.map((block) => [nameOf(block), block.code]))('%s is JSON', (_, code) => {
    expect(() => JSON.parse(code)).not.toThrow();
  });
});

/** The packages that a program imports, without Node's own modules and files. */
function importedPackages({ code }: CodeBlock): string[] {
  const specifiers = code.matchAll(
    /(?:\bfrom |\bimport |\b(?:import|require)\()'((?:@[^/']+\/)?[^./'][^/']*)[^']*'/g,
  );
  return [...specifiers].map(([, name = '']) => name).filter((name) => !name.startsWith('node:'));
}

/** Of a change to a program, the program that it leads to. */
function afterChange(block: CodeBlock): CodeBlock {
  if (block.language !== 'diff') return block;
  const lines = block.code.split('\n').filter((line) => !line.startsWith('-'));
  return { ...block, language: 'js', code: lines.map((line) => line.slice(1)).join('\n') };
}

function nameOf({ document, line }: CodeBlock): string {
  return `${document.replaceAll('/', '-')}-line-${line}`;
}

function writeBlock(block: CodeBlock): string {
  const format = block.code.includes('require(') ? 'c' : 'm';
  const name = `${nameOf(block)}.${format}${block.language}`;
  writeFileSync(join(DIRECTORY, name), format === 'c' ? block.code : `${block.code}\nexport {};\n`);
  return name;
}

function declarations(): string {
  const values = Object.entries(SURROUNDINGS).map(([name, type]) => `declare const ${name}: ${type};`);
  const classes = Object.entries(IMPORTED).map(
    ([name, module]) => `declare const ${name}: typeof import('${module}').${name};`,
  );
  const modules = Object.entries(MODULES).map(([name, text]) => `declare module '${name}' { ${text} }`);
  return [...values, ...classes, ...modules, ''].join('\n');
}

function project(files: readonly string[]): object {
  return {
    extends: '../tsconfig.json',
    compilerOptions: {
      allowJs: true,
      checkJs: true,
      declaration: false,
      isolatedDeclarations: false,
      erasableSyntaxOnly: false,
      verbatimModuleSyntax: false,
    },
    files: [...files, 'surroundings.d.ts'],
    include: [],
  };
}
