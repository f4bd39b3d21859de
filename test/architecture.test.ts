import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadRegistry } from '../scripts/semconv/registry.ts';
import { readSource } from '../scripts/weight/source.ts';

const ROOT = join(import.meta.dirname, '..');

/** The paths of files below a directory, with `/` on every platform. */
function pathsBelow(directory: string, ending: RegExp): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/'));
}

/** Every source, by its path below `src`; those of the viewer, by `viewer/` and their path below `viewer/src`. */
const files = new Map(
  [
    ['src', ''],
    ['viewer/src', 'viewer/'],
  ].flatMap(([folder = '', prefix = '']) =>
    pathsBelow(join(ROOT, folder), /\.tsx?$/).map(
      (path) => [`${prefix}${path}`, readFileSync(join(ROOT, folder, path), 'utf8')] as const,
    ),
  ),
);

function isGenerated(path: string): boolean {
  return /^(?:viewer\/)?semconv\//.test(path);
}

function filesWith(text: RegExp): string[] {
  return [...files].filter(([, content]) => text.test(content)).map(([path]) => path);
}

function nameOf({ name }: { readonly name: string }): string {
  return name;
}

function withoutComments(source: string): string {
  return source.replace(/^\s*(?:\/\/|\/\*|\*).*$/gm, '');
}

