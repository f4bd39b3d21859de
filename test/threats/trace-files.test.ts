import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { transcriptOf } from 'openai-traces-viewer/transcript.ts';
import { pageFromFile } from 'openai-traces-viewer/view-command.ts';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { printChecks } from '../../src/doctor/command.ts';
import { examineProject } from '../../src/doctor/project.ts';
import { ConsoleTreeExporter, type FinishedSpan, HtmlTraceExporter } from '../../src/export.ts';
import { makeSpans, rawSpan, rowsOf } from '../../viewer/test/spans.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trace-files-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Clears the screen, sets the title of the window, and has the rest of a line read from right to left. */
const HOSTILE = '\u001b[2J\u001b]0;title\u0007\u202egnp.exe\u2066';
/** What moves the cursor, starts an escape sequence, or turns the direction of reading. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for.
const HARMFUL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

const HONEST = {
  traceId: '5b8efff798038103d269b633813fc60c',
  spanId: 'eee19b7ec3c1b174',
  name: 'chat gpt-4o',
  startTimeUnixNano: '1544712660000000001',
  endTimeUnixNano: '1544712661000000002',
  attributes: [{ key: 'gen_ai.operation.name', value: { stringValue: 'chat' } }],
};

interface Shown {
  readonly omitted: number;
  readonly spans: readonly { readonly name: string; readonly attributes: Record<string, unknown> }[];
}

/** Runs the command on a file with this text, or on what is there. */
function viewFile(text: string | undefined, name = 'traces.json'): { code: number; said: string } {
  const file = join(folder, name);
  if (text !== undefined) writeFileSync(file, text);
  return viewPath(file);
}

function viewPath(file: string): { code: number; said: string } {
  const said: string[] = [];
  const output = { write: (text: string) => void said.push(text) };
  return { code: pageFromFile(file, join(folder, 'page.html'), output, output), said: said.join('') };
}

function shown(): Shown {
  const [, json = ''] =
    readFileSync(join(folder, 'page.html'), 'utf8').match(/id="data">(.*?)<\/script>/s) ?? [];
  return JSON.parse(json) as Shown;
}

const spanWith = (attribute: string, more: object = {}): string =>
  JSON.stringify({ ...HONEST, name: 'hostile', attributes: [{ key: 'a', value: '@' }], ...more }).replace(
    '"@"',
    attribute,
  );

describe('whoever names the file for `view` cannot control the terminal', () => {
  test.each([
    ['a missing file', undefined],
    ['a file without spans', '{}'],
    ['a file with lines that are not JSON', `${HOSTILE}\n`],
  ])('with the name of %s', (_, text) => {
    const { code, said } = viewFile(text, `${HOSTILE}.json`);
    expect(code).toBe(1);
    expect(said).toContain('gnp.exe');
    expect(said).not.toMatch(HARMFUL);
  });

  test('and the name of an honest file is printed unchanged, in any script', () => {
    expect(viewFile('{}', '跟踪 né.json').said).toBe(
      `${join(folder, '跟踪 né.json')} contains no spans. It must be OTLP/JSON.\n`,
    );
  });
});

describe('whoever wrote the file for `view` cannot keep other spans off the page', () => {
  const deep = (levels: number, open: string, inner: string, close: string): string =>
    open.repeat(levels) + inner + close.repeat(levels);

  test.each<[string, () => string]>([
    ['a number that is an object', () => spanWith('{"intValue":{"toString":1,"valueOf":1}}')],
    [
      'a number that is an array nested 100,000 deep',
      () => spanWith(`{"intValue":${deep(1e5, '[', '', ']')}}`),
    ],
    [
      'an array nested 100,000 deep',
      () => spanWith(deep(1e5, '{"arrayValue":{"values":[', '{"intValue":1}', ']}}')),
    ],
    ['a document nested 100,000 deep', () => deep(1e5, '[', '', ']')],
    ['documents nested 100,000 deep', () => deep(1e5, '{"resourceSpans":[', '', ']}')],
    ['an attribute with a name of 60 million characters', () => spanWith('{}', { ['n'.repeat(6e7)]: 1 })],
    [
      'a span with more content than a page can hold',
      () =>
        JSON.stringify({
          ...HONEST,
          attributes: Array.from({ length: 600 }, (_, i) => ({
            key: `a${i}`,
            value: { stringValue: 'x'.repeat(99_000) },
          })),
        }),
    ],
  ])('with %s', (_, hostile) => {
    expect(viewFile(`[${hostile()},${JSON.stringify(HONEST)}]`).code).toBe(0);
    expect(shown().spans.at(-1)).toMatchObject({
      name: HONEST.name,
      attributes: { 'gen_ai.operation.name': 'chat' },
    });
  });

  test('with a process whose name is repeated for each of its spans', () => {
    const spans = Array.from({ length: 20_000 }, (_, i) => ({ traceId: '1', spanId: String(i) }));
    const attributes = [{ key: 'service.name', value: { stringValue: 's'.repeat(90_000) } }];
    const hostile = { resource: { attributes }, scopeSpans: [{ spans }] };
    expect(
      viewFile(JSON.stringify({ resourceSpans: [hostile, { scopeSpans: [{ spans: [HONEST] }] }] })).code,
    ).toBe(0);
    expect(shown().spans.at(-1)?.name).toBe(HONEST.name);
    expect(shown().omitted).toBe(0);
  });
});

