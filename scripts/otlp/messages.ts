/** Generates the protobuf reader for OTLP from OpenTelemetry's published definitions, for builds and tests. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import protobuf from 'protobufjs';
import pbjs from 'protobufjs-cli/pbjs.js';
import type { Plugin } from 'rolldown';

const MODULE = fileURLToPath(new URL('../../viewer/src/live/otlp-messages.ts', import.meta.url));
const { resolve } = createRequire(import.meta.url);

/** The folder of a package that contains the definitions, and the requests that the command `view` reads. */
const DEFINITIONS = dirname(resolve('@elastic/mockotlpserver/package.json'));
const REQUESTS = ['trace/v1/trace_service', 'logs/v1/logs_service'];

/** Leaves out everything that does not read. The build generates the code, so no code is generated at run time. */
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

/** Finds definitions that no request contains. */
const UNREAD = /^(?:Traces|Logs)Data$|(?:Service|Response|PartialSuccess|Flags)$/;

/** The reader of protobufjs. It needs no package for 64-bit integers, because the reader of times returns text. */
const READER = `import Reader from ${JSON.stringify(resolve('protobufjs/src/reader.js'))};
import util from ${JSON.stringify(resolve('protobufjs/src/util/minimal.js'))};
Reader._configure({ _configure() {} });
export default { Reader, util, roots: {} };
`;

/** Gives `viewer/src/live/otlp-messages.ts` its constants, and reduces `protobufjs/minimal.js` to what they need. */
export function otlpMessages(): Plugin {
  const modules: Readonly<Record<string, string>> = {
    'protobufjs/minimal.js': READER,
    long: 'export default undefined;',
  };
  return {
    name: 'otlp-messages',
    resolveId: (source) => (source in modules ? `\0${source}` : null),
    async load(id) {
      return modules[id.slice(1)] ?? (id === MODULE ? await generated() : null);
    },
  };
}

async function generated(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'otlp-'));
  try {
    const out = join(folder, 'messages.js');
    const definitions = join(folder, 'definitions.json');
    const root = new protobuf.Root();
    root.resolvePath = (_, path) => join(DEFINITIONS, path);
    await root.load(REQUESTS.map((name) => `opentelemetry/proto/collector/${name}.proto`));
    const read = (name: string, value: unknown): unknown => (UNREAD.test(name) ? undefined : value);
    await writeFile(definitions, JSON.stringify(root, read));
    const flags = ['-t', 'static-module', '-w', 'es6', '-o', out, ...LEFT_OUT.map((each) => `--no-${each}`)];
    await promisify(pbjs.main)([...flags, definitions]);
    return `${await readFile(out, 'utf8')}
export const { ExportTraceServiceRequest } = opentelemetry.proto.collector.trace.v1;
export const { ExportLogsServiceRequest } = opentelemetry.proto.collector.logs.v1;
`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
