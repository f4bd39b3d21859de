import { prototypesOf } from './reflect.ts';

const ERROR_NAME = /^[A-Z]\w{0,60}Error$/;

const classNames = new WeakMap<object, string>();

/**
 * Learns the names of the error classes that are static members of a client's class, such as `OpenAI.RateLimitError`.
 * Bundlers shorten the names of classes, each bundle in its own way, but not those of properties.
 */
export function learnErrorClassNames(client: object): void {
  // The base class comes first: a subclass may give other names to the same classes.
  for (const owner of [...prototypesOf(client.constructor)].reverse())
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(owner)))
      if (value?.prototype instanceof Error && ERROR_NAME.test(name) && !classNames.has(value))
        classNames.set(value, name);
}

export function errorClassName(errorClass: object): string | undefined {
  return classNames.get(errorClass);
}