describe('whoever wrote the file for `view` cannot exhaust the machine, and the reason is printed', () => {
  test('with a span that is nested too deeply, which is not searched for', () => {
    const file = `${'['.repeat(1e5)}${JSON.stringify(HONEST)}${']'.repeat(1e5)}`;
    expect(viewFile(file)).toEqual({
      code: 1,
      said: `${join(folder, 'traces.json')} contains no spans. It must be OTLP/JSON.\n`,
    });
  });

  test('with a huge file', () => {
    writeFileSync(join(folder, 'huge'), '');
    truncateSync(join(folder, 'huge'), 3 * 2 ** 30);
    expect(viewPath(join(folder, 'huge'))).toEqual({
      code: 1,
      said: `${join(folder, 'huge')} is larger than 100 MiB. Split it: OTLP/JSON can have one document per line.\n`,
    });
  });

  test.skipIf(!existsSync('/dev/zero'))('with an endless device', () => {
    symlinkSync('/dev/zero', join(folder, 'traces.json'));
    expect(viewPath(join(folder, 'traces.json'))).toMatchObject({
      code: 1,
      said: expect.stringContaining('larger than 100 MiB'),
    });
  });

  test('with millions of lines that are not JSON', () => {
    const { code, said } = viewFile(`${JSON.stringify(HONEST)}\n${'{\n'.repeat(3e6)}`);
    expect(code).toBe(0);
    expect(said).toContain('Skipped 3,000,000 lines that are not JSON.\n');
  });

  test('with millions of spans: those that do not fit are counted', () => {
    const lines = Array.from({ length: 600_000 }, (_, i) => `{"traceId":"1","spanId":"${i}"}\n`);
    expect(viewFile(lines.join('')).code).toBe(0);
    const { spans, omitted } = shown();
    expect(spans.length).toBeGreaterThan(100_000);
    expect(spans.length + omitted).toBe(600_000);
  });
});

test('a chain of 200,000 calls is read like one of two', () => {
  const chain = Array.from(
    { length: 200_000 },
    (_, i): FinishedSpan => ({
      ...rawSpan(String(i), i === 0 ? '' : String(i - 1)),
      startTime: [i, 0],
      endTime: [i, 1],
      attributes: { 'gen_ai.operation.name': 'chat' },
    }),
  );
  for (const spans of [chain.slice(0, 2), chain]) {
    expect(transcriptOf(rowsOf(spans))).toHaveLength(spans.length);
  }
});

