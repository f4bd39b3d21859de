import { attributeText, type SpanPart } from './messages.ts';
import * as ATTR from './semconv/attributes.ts';
import { readContent } from './span-texts.ts';
import { groupBy, type Row } from './tree.ts';
import { typeOf } from './viewed-span.ts';

/** A tool call, and the rows that have its parts. */
export interface LinkedCall {
  id?: unknown;
  name?: unknown;
  /** The model call that requested it. */
  asked?: Row | undefined;
  /** The span of the tool. */
  ran?: Row;
  /** The first model call that was given its result. */
  used?: Row | undefined;
}

/** Finds the parts of the tool calls of a trace by their ids. Some servers use an id again. */
export class LinkedCalls {
  readonly #calls = new Map<unknown, LinkedCall[]>();
  readonly #given: ReadonlyMap<Row | undefined, readonly LinkedCall[]>;

  constructor(rows: readonly Row[]) {
    for (const row of rows) {
      const { attributes } = row.span;
      const { [ATTR.GEN_AI_TOOL_CALL_ID]: id, [ATTR.GEN_AI_TOOL_NAME]: name } = attributes;
      if (typeOf(row.span) === 'tool' && id !== undefined) this.#add({ id, name, ran: row }, 'ran');
      if (typeOf(row.span) === 'model') this.#read(row);
    }
    this.#given = groupBy([...this.#calls.values()].flat(), ({ used }) => used);
  }

  #read(row: Row): void {
    const { asked, answered } = readContent(row.span.attributes);
    for (const { type, id, name } of asked.flatMap(({ parts }) => parts)) {
      // The history has all calls again.
      if (type === 'tool_call' && !this.#calls.has(id)) this.#calls.set(id, [{ id, name }]);
      if (type === 'tool_call_response') this.#add({ id, name, used: row }, 'used');
    }
    for (const { type, id, name } of answered.flatMap(({ parts }) => parts))
      if (type === 'tool_call') this.#calls.set(id, [...this.#of(id), { id, name, asked: row }]);
  }

  /** Adds a part to the first call with its id that lacks it. */
  #add(part: LinkedCall, key: 'ran' | 'used'): void {
    const calls = this.#of(part.id);
    const call = calls.find((each) => each[key] === undefined);
    if (call !== undefined) Object.assign(call, part, { name: call.name ?? part.name });
    else if (calls.length === 0) this.#calls.set(part.id, [part]);
  }

  #of(id: unknown): LinkedCall[] {
    return this.#calls.get(id) ?? [];
  }

  nameOf({ id, name = this.#of(id)[0]?.name }: SpanPart): string | undefined {
    return name === undefined ? undefined : attributeText(name);
  }

  /** The call with an id that a row has a part of. A tool without it is linked to the model calls beside it. */
  find(id: unknown, row: Row): LinkedCall {
    const calls = this.#of(id);
    const call = calls.find(({ asked, ran, used }) => [asked, ran, used].includes(row)) ?? calls.at(-1);
    const tool = typeOf(row.span) === 'tool' ? row : call?.ran;
    return { ...(tool && besideTool(tool)), ...call };
  }

  /** The ids of the calls whose results a model call was the first to be given. */
  givenTo(row: Row): unknown[] {
    return this.#given.get(row)?.map(({ id }) => id) ?? [];
  }
}

function besideTool(tool: Row): LinkedCall {
  const siblings = tool.parent?.children ?? [];
  const place = siblings.indexOf(tool);
  const isModel = ({ span }: Row): boolean => typeOf(span) === 'model';
  return { asked: siblings.slice(0, place).findLast(isModel), used: siblings.slice(place).find(isModel) };
}
