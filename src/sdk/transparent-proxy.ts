/** Runs a method of the program's, which `run` calls as the SDK has called it. */
type Around = (run: () => unknown, args: readonly unknown[]) => unknown;

/** A method that is called on the original where the SDK calls it on what stands for that. */
type OnOriginal = (method: unknown, around?: Around) => unknown;

/**
 * An object that is the given one in all but what `read` gives in the place of some values. These are read when they are
 * asked for, and accessors see the original. The target is another object: for a frozen one nothing else could be given.
 */
export function standFor(
  original: object,
  read: (key: PropertyKey, value: unknown, onOriginal: OnOriginal) => unknown,
): object {
  const target: object = Array.isArray(original) ? Array(original.length) : {};
  const onOriginal: OnOriginal = (method, around) =>
    typeof method === 'function'
      ? new Proxy(method, {
          apply(_, self, args) {
            // guard `self === standIn ? original : `: state of the program's objects is written elsewhere, or cannot be read
            const run = (): unknown => Reflect.apply(method, self === standIn ? original : self, args);
            return around === undefined ? run() : around(run, args);
          },
        })
      : method;
  const standIn: object = new Proxy(target, {
    get: (_, key) => read(key, Reflect.get(original, key), onOriginal),
    set: (_, key, value) => Reflect.set(original, key, value),
    has: (_, key) => Reflect.has(original, key),
    ownKeys: () => Reflect.ownKeys(original),
    getPrototypeOf: () => Reflect.getPrototypeOf(original),
    getOwnPropertyDescriptor(_, key) {
      const own =
        Reflect.getOwnPropertyDescriptor(target, key) ?? Reflect.getOwnPropertyDescriptor(original, key);
      return own && { ...own, configurable: !Object.hasOwn(target, key) };
    },
  });
  return standIn;
}
