import { builtIn } from './built-in.ts';

/** Whether this runtime hashes megabytes within milliseconds. */
export function hashesFast(): boolean {
  return builtIn('node:crypto') !== undefined;
}

/**
 * The SHA-256 of bytes as hexadecimal digits. It is synchronous, because a promise would settle too late for the span.
 * Node's `crypto` is looked up only when needed, because it takes longer to load than this whole package.
 */
export function sha256(bytes: Uint8Array): string {
  return builtIn('node:crypto')?.createHash('sha256').update(bytes).digest('hex') ?? slowSha256(bytes);
}

/** The first 32 bits of the fractional parts of the roots of the first primes (FIPS 180-4, §4.2.2 and §5.3.3). */
function fractions(count: number, root: (prime: number) => number): Int32Array {
  const primes = Array.from({ length: 310 }, (_, index) => index + 2).filter((number) => {
    for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) return false;
    return true;
  });
  return Int32Array.from(primes.slice(0, count), (prime) => ((root(prime) % 1) * 2 ** 32) | 0);
}

let rounds: Int32Array | undefined;

/** SHA-256 as defined in FIPS 180-4, for runtimes without `node:crypto`. */
export function slowSha256(bytes: Uint8Array): string {
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(padded.length - 4, bytes.length << 3);
  rounds ??= fractions(64, Math.cbrt);
  const hash = fractions(8, Math.sqrt);
  for (let offset = 0; offset < padded.length; offset += 64) addBlock(hash, rounds, view, offset);
  return [...hash].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

function addBlock(hash: Int32Array, rounds: Int32Array, view: DataView, offset: number): void {
  const words = new Int32Array(64);
  const word = (index: number): number => words[index] ?? 0;
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = hash;
  for (let index = 0; index < 64; index++) {
    const [near, far] = [word(index - 2), word(index - 15)];
    const mixedNear = rotate(near, 17) ^ rotate(near, 19) ^ (near >>> 10);
    const mixedFar = rotate(far, 7) ^ rotate(far, 18) ^ (far >>> 3);
    words[index] =
      index < 16
        ? view.getInt32(offset + index * 4)
        : mixedNear + word(index - 7) + mixedFar + word(index - 16);
    const mixedE = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const first = h + mixedE + ((e & f) ^ (~e & g)) + (rounds[index] ?? 0) + word(index);
    const mixedA = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const second = mixedA + ((a & b) ^ (a & c) ^ (b & c));
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
  }
  for (const [index, value] of [a, b, c, d, e, f, g, h].entries()) hash[index] = (hash[index] ?? 0) + value;
}

function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}
