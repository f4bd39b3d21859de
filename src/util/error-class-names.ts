const ERROR_NAME = /^[A-Z]\w{0,60}Error$/;

const classNames = new WeakMap<object, string>();

/**
 * Learns the names of the error classes that are static members of a client's class, such as `OpenAI.RateLimitError`.
 * Bundlers shorten the names of classes, each bundle in its own way, but not those of properties.
 */
export function learnErrorClassNames(client: object): void {
  for (
    let owner: unknown = client.constructor;
    typeof owner === 'function';
    owner = Object.getPrototypeOf(owner)
  ) {
    for (const name of Object.getOwnPropertyNames(owner)) {
      if (!ERROR_NAME.test(name)) continue;
      const value: unknown = Object.getOwnPropertyDescriptor(owner, name)?.value;
      if (typeof value === 'function' && !classNames.has(value)) classNames.set(value, name);
    }
  }
}

/** The name of an error class that some client's class has as a static member. */
export function errorClassName(errorClass: object): string | undefined {
  return classNames.get(errorClass);
}
