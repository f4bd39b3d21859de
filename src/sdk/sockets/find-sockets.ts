import { field } from '../../util/payload.ts';
import { isObject } from '../reflect.ts';

/** The files of `openai` that define socket classes, below the folder of the package. */
const SOCKET_FILE =
  /[\\/](?:(?:beta[\\/])?realtime(?:[\\/]translations)?|resources[\\/](?:beta[\\/])?responses|resources[\\/]live(?:[\\/](?:forks|sideband))?)[\\/](?:ws|websocket)\.m?js$/;

/** The socket classes of all versions. An ES module has to be asked for each by its name. */
export const SOCKET_CLASSES: readonly string[] = [
  'OpenAIRealtimeWS',
  'OpenAIRealtimeWebSocket',
  'OpenAIRealtimeTranslationWS',
  'ResponsesWS',
  'LiveWS',
  'ForksWS',
  'SidebandWS',
];

/** The folder of the package that a file with a socket class belongs to; `undefined` for all other files. */
export function packageOfSocketFile(file: string): string | undefined {
  const found = SOCKET_FILE.exec(file);
  return found === null ? undefined : file.slice(0, found.index);
}

/** The prototypes of the socket classes in a target: a class, a subclass, or a module that exports some. */
export function findSocketPrototypes(target: unknown): object[] {
  if (!isObject(target)) return [];
  const candidates =
    typeof target === 'function'
      ? [target]
      : [...SOCKET_CLASSES, 'default'].map((name) => field(target, name));
  const prototypes = candidates.map(socketPrototypeOf).filter(isObject);
  return [...new Set(prototypes)];
}

/** Every socket class emits events and sends them. */
function socketPrototypeOf(candidate: unknown): object | undefined {
  if (typeof candidate !== 'function') return undefined;
  const { prototype } = candidate as { prototype?: unknown };
  const isSocket = ['_emit', 'send', 'close'].every((name) => typeof field(prototype, name) === 'function');
  return isSocket && isObject(prototype) ? prototype : undefined;
}

/**
 * The last prototype before the one that owns `_emit`. The SDK's event emitter owns it, which the SDK also uses for
 * other things.
 */
export function findEmitter(prototype: object): object | undefined {
  let emitter: object | undefined;
  for (let holder: object | null = prototype; holder !== null; holder = Object.getPrototypeOf(holder)) {
    const above: object | null = Object.getPrototypeOf(holder);
    if (above !== null && Object.hasOwn(above, '_emit')) emitter = holder;
  }
  return emitter;
}
