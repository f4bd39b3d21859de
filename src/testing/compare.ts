export interface ReceivedLine {
  readonly text: string;
  readonly branch: string;
  readonly name: string;
  /** The `error.type` of a span with status ERROR. */
  readonly error: string | undefined;
  readonly values: ReadonlyMap<string, string>;
  /** The ids in `values` that an ancestor has too. An expected line may omit them. */
  readonly repeated: ReadonlySet<string>;
}

type ExpectedLine = Pick<ReceivedLine, 'text' | 'branch' | 'name' | 'error' | 'values'>;

/** The placeholders of an expected line and the texts they match in the received line. */
type Placeholders = readonly (readonly [placeholder: string, text: string])[];

/**
 * Compares an expected tree with the received one. `undefined` is a blank line.
 *
 * @param receive renders the received tree with the attributes that occur in the expected one; `repeated` has those
 *   that occur on several lines
 * @returns the difference line by line, or `undefined` if the trees match
 */
export function compareTrees(
  expectedText: string,
  receive: (
    attributes: readonly string[],
    repeated: ReadonlySet<string>,
  ) => readonly (ReceivedLine | undefined)[],
): string | undefined {
  const expected = dedent(expectedText).map(parseLine);
  const counts = new Map<string, number>();
  for (const line of expected) {
    for (const name of line?.values.keys() ?? []) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const repeated = new Set([...counts.keys()].filter((name) => (counts.get(name) ?? 0) > 1));
  return describeDifference(expected, receive([...counts.keys()], repeated));
}

function describeDifference(
  expected: readonly (ExpectedLine | undefined)[],
  received: readonly (ReceivedLine | undefined)[],
): string | undefined {
  const bindings = new Map<string, string>();
  const output: string[] = [];
  const notes: string[] = [];
  for (const [wanted, got, placeholders] of align(expected, received)) {
    const note = placeholders && bind(placeholders, bindings);
    if (placeholders && note === undefined) {
      output.push(`  ${wanted?.text ?? ''}`.trimEnd());
      continue;
    }
    if (wanted !== null) output.push(`- ${wanted?.text ?? ''}`.trimEnd());
    if (got !== null) output.push(`+ ${got?.text ?? ''}`.trimEnd());
    if (note !== undefined) notes.push(note);
  }
  if (!output.some((line) => /^[-+]/.test(line))) return undefined;
  return [...output, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n');
}

/** Binds a line's placeholders. Returns a sentence if one has two texts, or if two have the same text. */
function bind(placeholders: Placeholders, bindings: Map<string, string>): string | undefined {
  for (const [placeholder, text] of placeholders) {
    const bound = bindings.get(placeholder);
    if (bound !== undefined && bound !== text) return `${placeholder} is ${bound}, not ${text}`;
    const other = [...bindings].find(([name, value]) => name !== placeholder && value === text);
    if (other !== undefined) return `${text} is ${other[0]}, so it cannot be ${placeholder} as well`;
    bindings.set(placeholder, text);
  }
  return undefined;
}

/** An expected and a received line. `null` if only the other side has a line; `undefined` for a blank line. */
type Pair = [
  wanted: ExpectedLine | undefined | null,
  got: ReceivedLine | undefined | null,
  found?: Placeholders,
];

/** Pairs as many matching lines as possible without reordering them (longest common subsequence). */
function align(
  expected: readonly (ExpectedLine | undefined)[],
  received: readonly (ReceivedLine | undefined)[],
): Pair[] {
  const found = expected.map((wanted) => received.map((got) => matchLine(wanted, got)));
  // `common[i][j]` is the maximum number of pairs among the lines from `i` and `j` on.
  const common: number[][] = expected.map(() => []);
  const at = (i: number, j: number): number => common[i]?.[j] ?? 0;
  for (let i = expected.length - 1; i >= 0; i--) {
    for (let j = received.length - 1; j >= 0; j--) {
      const row = common[i] ?? [];
      row[j] = found[i]?.[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const pairs: Pair[] = [];
  for (let i = 0, j = 0; i < expected.length || j < received.length; ) {
    const match = found[i]?.[j];
    if (match) pairs.push([expected[i++], received[j++], match]);
    else if (i < expected.length && (j >= received.length || at(i + 1, j) >= at(i, j + 1)))
      pairs.push([expected[i++], null]);
    else pairs.push([null, received[j++]]);
  }
  return pairs;
}

function matchLine(wanted?: ExpectedLine, got?: ReceivedLine): Placeholders | undefined {
  if (wanted === undefined || got === undefined) return wanted === got ? [] : undefined;
  const sameLine =
    wanted.branch.length === got.branch.length &&
    matchText(wanted.name, got.name, ANY) !== undefined &&
    (wanted.error === undefined
      ? got.error === undefined
      : got.error !== undefined && matchText(wanted.error, got.error, ANY) !== undefined);
  if (!sameLine) return undefined;
  for (const name of got.values.keys()) {
    if (!wanted.values.has(name) && !got.repeated.has(name)) return undefined;
  }
  const placeholders: (readonly [string, string])[] = [];
  for (const [name, pattern] of wanted.values) {
    const value = got.values.get(name);
    const found = value === undefined ? undefined : matchText(pattern, value, ANY_OR_PLACEHOLDER);
    if (found === undefined) return undefined;
    placeholders.push(...found);
  }
  return placeholders;
}

const ANY = /(\*)/;
const ANY_OR_PLACEHOLDER = /(\*|\{[A-Za-z_]\w*\})/;

/** Stars match as much text as the rest of the pattern allows, and placeholders as little. */
function matchText(pattern: string, text: string, special: RegExp): Placeholders | undefined {
  // A pattern that equals the text matches, even if it contains stars or braces.
  if (pattern === text) return [];
  const [first = '', ...rest] = pattern.split(special);
  // No regular expression: it would backtrack exponentially on a long text with many stars.
  const last: number[] = [];
  let end = text.length;
  for (let i = rest.length - 1; i > 0; i -= 2) {
    const start = end - (rest[i]?.length ?? 0);
    const at = start < 0 ? -1 : text.lastIndexOf(rest[i] ?? '', start);
    if (at < 0 || (i === rest.length - 1 && at < start)) return undefined;
    last[i] = at;
    end = at - (rest[i - 1] === '*' ? 0 : 1);
  }
  if (rest.length === 0 || end < first.length || !text.startsWith(first)) return undefined;
  const found: [string, string][] = [];
  let from = first.length;
  for (let i = 1; i < rest.length; i += 2) {
    const [name = '', next = ''] = rest.slice(i - 1);
    const shortest = name !== '*' && i + 1 < rest.length;
    const to = (shortest ? text.indexOf(next, from + 1) : last[i]) ?? 0;
    if (name !== '*') found.push([name, text.slice(from, to)]);
    from = to + next.length;
  }
  return found;
}

function dedent(text: string): string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trimEnd());
  const indentation = Math.min(...lines.filter((line) => line !== '').map((line) => line.search(/\S/)));
  return lines
    .map((line) => line.slice(indentation))
    .join('\n')
    .replace(/^\n+|\n+$/g, '')
    .replace(/\n{3,}/g, '\n\n')
    .split('\n')
    .filter((line, _, all) => line !== '' || all.length > 1);
}

function parseLine(text: string): ExpectedLine | undefined {
  if (text === '') return undefined;
  const [, branch = '', rest = ''] = /^([│├└─ ]*)(.*)$/s.exec(text) ?? [];
  const [, name = '', details = ''] = /^(.*?)(?:\s{2,}(.*))?$/s.exec(rest) ?? [];
  const values = new Map<string, string>();
  let error: string | undefined;
  for (const detail of splitDetails(details)) {
    const equals = detail.indexOf('=');
    if (detail.startsWith('!')) error = detail.slice(1);
    else if (equals > 0) values.set(detail.slice(0, equals), detail.slice(equals + 1));
    else
      throw new Error(
        `Expected name=value or !error.type, not "${detail}", in the line "${text}". In a name, write two spaces as *.`,
      );
  }
  return { text, branch, name, error, values };
}

/** Splits at white space outside quotes and brackets. Inside brackets, in JSON, white space is dropped. */
function splitDetails(text: string): string[] {
  const details: string[] = [];
  let detail = '';
  let depth = 0;
  for (const [part] of text.matchAll(/"(?:[^"\\]|\\.)*"|\s+|./gs)) {
    if (/^[[{]$/.test(part) && (depth > 0 || detail.endsWith('='))) depth++;
    else if (/^[\]}]$/.test(part) && depth > 0) depth--;
    if (part.trim() !== '') detail += part;
    else if (depth === 0 && detail !== '') {
      details.push(detail);
      detail = '';
    }
  }
  return detail === '' ? details : [...details, detail];
}
