/** Called when the SDK calls a method of the program. `run` calls that method and returns its result. */
type Around = (run: () => unknown, args: readonly unknown[]) => unknown;

/** Wraps a method so that it runs on the original object, although the SDK calls it on the proxy. */
type OnOriginal = (method: unknown, around?: Around) => unknown;

/**
 * Behaves like the original, except that `read` may replace values, lazily. Accessors run on the original.
 * The target is another object, because a proxy must return the values of a frozen target unchanged.
 */
export function transparentProxy(
  original: object,
  read: (key: PropertyKey, value: unknown, onOriginal: OnOriginal) => unknown,
): object {
  const target: object = Array.isArray(original) ? Array(original.length) : {};
  const onOriginal: OnOriginal = (method, around) =>
    typeof method === 'function'
      ? new Proxy(method, {
          apply(_, self, args) {
            // The method may use private fields, which the proxy lacks.
            const run = (): unknown => Reflect.apply(method, self === proxy ? original : self, args);
            return around === undefined ? run() : around(run, args);
          },
        })
      : method;
  const proxy: object = new Proxy(target, {
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
  return proxy;
}
