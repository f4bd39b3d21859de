import { onTestFinished } from 'vitest';

/** Adds properties to every object, as a bug in any dependency may do. */
export function inherit(properties: Readonly<Record<string, unknown>>, enumerable = true): () => void {
  const remove = (): void => {
    for (const name of Object.keys(properties)) Reflect.deleteProperty(Object.prototype, name);
  };
  onTestFinished(remove);
  for (const [name, value] of Object.entries(properties))
    Object.defineProperty(Object.prototype, name, { value, configurable: true, enumerable, writable: true });
  return remove;
}
