import type { AgentsNode } from '../../sdk/agents-sdk/node.ts';
import { addSpent, NOTHING_SPENT, type Spent } from '../../telemetry/cost/spent.ts';
import type { Failure } from '../../telemetry/error.ts';
import type { RequestedToolCall } from '../../telemetry/operation.ts';

/** What the clients of `openai` have seen of a node's work. */
export class Work {
  /** The model calls directly below. */
  modelCalls = 0;
  /** Why the last model call, or the last agent, failed. */
  failure: Failure | undefined;
  /** What everything below has spent. */
  spent: Spent = NOTHING_SPENT;
  /** The tool calls that the last answer asked for and nothing has been drawn for, in its order. */
  #asked: readonly RequestedToolCall[] = [];

  add(spent: Spent): void {
    this.spent = addSpent(this.spent, spent);
  }

  asked(calls: readonly RequestedToolCall[]): void {
    this.#asked = calls;
  }

  /** The first of those calls that fits, which is answered now: the library starts its tools in their order. */
  take(fits: (call: RequestedToolCall) => boolean): RequestedToolCall | undefined {
    const found = this.#asked.find(fits);
    if (found !== undefined) this.#asked = this.#asked.filter((call) => call !== found);
    return found;
  }
}

const works = new WeakMap<AgentsNode, Work>();

export function workOf(node: AgentsNode): Work {
  let work = works.get(node);
  if (work === undefined) {
    work = new Work();
    works.set(node, work);
  }
  return work;
}
