/** What some runtimes lack: Cloudflare Workers have weak references only since the compatibility date 2025-05-05. */
interface Platform {
  readonly FinalizationRegistry: FinalizationRegistryConstructor;
  readonly WeakRef: WeakRefConstructor;
  readonly performance: Pick<Performance, 'now' | 'timeOrigin'>;
}

/** How many objects are held in place of weak references. */
const MAX_HELD = 1_000;
/** The reference that was used last is at the end. */
const held = new Set<HeldReference>();

/** Holds its object until {@link MAX_HELD} other references have been used. */
class HeldReference {
  #target: object | undefined;

  constructor(target: object) {
    this.#target = target;
    held.add(this);
    for (const oldest of held) {
      if (held.size <= MAX_HELD) break;
      held.delete(oldest);
      oldest.#target = undefined;
    }
  }

  deref(): object | undefined {
    if (held.delete(this)) held.add(this);
    return this.#target;
  }
}

/** Reports no object as garbage collected. */
class SilentRegistry {
  register(): void {}

  unregister(): void {}
}

const REPLACEMENTS = {
  FinalizationRegistry: SilentRegistry,
  WeakRef: HeldReference,
  performance: { now: () => Date.now(), timeOrigin: 0 },
} as unknown as Platform;

/** Returns the runtime itself if it lacks nothing: a test of the program may replace its clock later. */
export function complete(runtime: Partial<Platform>): Platform {
  const names = Object.keys(REPLACEMENTS) as (keyof Platform)[];
  return names.every((name) => runtime[name] !== undefined)
    ? (runtime as Platform)
    : (Object.fromEntries(
        names.map((name) => [name, runtime[name] ?? REPLACEMENTS[name]]),
      ) as unknown as Platform);
}

export const platform: Platform = complete(globalThis);
