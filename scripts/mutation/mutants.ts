import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAst } from 'rolldown/parseAst';

/** A change to the source that a test must notice: a check is left out. */
export interface Mutant {
  readonly kind: 'early exit' | 'condition' | 'operand' | 'guard' | 'catch' | 'bound';
  /** The code that is left out, or the code around it, on one line. */
  readonly text: string;
  /** The number of the line on which that code begins, from 1. */
  readonly line: number;
}

export interface ListedMutant extends Mutant {
  readonly id: number;
  /** The path from the project's root. */
  readonly file: string;
}

/** The fields of a syntax node that are read here. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly alternate?: Node | null;
  readonly arguments?: readonly Node[];
  readonly body?: Node | readonly Node[];
  readonly callee?: Node;
  readonly consequent?: Node;
  readonly handler?: { readonly param: Node | null; readonly body: Node } | null;
  readonly left?: Node;
  readonly operator?: string;
  readonly right?: Node;
  readonly test?: Node;
}

/** The code to write around a node, so that its check can be left out while the program runs. */
interface Switch {
  readonly kind: Mutant['kind'];
  /** The node whose code the mutant shows. Default: the node itself. */
  readonly shown?: Node;
  readonly around: Pick<Node, 'start' | 'end'>;
  readonly before: (isLeftOut: string) => string;
  readonly after: string;
}

/** Replaces `guard` and `guardAsync`, but does not catch errors. */
const UNGUARDED = '((_, run, ...args) => run(...args))';
const EXITS: ReadonlySet<unknown> = new Set([
  'BreakStatement',
  'ContinueStatement',
  'ReturnStatement',
  'ThrowStatement',
]);
const LIMIT = /^(?:MAX|LIMIT)_|_LIMIT$/;

/** All mutants of `src` and of the viewer, with the same numbers as in {@link withSwitches}. */
export function listMutants(root: string): ListedMutant[] {
  return globSync(['src/**/*.ts', 'viewer/src/**/*.ts'], { cwd: root })
    .sort()
    .flatMap((file) =>
      findMutants(readFileSync(join(root, file), 'utf8')).map((mutant) => ({ ...mutant, file })),
    )
    .map((mutant, id) => ({ ...mutant, id }));
}

/**
 * Finds the checks of a source in its syntax tree: early exits, conditions and their operands, guards, catch clauses and
 * bounds. Each mutant leaves one of them out.
 */
export function findMutants(source: string): Mutant[] {
  return nodesOf(parse(source)).flatMap((node) =>
    switchesOf(node, source).map(({ kind, shown = node }) => {
      const text = source.slice(shown.start, shown.end).replace(/\s+/g, ' ');
      const line = source.slice(0, shown.start).split('\n').length;
      return { kind, text, line };
    }),
  );
}

/**
 * A source with all its mutants: each check first asks `globalThis.__mutant__(id)` whether it is left out. The first id
 * is `first`, and the order is that of {@link findMutants}.
 */
export function withSwitches(source: string, first: number): string {
  const switches = nodesOf(parse(source)).flatMap((node) => switchesOf(node, source));
  const insertions = switches.flatMap(({ around: { start, end }, before, after }, index) => {
    const width = end - start;
    const isLeftOut = `globalThis.__mutant__?.(${first + index})`;
    return [
      { at: start, order: 1 / width, text: before(isLeftOut) },
      { at: end, order: width - source.length, text: after },
    ];
  });
  // At one place, ends come before starts. Of several starts, the widest node comes first; of several ends, last.
  insertions.sort((one, other) => one.at - other.at || one.order - other.order);
  let text = '';
  let end = 0;
  for (const insertion of insertions) {
    text += source.slice(end, insertion.at) + insertion.text;
    end = insertion.at;
  }
  return text + source.slice(end);
}

function switchesOf(node: Node, source: string): Switch[] {
  const textOf = ({ start, end }: Node): string => source.slice(start, end);
  const { type, callee, consequent, handler, left, right, test } = node;
  if (type === 'IfStatement' && consequent && test && !node.alternate) {
    const kind = endsInExit(consequent) ? 'early exit' : 'condition';
    return [
      { kind, around: test, before: (isLeftOut) => `${isLeftOut} ? ${kind === 'condition'} : (`, after: ')' },
    ];
  }
  const replace = (kind: Mutant['kind'], around: Node, replacement: string, shown = node): Switch => ({
    kind,
    shown,
    around,
    before: (isLeftOut) => `(${isLeftOut} ? (${replacement}) : (`,
    after: '))',
  });
  if (type === 'LogicalExpression' && left && right && node.operator !== '??')
    return [replace('operand', node, textOf(right), left), replace('operand', node, textOf(left), right)];
  if (type === 'TryStatement' && handler) {
    const { param, body } = handler;
    const error = param ? textOf(param).split(':')[0] : 'error';
    const before = (isLeftOut: string): string =>
      `${param ? '' : '(error) '}{ if (${isLeftOut}) throw ${error}; `;
    return [{ kind: 'catch', around: body, before, after: '}' }];
  }
  if (type !== 'CallExpression' || callee === undefined) return [];
  if (/^guard(?:Async)?$/.test(textOf(callee))) return [replace('guard', callee, UNGUARDED)];
  const [bound, ...values] = (node.arguments ?? []).map(textOf).sort((one) => (LIMIT.test(one) ? -1 : 1));
  return textOf(callee) === 'Math.min' && bound !== undefined && LIMIT.test(bound)
    ? [replace('bound', node, `Math.min(${values.join(', ')})`)]
    : [];
}

function endsInExit({ type, body }: Node): boolean {
  const last =
    type === 'BlockStatement' && Array.isArray(body) ? (body as readonly Node[]).at(-1)?.type : type;
  return EXITS.has(last);
}

function parse(source: string): Node {
  return parseAst(source, { lang: 'ts' }) as Node;
}

function nodesOf(node: Node): Node[] {
  const children = Object.values(node).flat().filter(isNode);
  return [node, ...children.flatMap(nodesOf)];
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}
