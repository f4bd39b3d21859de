import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { textField } from '../util/payload.ts';
import { packageOfSocketFile, SOCKET_CLASSES } from './sockets/find-sockets.ts';
import { LOOP_CLASSES } from './tool-loops.ts';

/** What a file that the module hooks look for defines. */
export type Defined = 'client' | 'socket' | 'loop' | 'agents' | 'agents-realtime';

interface HookedFile {
  readonly defines: Defined;
  readonly package: 'openai' | '@openai/agents-core' | '@openai/agents-realtime';
  /** The folder of the package that the file belongs to by its path; `undefined` if it is another file. */
  readonly folderOf: (file: string) => string | undefined;
  /** An ES module has to be asked for each of its exports by name. */
  readonly names: readonly string[];
}

/**
 * The files that define the client: `client` in openai 5 to 7, in openai 4 `core`, and `index` with the class
 * that has the resources.
 */
const CLIENT_FILE = /[\\/](?:client|core|openai[\\/]index)\.m?js$/;
/** The helpers that call a model and the program's functions in turn. No client leads to them. */
const LOOP_FILE = /[\\/]helpers[\\/](?:responses|decisions)-tool-runner\.m?js$/;
/** The runner of `@openai/agents`, the only one that knows of sessions. */
const AGENTS_FILE = /[\\/]dist[\\/]run\.m?js$/;
/** The transports of its realtime agents. */
const REALTIME_FILE = /[\\/]dist[\\/]openaiRealtimeBase\.m?js$/;

const HOOKED_FILES: readonly HookedFile[] = [
  {
    defines: 'client',
    package: 'openai',
    folderOf: (file) => (CLIENT_FILE.test(file) ? dirname(file) : undefined),
    names: ['OpenAI', 'APIClient'],
  },
  { defines: 'socket', package: 'openai', folderOf: packageOfSocketFile, names: SOCKET_CLASSES },
  { defines: 'loop', package: 'openai', folderOf: above(LOOP_FILE), names: LOOP_CLASSES },
  { defines: 'agents', package: '@openai/agents-core', folderOf: above(AGENTS_FILE), names: ['Runner'] },
  {
    defines: 'agents-realtime',
    package: '@openai/agents-realtime',
    folderOf: above(REALTIME_FILE),
    names: ['OpenAIRealtimeBase'],
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

/** The row of a file, by its path or URL alone: whether it belongs to the package is not looked at. */
export function hookedFile(file: string): HookedFile | undefined {
  return HOOKED_FILES.find(({ folderOf }) => folderOf(file) !== undefined);
}

/** The version of the package that a file belongs to; `undefined` if it is not the package of its row. */
export function versionOfHooked(file: string): string | undefined {
  const path = file.startsWith('file:') ? fileURLToPath(file) : file;
  const row = hookedFile(path);
  const manifest = join(row?.folderOf(path) ?? dirname(path), 'package.json');
  if (row === undefined || !existsSync(manifest)) return undefined;
  const content: unknown = JSON.parse(readFileSync(manifest, 'utf8'));
  return textField(content, 'name') === row.package
    ? (textField(content, 'version') ?? 'unknown')
    : undefined;
}
