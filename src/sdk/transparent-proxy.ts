/** Runs a method of the program; `run` calls it as the SDK did. */
type Around = (run: () => unknown, args: readonly unknown[]) => unknown;

/** Redirects a method from the proxy to the original. */
type OnOriginal = (method: unknown, around?: Around) => unknown;

/**
 * A proxy that equals the original, except that `read` may replace values. It reads values lazily, and accessors run on
 * the original. Its target is another object, because a proxy must return the values of a frozen target unchanged.
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
            // A proxy has no private fields.
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
