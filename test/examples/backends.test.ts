import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as HttpExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { SimpleSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { codeBlocksOf } from '../docs/documents.ts';
import { startOtlpReceiver } from '../support/lanes/otlp.ts';
import { ROOT } from '../support/lanes/paths.ts';
import { listen } from '../support/listening.ts';

interface Compose {
  readonly services: Readonly<
    Record<
      string,
      {
        readonly image: string;
        readonly ports?: readonly string[];
        readonly volumes?: readonly string[];
        readonly depends_on?: readonly string[] | Readonly<Record<string, unknown>>;
        readonly environment?: Readonly<Record<string, string>>;
      }
    >
  >;
  readonly volumes?: Readonly<Record<string, unknown>>;
}

const FOLDER = join(ROOT, 'examples', 'backends');
const BACKENDS = ['grafana', 'jaeger', 'langfuse', 'phoenix', 'uptrace'];
const schema = JSON.parse(readFileSync(join(ROOT, 'test/fixtures/compose/compose-spec.json'), 'utf8'));
const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);

function readCompose(backend: string): Compose {
  return parse(readFileSync(join(FOLDER, backend, 'compose.yaml'), 'utf8'), { merge: true });
}

/** What the README has the reader set for a backend. */
function settingsOf(backend: string): ReadonlyMap<string, string> {
  const readme = readFileSync(join(FOLDER, 'README.md'), 'utf8');
  const section = readme.split(/^## /m).find((text) => text.includes(`-f ${backend}/compose.yaml`)) ?? '';
  const exported = section.split('\n').filter((line) => line.startsWith('export '));
  expect(exported).toHaveLength(2);
  const assignments = exported.flatMap((line) => line.slice('export '.length).split(/ (?=[A-Z_]+=)/));
  return new Map(
    assignments.map((text) => {
      const equals = text.indexOf('=');
      return [text.slice(0, equals), text.slice(equals + 1).replace(/^'|'$/g, '')];
    }),
  );
}

test('every folder is tested', () => {
  const folders = readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.map(({ name }) => name).sort()).toEqual(BACKENDS);
});

test.each(BACKENDS)(
  '%s is a Compose file with pinned images, whose ports are open on localhost alone',
  (backend) => {
    const compose = readCompose(backend);
    expect(validate(compose), JSON.stringify(validate.errors)).toBe(true);
    const services = Object.values(compose.services);
    const known = [...Object.keys(compose.services), ...Object.keys(compose.volumes ?? {})];
    for (const { image, depends_on: needed = [], volumes = [] } of services) {
      expect(image).toMatch(/^[\w./-]+:\S*\d+\.\d+|:RELEASE\.\d/);
      const sources = volumes.map((volume) => volume.split(':')[0] ?? '');
      const files = sources.filter((source) => source.startsWith('.'));
      const names = sources.filter((source) => !files.includes(source));
      const used = [...names, ...(Array.isArray(needed) ? needed : Object.keys(needed))];
      expect(used.filter((name) => !known.includes(name))).toEqual([]);
      expect(files.filter((file) => !existsSync(join(FOLDER, backend, file)))).toEqual([]);
    }
    const ports = services.flatMap((service) => service.ports ?? []);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    const open = ports.map((port) => port.split(':')[1]);
    expect(new Set(open).size).toBe(open.length);
    // The program uses one of them.
    for (const [name, value] of settingsOf(backend))
      if (name.endsWith('ENDPOINT')) expect(open).toContain(new URL(value).port);
  },
);

test('the Compose file of docs/rollout.md is valid', () => {
  const [file] = codeBlocksOf('docs/rollout.md').filter(({ code }) => code.startsWith('# compose.yaml'));
  expect(validate(parse(file?.code ?? '')), JSON.stringify(validate.errors)).toBe(true);
});

describe('the headers of the README', () => {
  afterEach(() => vi.unstubAllEnvs());

  test('use the project keys that Langfuse starts with', async () => {
    let headers: IncomingHttpHeaders = {};
    const origin = await listen((request, response) => {
      headers = request.headers;
      response.end();
    });
    setAll(settingsOf('langfuse'), origin);
    await sendSpan(new HttpExporter());
    const { environment } = readCompose('langfuse').services.langfuse ?? {};
    const names = ['LANGFUSE_INIT_PROJECT_PUBLIC_KEY', 'LANGFUSE_INIT_PROJECT_SECRET_KEY'];
    const keys = names.map((name) => environment?.[name]).join(':');
    expect(headers.authorization).toBe(`Basic ${Buffer.from(keys).toString('base64')}`);
    expect(headers['x-langfuse-ingestion-version']).toBe('4');
  });

  test('use the project DSN that Uptrace starts with', async () => {
    const received: unknown[] = [];
    const receiver = await startOtlpReceiver(
      ({ metadata }) => void received.push(...(metadata?.get('uptrace-dsn') ?? [])),
    );
    setAll(settingsOf('uptrace'), receiver.url);
    await sendSpan(new GrpcExporter());
    await receiver.close();
    const { seed_data, site } = parse(readFileSync(join(FOLDER, 'uptrace', 'uptrace.yaml'), 'utf8'));
    const [{ token }] = seed_data.project_tokens;
    expect(received).toEqual([site.ingest_url.replace('://', `://${token}@`)]);
  });

  function setAll(settings: ReadonlyMap<string, string>, endpoint: string): void {
    for (const [name, value] of settings) vi.stubEnv(name, value);
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', endpoint);
  }

  async function sendSpan(exporter: SpanExporter): Promise<void> {
    const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
    provider.getTracer('test').startSpan('span').end();
    await provider.shutdown();
  }
});
