/** Generates the reader of OTLP in protobuf from OpenTelemetry's published definitions, wherever the package is built or tested. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pbjs from 'protobufjs-cli/pbjs.js';
import type { Plugin } from 'rolldown';

const MODULE = fileURLToPath(new URL('../../src/viewer/live/otlp-messages.ts', import.meta.url));
const { resolve } = createRequire(import.meta.url);

/** The requests that the command `view` reads, in the folder of definitions that this package contains. */
const DEFINITIONS = dirname(resolve('@elastic/mockotlpserver/package.json'));
const REQUESTS = ['trace/v1/trace_service', 'logs/v1/logs_service'];

/** Code that reads, and nothing else. It is generated now: at run time, no code is. */
const LEFT_OUT = [
  'create',
  'encode',
  'verify',
  'convert',
  'delimited',
  'comments',
  'service',
  'typeurl',
  'beautify',
];

/** Gives `src/viewer/live/otlp-messages.ts` its constants. */
export function otlpMessages(): Plugin {
  return {
    name: 'otlp-messages',
    // Times are read as text, and no other number of OTLP needs 64 bits.
    resolveId: (source) => (source === 'long' ? '\0long' : null),
    async load(id) {
      if (id === '\0long') return 'export default undefined;';
      return id === MODULE ? await generated() : null;
    },
  };
}

async function generated(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'otlp-'));
  try {
    const out = join(folder, 'messages.js');
    const files = REQUESTS.map((name) => `opentelemetry/proto/collector/${name}.proto`);
    const flags = [
      ...['-t', 'static-module', '-w', 'es6', '-p', DEFINITIONS, '-o', out],
      ...LEFT_OUT.map((feature) => `--no-${feature}`),
    ];
    await promisify(pbjs.main)([...flags, ...files]);
    return `${await readFile(out, 'utf8')}
export const { ExportTraceServiceRequest } = opentelemetry.proto.collector.trace.v1;
export const { ExportLogsServiceRequest } = opentelemetry.proto.collector.logs.v1;
`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
