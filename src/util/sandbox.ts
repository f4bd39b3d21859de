/** Whether this code runs in a sandbox that got the function from outside, as in Jest: it has a `Function` of its own. */
export function isOfSandbox(builtin: unknown): boolean {
  return typeof builtin === 'function' && !(builtin instanceof Function);
}
