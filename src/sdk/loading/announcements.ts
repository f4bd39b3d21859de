import { platform } from '../../util/platform.ts';
import { ProcessWide } from '../../util/process-state.ts';
import { isObject } from '../reflect.ts';
import { EARLY_ANNOUNCEMENTS } from './hooked-files.ts';

/** @param version of the package, if a bundler knew it */
export type Announce = (exported: object, file: string, version?: string) => void;

/** CommonJS modules are held weakly, because test runners and development servers reload them. */
interface Announcement {
  readonly exported: { deref(): object | undefined };
  readonly file: string;
  readonly version: string | undefined;
}

/** How many modules are remembered. A development server loads changed modules again, under new URLs. */
const MAX_ANNOUNCEMENTS = 128;

interface Announcements extends Announce {
  made: Announcement[];
  readonly listeners: Set<Announce>;
}

/** Every loaded file calls this function. All copies of this package receive every client. */
export const announcements: ProcessWide<Announcements> = new ProcessWide('loaded', createAnnouncements);

function createAnnouncements(): Announcements {
  const listeners: Announcements['listeners'] = new Set();
  const announce: Announce = (exported, file, version) => {
    // ES modules and bundles are held strongly: nothing else refers to the object with their exports.
    const isLasting = file.endsWith('.mjs') || version !== undefined;
    const held = isLasting ? { deref: () => exported } : new platform.WeakRef(exported);
    const kept = shared.made.filter((earlier) => earlier.exported.deref() !== undefined);
    shared.made = [...kept, { exported: held, file, version }].slice(-MAX_ANNOUNCEMENTS);
    for (const listener of listeners) listener(exported, file, version);
  };
  const shared: Announcements = Object.assign(announce, { made: [], listeners });
  for (const early of announcedEarly()) announce(...early);
  return shared;
}

/** Announces CommonJS that has loaded, unless it is known already. */
export function announceOnce(exported: unknown, file: string): void {
  const { made } = announcements.value;
  if (!isObject(exported) || made.some((known) => known.file === file && known.exported.deref() === exported))
    return;
  announcements.value(exported, file);
}

export function announceEarlier(listener: Announce): void {
  for (const { exported, file, version } of announcements.value.made) {
    const loaded = exported.deref();
    if (loaded !== undefined) listener(loaded, file, version);
  }
}

type Announced = Parameters<Announce>;

function announcedEarly(): readonly Announced[] {
  try {
    const early = (globalThis as Readonly<Record<symbol, unknown>>)[Symbol.for(EARLY_ANNOUNCEMENTS)];
    return Array.isArray(early) ? early.filter(isAnnounced) : [];
  } catch {
    return [];
  }
}

/** Checks a value that was stored under a global symbol, because any code can write there. */
function isAnnounced(value: unknown): value is Announced {
  const [exported, file, version] = Array.isArray(value) ? value : [];
  return isObject(exported) && typeof file === 'string' && typeof version === 'string';
}
