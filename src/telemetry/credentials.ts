/** Characters of an error's text that are looked through and kept. */
const MAX_LENGTH = 16_384;

const REDACTED = 'REDACTED';

/** What is known to be a secret by what stands before it, or by how it begins. Every part is bounded or linear. */
const SECRETS: readonly (readonly [pattern: RegExp, shown: string])[] = [
  [/\bsk-[\w-]{3,}/g, `sk-${REDACTED}`],
  [/\b(Bearer|Basic)\s{1,3}[^\s"',;]+/gi, `$1 ${REDACTED}`],
  [/(:\/\/)[^\s/?#@]+@/g, `$1${REDACTED}@`],
  [
    /\b((?:api[-_ ]?key|authorization|password|secret)["']?(?: provided)?\s{0,3}[:=]\s{0,3}["']?)(?!Bearer|Basic|sk-)[^\s"',;&]+/gi,
    `$1${REDACTED}`,
  ],
];

/**
 * The text of an error without keys and passwords, which some servers repeat: "Incorrect API key provided: …".
 * Consent to record content is none to record these.
 */
export function withoutCredentials(text: string): string {
  return SECRETS.reduce((shown, [pattern, by]) => shown.replace(pattern, by), text.slice(0, MAX_LENGTH));
}
