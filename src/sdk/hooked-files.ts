import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { textField } from '../util/payload.ts';
import { packageOfSocketFile, SOCKET_CLASSES } from './sockets/find-sockets.ts';
import { LOOP_CLASSES } from './tool-loops.ts';

/** What a file that the module hooks look for defines. */
export type Defined = 'client' | 'api' | Part;

/** A class of the SDK that is no client. */
export type Part = 'socket' | 'loop' | 'agents' | 'agents-realtime';

interface HookedFile {
  readonly defines: Defined;
  readonly package: 'openai' | '@openai/agents-core' | '@openai/agents-realtime' | '@opentelemetry/api';
  /** The names of such files, without the extension. */
  readonly files: readonly string[];
  /** The folder of the package that the file belongs to by its path; `undefined` if it is another file. */
  readonly folderOf: (file: string) => string | undefined;
  /** An ES module has to be asked for each of its exports by name. */
  readonly names: readonly string[];
}

/**
 * The files that define the client: `client` in openai 5 to 7, in openai 4 `core`, and `index` with the class
 * that has the resources.
 */
const CLIENT_FILE = /(?:^|[\\/])(?:client|core|openai[\\/]index)\.m?js$/;
/** The helpers that call a model and the program's functions in turn. No client leads to them. */
const LOOP_FILE = /[\\/]helpers[\\/](?:responses|decisions)-tool-runner\.m?js$/;
/** The runner of `@openai/agents`, the only one that knows of sessions. */
const AGENTS_FILE = /[\\/]dist[\\/]run\.m?js$/;
/** The transports of its realtime agents. */
const REALTIME_FILE = /[\\/]dist[\\/]openaiRealtimeBase\.m?js$/;
/** What `import` and `require` of the OpenTelemetry API load: of 1.10, and of 1.9. */
const API_FILE =
  /(?<=(?:^|[\\/])@opentelemetry[\\/]api)[\\/](?:dist[\\/]index\.[cm]js|build[\\/]src[\\/]index\.js)$/;

const HOOKED_FILES: readonly HookedFile[] = [
  {
    defines: 'client',
    package: 'openai',
    files: ['client', 'core', 'index'],
    folderOf: (file) => (CLIENT_FILE.test(file) ? dirname(file) : undefined),
    names: ['OpenAI', 'APIClient'],
  },
  {
    defines: 'socket',
    package: 'openai',
    files: ['ws', 'websocket'],
    folderOf: packageOfSocketFile,
    names: SOCKET_CLASSES,
  },
  {
    defines: 'loop',
    package: 'openai',
    files: ['responses-tool-runner', 'decisions-tool-runner'],
    folderOf: above(LOOP_FILE),
    names: LOOP_CLASSES,
  },
  {
    defines: 'agents',
    package: '@openai/agents-core',
    files: ['run'],
    folderOf: above(AGENTS_FILE),
    names: ['Runner'],
  },
  {
    defines: 'agents-realtime',
    package: '@openai/agents-realtime',
    files: ['openaiRealtimeBase'],
    folderOf: above(REALTIME_FILE),
    names: ['OpenAIRealtimeBase'],
  },
  {
    defines: 'api',
    package: '@opentelemetry/api',
    files: ['index'],
    folderOf: above(API_FILE),
    names: ['context', 'logs', 'metrics', 'propagation', 'trace'],
  },
];

/** What is asked for of modules by `require-in-the-middle`. */
export const HOOKED_PACKAGES: readonly string[] = [...new Set(HOOKED_FILES.map((each) => each.package))];

function above(pattern: RegExp): (file: string) => string | undefined {
  return (file) => {
    const found = pattern.exec(file);
    return found === null ? undefined : file.slice(0, found.index);
  };
}

/** By the names of their files: patterns are not tried on every file that a program loads. */
const ROWS: ReadonlyMap<string, readonly HookedFile[]> = new Map(
  HOOKED_FILES.flatMap(({ files }) => files).map((name) => [
    name,
    HOOKED_FILES.filter(({ files }) => files.includes(name)),
  ]),
);

/** The names of all files that are hooked, without their extension. */
export const HOOKED_NAMES: readonly string[] = [...ROWS.keys()];

/** The row of a file, by its path or URL alone: whether it belongs to the package is not looked at. */
export function hookedFile(file: string): HookedFile | undefined {
  const start = Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1;
  const rows = ROWS.get(file.slice(start, file.lastIndexOf('.')));
  return rows?.find((row) => row.folderOf(file) !== undefined);
}

/** The version of the package that a file belongs to; `undefined` if it is not the package of its row. */
export function versionOfHooked(file: string): string | undefined {
  const path = file.startsWith('file:') ? fileURLToPath(file) : file;
  const row = hookedFile(path);
  if (row === undefined) return undefined;
  const { name, version } = manifestAt(join(row.folderOf(path) ?? dirname(path), 'package.json'));
  return name === row.package ? version : undefined;
}

interface Manifest {
  readonly path: string;
  readonly name: string | undefined;
  readonly version: string;
}

/** The one that was read last: it is asked for when a file is loaded, and again when it has run. */
let latest: Manifest | undefined;

function manifestAt(path: string): Manifest {
  if (latest?.path === path) return latest;
  const content: unknown = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
  latest = { path, name: textField(content, 'name'), version: textField(content, 'version') ?? 'unknown' };
  return latest;
}