describe('a value with its own `toString` or `toJSON`', () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  let nested: unknown = 'bottom';
  for (let i = 0; i < 50_000; i++) nested = [nested];
  const VALUES: readonly (readonly [string, unknown])[] = [
    ['a toString that is not a function', { toString: 1, valueOf: 1, toJSON: 1 }],
    ['toString and toJSON that throw', { toString: throwing, toJSON: throwing }],
    ['a toJSON that returns undefined', { toJSON: () => undefined, toString: 1 }],
    ['no prototype', Object.create(null)],
    ['itself in it', { ...circle, toString: 1 }],
    ['50,000 levels', nested],
    ['integers of any size', 10n ** 30n],
  ];
  const NAMES = [
    'gen_ai.operation.name',
    'error.type',
    'openai.thread.id',
    'openai.run.status',
    'gen_ai.tool.name',
    'gen_ai.input.messages',
    'gen_ai.tool.call.arguments',
    'gen_ai.request.model',
  ];

  function throwing(): never {
    throw new Error('thrown');
  }

  /** As a program that is written in JavaScript can hand them over. */
  function spansWith(value: unknown): FinishedSpan[] {
    const attributes = Object.fromEntries(NAMES.map((name) => [name, value]));
    const spans = makeSpans({ name: 'root', error: true, children: [{ name: 'child', error: true }] });
    return spans.map((span) => Object.assign(span, { attributes }));
  }

  test.each(VALUES)(
    'does not break the tree in the terminal, or keep a span off the page: %s',
    async (_, value) => {
      let text = '';
      const write = (part: string): void => {
        text += part;
      };
      const tree = new ConsoleTreeExporter({
        stream: { write },
        summary: true,
        steps: true,
        attributes: NAMES,
      });
      const page = new HtmlTraceExporter({ path: join(folder, 'page.html') });
      tree.export(spansWith(value), ({ code }) => expect(code).toBe(0));
      page.export([...spansWith(value), ...makeSpans({ name: 'honest' })], ({ code }) =>
        expect(code).toBe(0),
      );
      await Promise.all([tree.shutdown(), page.shutdown()]);
      expect(text).toMatch(/^root .*\n(│.*\n)*└─ child /);
      expect(shown().spans.map(({ name }) => name)).toEqual(['child', 'root', 'honest']);
    },
  );
});

describe.skipIf(process.platform === 'win32')('another user of the machine', () => {
  async function write(path: string): Promise<void> {
    const exporter = new HtmlTraceExporter({ path });
    exporter.export(makeSpans({ name: 'root' }), () => {});
    await exporter.shutdown();
  }
  const modeOf = (path: string): number => statSync(path).mode & 0o777;

  test('can read neither the page nor the folders created for it', async () => {
    await write(join(folder, 'new', 'deep', 'page.html'));
    expect(['new', 'new/deep', 'new/deep/page.html'].map((name) => modeOf(join(folder, name)))).toEqual([
      0o700, 0o700, 0o600,
    ]);
  });

  test('cannot redirect the page with a symbolic link in its place', async () => {
    writeFileSync(join(folder, 'theirs'), 'untouched');
    symlinkSync(join(folder, 'theirs'), join(folder, 'page.html'));
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    await write(join(folder, 'page.html'));
    expect(String(said.mock.calls[0]?.[0])).toContain('page.html cannot be written: not a file');
    said.mockRestore();
    expect(readFileSync(join(folder, 'page.html'), 'utf8')).toBe('untouched');
    expect(readdirSync(folder).sort()).toEqual(['page.html', 'theirs']);
  });

  test('does not affect an existing folder, which keeps its mode', async () => {
    mkdirSync(join(folder, 'shared'), { mode: 0o755 });
    await write(join(folder, 'shared', 'page.html'));
    await write(join(folder, 'shared', 'page.html'));
    expect(modeOf(join(folder, 'shared'))).toBe(0o755);
    expect(readdirSync(join(folder, 'shared'))).toEqual(['page.html']);
  });
});

describe('whoever wrote the project that `doctor` examines', () => {
  function writeManifest(name: string, manifest: object | string): void {
    const file = join(folder, name, 'package.json');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof manifest === 'string' ? manifest : JSON.stringify(manifest));
  }
  function doctor(): string {
    const said: string[] = [];
    printChecks(examineProject({ project: folder, environment: {} }), { write: (text) => said.push(text) });
    return said.join('');
  }

  test('cannot control the terminal with a version', () => {
    writeManifest('node_modules/openai', { name: 'openai', version: `9.0.0${HOSTILE}\nAll is well.` });
    const said = doctor();
    expect(said).toContain('openai_untested');
    expect(said).toContain('no_sdk_installed');
    expect(said).not.toMatch(HARMFUL);
    expect(said).not.toMatch(/^All is well/m);
  });

  test.skipIf(process.platform === 'win32')('cannot block it with an endless package.json', () => {
    mkdirSync(join(folder, 'node_modules/openai'), { recursive: true });
    execFileSync('mkfifo', [join(folder, 'node_modules/openai/package.json')]);
    symlinkSync('/dev/zero', join(folder, 'package.json'));
    expect(doctor()).toContain('openai_not_installed');
  });

  test('cannot block it with one that is nested 100,000 deep, or is huge', () => {
    writeManifest('.', `{"dependencies":${'['.repeat(1e5)}${']'.repeat(1e5)}}`);
    writeManifest('node_modules/openai', { name: 'openai', version: '7.0.0', x: 'x'.repeat(6_000_000) });
    expect(doctor()).toContain('openai_not_installed');
  });
});
