import { existsSync, globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PLACEHOLDER_PAGE } from '../../scripts/release/address.ts';
import { DOCUMENTS, readDocument } from './documents.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const { repository } = JSON.parse(readDocument('package.json'));
/** The repository that documents link to. Until it is set, they link to a placeholder. */
const REPOSITORY = (repository?.url ?? PLACEHOLDER_PAGE).replace(/^.*github\.com\/|\.git$/g, '');
const SCRIPTS = Object.keys(JSON.parse(readDocument('package.json')).scripts);
/** Names of the registry, from the files that are generated from it. */
const REGISTERED = new Set(
  ['attributes', 'events', 'metrics'].flatMap((file) =>
    [...readDocument(`src/semconv/${file}.ts`).matchAll(/'(openai\.[\w.]+)'/g)].map(([, name = '']) => name),
  ),
);

describe.each(DOCUMENTS)('%s', (document) => {
  const text = readDocument(document);

  test('links to existing files and headings', () => {
    const targets = [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, target = '']) => target);
    expect(targets.filter((target) => !leadsSomewhere(document, target))).toEqual([]);
  });

  test('links to existing files of the repository', () => {
    const targets = text.matchAll(
      /\]\(https:\/\/github\.com\/([\w.-]+\/[\w.-]+)\/(?:blob|tree)\/main\/([^)#\s]+)/g,
    );
    const own = [...targets].filter(([, repository]) => repository === REPOSITORY);
    expect(own.map(([, , path = '']) => path).filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test('names existing files', () => {
    const named = [
      ...text.matchAll(/`((?:docs|examples|ops|scripts|src|test|semconv|bench|viewer)\/[\w./-]+)`/g),
    ];
    expect(named.map(([, path = '']) => path).filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test('names existing scripts', () => {
    const named = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !SCRIPTS.includes(name))).toEqual([]);
  });
});

test('comments and messages name existing pages and headings', () => {
  const sources = globSync(
    ['{src,scripts,examples,bench,ops,test}/**/*.{ts,mjs,cjs,json,yaml}', 'viewer/{src,test}/**/*.{ts,tsx}'],
    { cwd: ROOT, exclude: ['**/node_modules/**'] },
  );
  const named = sources.flatMap((source) =>
    [...readDocument(source).matchAll(/(?<![\w/.-])docs\/[\w-]+\.md(?:#[\w-]+)?/g)].map(([target]) => target),
  );
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((target) => !leadsSomewhere('README.md', target))).toEqual([]);
});

/** `docs/telemetry.md` is written from the registry, and shows attributes whose names programs complete. */
const WRITTEN_BY_HAND = DOCUMENTS.filter((document) => document !== 'docs/telemetry.md');

test.each(WRITTEN_BY_HAND)('%s names existing attributes and metrics', (document) => {
  const named = [...readDocument(document).matchAll(/`(openai\.[\w.]+\w)(?:=[^`]*)?`/g)].map(
    ([, name = '']) => name,
  );
  expect(named.filter((name) => !REGISTERED.has(name))).toEqual([]);
});

/** The documents in the tarball: offline, in an editor and on npm they lead to each other. */
const PACKAGED = DOCUMENTS.filter((document) =>
  /^(CHANGELOG|README|SECURITY|docs\/[\w-]+|ops\/README)\.md$/.test(document),
);

test.each(PACKAGED)('%s is packaged and links only to packaged files and pictures', (document) => {
  const targets = [...readDocument(document).matchAll(/(!?)\[[^\]]*\]\((?!https?:|#)([^)#\s]+)/g)]
    .filter(([, picture]) => picture === '')
    .map(([, , target = '']) => join(dirname(document), target));
  expect(targets.filter((target) => !PACKAGED.includes(target))).toEqual([]);
});

test('the README says what the costs in its first tree need', () => {
  const [tree = '', ...text] = readDocument('README.md').split('```').slice(1);
  expect(tree).toContain('$');
  expect(text.join('')).toContain('npm install @pydantic/genai-prices');
});

test('the README is short, and docs/README.md links to every page', () => {
  const readme = readDocument('README.md');
  expect(readme.trimEnd().split('\n').length).toBeLessThan(200);
  // The addresses of links are not read.
  expect(readme.replace(/\]\([^)]*\)/g, ']').length).toBeLessThanOrEqual(8_000);
  const index = readDocument('docs/README.md');
  const pages = PACKAGED.filter((document) => document.startsWith('docs/') && document !== 'docs/README.md');
  expect(pages.filter((page) => !index.includes(`](${page.slice('docs/'.length)})`))).toEqual([]);
});

test('docs/troubleshooting.md explains every finding of the doctor', () => {
  const findings = readDocument('src/diagnostics/findings.ts').matchAll(/^ {2}\| '(\w+)'/gm);
  const codes = [...findings].map(([, code = '']) => code);
  const document = readDocument('docs/troubleshooting.md');
  expect(codes.length).toBeGreaterThan(15);
  expect(codes.filter((code) => !document.includes(`\`${code}\``))).toEqual([]);
});

/** Pages that scripts write, and the one that shows trees which tests record. */
const GENERATED = ['api', 'compatibility', 'install', 'telemetry', 'trees'].map((name) => `docs/${name}.md`);
const WRITTEN_BLOCK = /<!-- [^>]*\bwritten by [\s\S]*?<!-- (?:end of|here it ends)[^>]*-->/gi;

test('the pages that are written by hand are no longer than readers have time for', () => {
  const pages = PACKAGED.filter((page) => page.startsWith('docs/') && !GENERATED.includes(page));
  const texts = pages.map((page) => readDocument(page).replace(WRITTEN_BLOCK, ''));
  expect(texts.join('').length).toBeLessThanOrEqual(175_000);
});

function leadsSomewhere(document: string, target: string): boolean {
  const [path = '', heading] = target.split('#');
  const file = path === '' ? document : join(dirname(document), path);
  if (!existsSync(join(ROOT, file))) return false;
  return heading === undefined || headingsOf(readDocument(file)).includes(heading);
}

/** The anchors that code hosts make of headings. */
function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}
