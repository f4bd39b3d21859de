import { builtIn } from './built-in.ts';

let found: typeof import('node:crypto') | false | undefined;

/** Node's `crypto`, looked up only when needed because it takes longer to load than this whole package. */
function nodeCrypto(): typeof import('node:crypto') | undefined {
  found ??= builtIn('node:crypto') ?? false;
  return found === false ? undefined : found;
}

/** Whether megabytes are hashed in milliseconds here. */
export function hashesFast(): boolean {
  return nodeCrypto() !== undefined;
}

/** The SHA-256 of bytes as hexadecimal digits. Synchronous: a promise would settle too late for the span. */
export function sha256(bytes: Uint8Array): string {
  return nodeCrypto()?.createHash('sha256').update(bytes).digest('hex') ?? slowSha256(bytes);
}

interface Constants {
  readonly rounds: Int32Array;
  readonly start: Int32Array;
}

let computed: Constants | undefined;

/** The first 32 bits of the fractional parts of the roots of the first 64 primes (FIPS 180-4, §4.2.2 and §5.3.3). */
function constants(): Constants {
  const primes = Array.from({ length: 312 }, (_, number) => number).filter(isPrime);
  return {
    rounds: Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime))),
    start: Int32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime))),
  };
}

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) return false;
  return number > 1;
}

function fraction(root: number): number {
  return ((root % 1) * 2 ** 32) | 0;
}

/** SHA-256 as defined in FIPS 180-4, for runtimes without `node:crypto`. */
export function slowSha256(bytes: Uint8Array): string {
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(padded.length - 4, bytes.length << 3);
  computed ??= constants();
  const { rounds, start } = computed;
  const hash = Int32Array.from(start);
  const words = new Int32Array(64);
  for (let offset = 0; offset < padded.length; offset += 64) addBlock(hash, { words, rounds }, view, offset);
  return [...hash].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

function addBlock(
  hash: Int32Array,
  { words, rounds }: Readonly<Record<'words' | 'rounds', Int32Array>>,
  view: DataView,
  offset: number,
): void {
  for (let index = 0; index < 16; index++) words[index] = view.getInt32(offset + index * 4);
  for (let index = 16; index < 64; index++) {
    const near = at(words, index - 2);
    const far = at(words, index - 15);
    const mixedNear = rotate(near, 17) ^ rotate(near, 19) ^ (near >>> 10);
    const mixedFar = rotate(far, 7) ^ rotate(far, 18) ^ (far >>> 3);
    words[index] = mixedNear + at(words, index - 7) + mixedFar + at(words, index - 16);
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = hash;
  for (let index = 0; index < 64; index++) {
    const choice = (e & f) ^ (~e & g);
    const first =
      h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + choice + at(rounds, index) + at(words, index);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const second = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + majority;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((word, index) => {
    hash[index] = at(hash, index) + word;
  });
}

function at(words: Int32Array, index: number): number {
  return words[index] ?? 0;
}

function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}
