import { parseAst } from 'rolldown/parseAst';

/** A change to the source that a test must notice: a check of the program goes. */
export interface Mutant {
  readonly kind: 'early exit' | 'condition' | 'operand' | 'guard' | 'catch' | 'bound';
  /** What goes, or what it goes from, on one line. */
  readonly text: string;
  /** The line on which that begins, from 1. */
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/** A node of the syntax tree, as far as it is looked at. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly alternate?: Node | null;
  readonly arguments?: readonly Node[];
  readonly block?: Node;
  readonly body?: Node | readonly Node[];
  readonly callee?: Node;
  readonly consequent?: Node;
  readonly finalizer?: Node | null;
  readonly handler?: Node | null;
  readonly left?: Node;
  readonly operator?: string;
  readonly right?: Node;
}

/** Replaces `guard` and `guardAsync`, and lets errors through. */
const UNGUARDED = '((_, run, ...args) => run(...args))';
const EXITS: ReadonlySet<unknown> = new Set([
  'BreakStatement',
  'ContinueStatement',
  'ReturnStatement',
  'ThrowStatement',
]);
const LIMIT = /^(?:MAX|LIMIT)_|_LIMIT$/;

/**
 * Finds the checks of a source in its syntax tree: early exits, conditions and their operands, guards, catch clauses and
 * bounds. Each mutant leaves one of them out.
 */
export function findMutants(source: string): Mutant[] {
  const mutants: Mutant[] = [];
  const visit = (node: Node): void => {
    for (const { kind, shown = node, replaced = node, replacement } of mutationsOf(node, source)) {
      const text = source.slice(shown.start, shown.end).replace(/\s+/g, ' ');
      const line = source.slice(0, shown.start).split('\n').length;
      mutants.push({ kind, text, line, start: replaced.start, end: replaced.end, replacement });
    }
    for (const child of Object.values(node).flat()) if (isNode(child)) visit(child);
  };
  visit(parseAst(source, { lang: 'ts' }) as Node);
  return mutants;
}

/** Applies a mutant to the source it was found in. */
export function mutate(source: string, { start, end, replacement }: Mutant): string {
  return source.slice(0, start) + replacement + source.slice(end);
}

interface Mutation {
  readonly kind: Mutant['kind'];
  /** Default: the node itself. */
  readonly shown?: Node;
  /** Default: the node itself. */
  readonly replaced?: Node;
  readonly replacement: string;
}

function mutationsOf(node: Node, source: string): Mutation[] {
  const textOf = ({ start, end }: Node): string => source.slice(start, end);
  const { callee, consequent, left, right, block, finalizer } = node;
  if (node.type === 'IfStatement' && consequent && !node.alternate)
    return endsInExit(consequent)
      ? [{ kind: 'early exit', replacement: ';' }]
      : [{ kind: 'condition', replacement: textOf(consequent) }];
  if (node.type === 'LogicalExpression' && left && right && node.operator !== '??')
    return [
      { kind: 'operand', shown: left, replacement: `(${textOf(right)})` },
      { kind: 'operand', shown: right, replacement: `(${textOf(left)})` },
    ];
  if (node.type === 'TryStatement' && block && node.handler) {
    const rest = finalizer ? `try ${textOf(block)} finally ${textOf(finalizer)}` : textOf(block);
    return [{ kind: 'catch', replacement: rest }];
  }
  if (node.type !== 'CallExpression' || callee === undefined) return [];
  if (/^guard(?:Async)?$/.test(textOf(callee)))
    return [{ kind: 'guard', replaced: callee, replacement: UNGUARDED }];
  const [bound, ...values] = (node.arguments ?? []).map(textOf).sort((one) => (LIMIT.test(one) ? -1 : 1));
  return textOf(callee) === 'Math.min' && bound !== undefined && LIMIT.test(bound)
    ? [{ kind: 'bound', replacement: `Math.min(${values.join(', ')})` }]
    : [];
}

function endsInExit({ type, body }: Node): boolean {
  const last =
    type === 'BlockStatement' && Array.isArray(body) ? (body as readonly Node[]).at(-1)?.type : type;
  return EXITS.has(last);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}