describe('exactly one file', () => {
  it.each([
    ['starts the spans of operations', /spanNameOf\(operation/, 'telemetry/record.ts'],
    [
      'starts the records of runs and turns',
      /operation: invokeAgent/,
      'hierarchy/invocations/agent-invocation.ts',
    ],
    ['replaces methods of other objects', /Object\.defineProperty\(holder/, 'util/patch-method.ts'],
    ['looks packages up by name', /\bcreateRequire\(/, 'util/optional-packages.ts'],
    ['asks for contexts and enters them', /\w*context\.(?:active|with)\(/i, 'util/context.ts'],
    ['reads environment variables', /\bprocess\??\.env\b(?!`)|\{ env\b/, 'util/variables.ts'],
    ['writes to the diagnostic log', /\bdiag\.(?:warn|error|info)/, 'util/guard.ts'],
  ])('%s', (_, text, file) => {
    const found = filesWith(text).filter((path) => !isGenerated(path));
    expect(found).toEqual([file]);
  });
});

describe('only', () => {
  it('src/util/platform.ts uses globals that a runtime may lack', () => {
    const used = /(?<![\w.`])(?:performance\.|new (?:WeakRef|FinalizationRegistry)\b)/;
    expect(filesWith(used)).toEqual([]);
  });

  it('src/semconv and viewer/src/semconv spell the names of attributes, metrics and events', () => {
    const { attributes, metrics, events } = loadRegistry();
    const names = new Set([...attributes.keys(), ...metrics.map(nameOf), ...events.map(nameOf)]);
    const spelt = [...files]
      .filter(([path]) => !isGenerated(path))
      .flatMap(([path, content]) =>
        [...withoutComments(content).matchAll(/['"`]([\w.]+)['"`]/g)]
          .filter(([, text = '']) => names.has(text))
          .map(([literal]) => `${path}: ${literal}`),
      );
    expect(spelt).toEqual([]);
  });

  it('src/telemetry starts spans', () => {
    expect(filesWith(/\bstart(?:Active)?Span\(/).filter((path) => !path.startsWith('telemetry/'))).toEqual(
      [],
    );
  });

  it('src/sdk changes calls, except for the responses of a realtime session', () => {
    const inside = /import (?:type )?\{[^}]*\bCall\b[^}]*\} from '[^']*\bcall\.ts'/;
    expect(filesWith(inside).filter((path) => !path.startsWith('sdk/'))).toEqual([
      'hierarchy/realtime/session-responses.ts',
    ]);
  });

  it('src/sdk names the internal methods of the SDK', () => {
    const inside = /makeRequest|fetchWithTimeout|parseResponse|responsePromise|_thenUnwrap/;
    expect(filesWith(inside).filter((path) => !path.startsWith('sdk/'))).toEqual([]);
  });

  it('src/util/otel-api.ts and otel-sdk.ts read private fields of OpenTelemetry', () => {
    const privateField = /(?:\.|\breadonly |[{,]\s*)(_[a-z]\w*)|'(_exporter|_[a-z]+[A-Z]\w*)'/g;
    const found = [...files]
      .filter(([path]) => !/^(?:sdk|semconv)\/|^util\/otel-(?:api|sdk)\.ts$/.test(path))
      .flatMap(([path, content]) =>
        [...withoutComments(content).matchAll(privateField)].map(
          ([, member, text]) => `${path}: ${member ?? text}`,
        ),
      );
    expect([...new Set(found)]).toEqual([
      // Our own field, named like that of Zipkin's exporter.
      'export/otlp-exporter.ts: _urlStr',
      // Of Sentry.
      'telemetry/outer-span.ts: _attributes',
      // Of spans: each call reads them.
      'util/clock.ts: _startTimeProvided',
      'util/clock.ts: _performanceStartTime',
      // Of Node.
      'util/process-events.ts: _getActiveHandles',
      // Of `@openai/agents`.
      'hierarchy/dialects/agents-sdk.ts: _response',
      'hierarchy/dialects/agents-sdk.ts: _input',
    ]);
  });

  it('the command, the check for a refused connection, the source of the live view and the worker at exit use the network', () => {
    const onNetwork = filesWith(
      /(?<!import type .*|typeof import\()'node:(?:net|tls|http|https|http2|dgram|child_process|cluster)'/,
    );
    expect(onNetwork.sort()).toEqual([
      'doctor/collector.ts',
      // To this machine alone.
      'export/live-spans.ts',
      'telemetry/program-end/exit-worker.ts',
      'util/connection-failure.ts',
      'viewer/live/live-view.ts',
    ]);
    expect(filesWith(/viewer\/live\/|'\.\/live\/|'\.\.\/live\//)).toEqual(['viewer/view-command.ts']);
    expect(filesWith(/view-command\.ts'/)).toEqual(['cli.ts']);
    expect(filesWith(/doctor\/collector\.ts'|'\.\/collector\.ts'/)).toEqual([
      'doctor/command.ts',
      'doctor/project.ts',
    ]);
    expect(filesWith(/doctor\/project\.ts'|'\.\/project\.ts'/)).toEqual(['doctor/command.ts']);
    expect(filesWith(/doctor\/command\.ts'|'\.\/command\.ts'/)).toEqual(['cli.ts']);
  });

  it('src/util/built-in.ts looks for modules of Node: old versions need another way', () => {
    expect(filesWith(/getBuiltinModule/)).toEqual(['util/built-in.ts']);
  });

  it('entries that need Node import Node modules', () => {
    const onNode = filesWith(/from 'node:/).filter(
      (path) =>
        !/^(?:sdk\/loading\/(?:module-hooks|load-hook|single-load-hook|hooked-files)|register|bundler|cli|doctor|export|viewer)/.test(
          path,
        ),
    );
    expect(onNode).toEqual([]);
  });
});

describe('in src/', () => {
  it('the root has one file for each import path, the class and the public types', () => {
    expect([...files.keys()].filter((path) => !path.includes('/'))).toEqual([
      'agents.ts',
      'bundler.ts',
      'cli.ts',
      'client.ts',
      'export.ts',
      'index.ts',
      'instrumentation.ts',
      'openai.ts',
      'register-esm.ts',
      'register.ts',
      'testing.ts',
      'types.ts',
    ]);
  });

  it('each top-level name is declared once', () => {
    const sources = ['src', 'viewer/src'].flatMap((folder) => readSource(folder));
    const names = sources.flatMap(({ path, names }) => names.map((name) => ({ name, path })));
    const places = Map.groupBy(names, nameOf);
    expect([...places.values()].filter(({ length }) => length > 1)).toEqual([]);
  });

  it('the viewer is imported by its name', () => {
    expect(filesWith(/viewer\/src/)).toEqual([]);
  });

  it('no type reaches another file with import(): the linter would not see that', () => {
    expect(filesWith(/typeof import\('\./)).toEqual([]);
  });
});

describe('in the folders of test/ that mirror src/', () => {
  const sources = [...files.keys()].map((path) => path.replace(/\.tsx?$/, ''));
  const folders = new Set(sources.map((path) => dirname(path)));
  const tests = [
    ...pathsBelow(import.meta.dirname, /\.test\.ts$/),
    ...pathsBelow(join(ROOT, 'viewer', 'test'), /\.test\.ts$/).map((path) => `viewer/${path}`),
  ]
    .map((path) => path.slice(0, -'.test.ts'.length))
    .filter((path) => folders.has(path.split('/')[0] ?? ''));

  it('a test with the name of one source file has its path, too', () => {
    const misplaced = tests.flatMap((path) => {
      const namesakes = [...sources, ...folders].filter((other) => basename(other) === basename(path));
      const [source = ''] = namesakes;
      return namesakes.length !== 1 || folders.has(source) || source === path ? [] : [`${path} -> ${source}`];
    });
    expect(misplaced).toEqual([]);
  });
});
