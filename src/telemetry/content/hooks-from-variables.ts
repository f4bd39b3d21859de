import type { CompletionHook } from '../../config/completion-types.ts';
import type { Settings } from '../../config/config.ts';
import { maskingHook } from '../masking/hook.ts';
import { hasRejected } from '../program-hooks.ts';
import { ContentStore } from './content-store.ts';

/** One store for each folder, base of references and choice about media. Its users share a queue and store nothing twice. */
const stores = new Map<string, ContentStore>();

/**
 * Combines the program's completion hook with masking and storage, as environment variables configure them. Content is
 * masked first, then passed to the program's hook, and stored last.
 */
export function hookOfVariables({
  completionHook,
  maskedKinds,
  contentFolder,
  contentBaseUrl = contentFolder,
  media,
}: Settings): CompletionHook {
  const mask = maskedKinds.length === 0 ? undefined : maskingHook({ kinds: maskedKinds });
  const store =
    contentFolder === undefined ? undefined : storeIn(contentFolder, contentBaseUrl ?? '', media === 'drop');
  return (completion) => {
    mask?.(completion);
    const returned = completionHook?.(completion);
    // The program's hook has failed, or has returned a hook instead of being one. It has masked nothing.
    if (typeof returned === 'function' || hasRejected(returned)) return returned;
    const stored = store?.hook(completion);
    return stored === undefined ? returned : Promise.all([returned, stored]);
  };
}

function storeIn(folder: string, base: string, dropMedia: boolean): ContentStore {
  const key = JSON.stringify([folder, base, dropMedia]);
  const baseUrl = base.endsWith('/') ? base : `${base}/`;
  const store = stores.get(key) ?? new ContentStore({ folder, baseUrl, dropMedia });
  stores.set(key, store);
  return store;
}
