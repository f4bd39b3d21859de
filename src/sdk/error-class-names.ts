const ERROR_NAME = /^[A-Z]\w{0,60}Error$/;
/** The class that all errors of `openai` extend, as a static member of a client's class. */
const BASE_ERROR = 'OpenAIError';

const classNames = new WeakMap<object, string>();

/**
 * Learns the names of the error classes that are static members of a client's class, such as `OpenAI.RateLimitError`.
 * Bundlers shorten the names of classes, each bundle in its own way, but not those of properties.
 */
export function learnErrorClassNames(client: object): void {
  const owners: object[] = [];
  for (
    let owner: unknown = client.constructor;
    typeof owner === 'function';
    owner = Object.getPrototypeOf(owner)
  )
    owners.unshift(owner);
  // A subclass may give other names to the same classes.
  const statics = owners.flatMap((owner) => Object.entries(Object.getOwnPropertyDescriptors(owner)));
  const [, base] =
    statics.find(([name, { value }]) => name === BASE_ERROR && typeof value === 'function') ?? [];
  if (base === undefined) return;
  for (const [name, { value }] of statics) {
    const isError =
      value === base.value || (typeof value === 'function' && value.prototype instanceof base.value);
    if (isError && ERROR_NAME.test(name) && !classNames.has(value)) classNames.set(value, name);
  }
}

/** The name of an error class of `openai`. */
export function errorClassName(errorClass: object): string | undefined {
  return classNames.get(errorClass);
}
