type Fetch = (url: string | URL | Request, init?: RequestInit) => Promise<Response>;

export interface HeldRequests {
  readonly fetch: Fetch;
  /** Resolves when the first request is held. */
  readonly held: Promise<void>;
  release(): void;
}

/** A `fetch` that holds requests to some paths until they are released: before the server is asked, or when it has answered. */
export function holdRequests(path: string, when: 'unasked' | 'answered'): HeldRequests {
  const held = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const hold = async (): Promise<void> => {
    held.resolve();
    await released.promise;
  };
  return {
    fetch: async (url, init) => {
      const isHeld = String(url).includes(path);
      if (isHeld && when === 'unasked') await hold();
      const response = await fetch(url, init);
      if (isHeld && when === 'answered') await hold();
      return response;
    },
    held: held.promise,
    release: released.resolve,
  };
}
