import type { Attributes } from '@opentelemetry/api';
import { define, modelOf } from '../../operations/attributes.ts';
import { readToolDefinitions } from '../../operations/tool-definitions.ts';
import * as ATTR from '../../semconv/attributes.ts';
import type { ApiRequest, Operation } from '../../telemetry/operation.ts';
import { field } from '../../util/payload.ts';

/** The model calls of one agent of `@openai/agents`, which show what `@openai/agents` does not tell of the agent. */
export class AgentCalls {
  /** How many calls the agent has made, and how many tools the model has asked for in all. */
  inferences = 0;
  tools = 0;
  #model: string | undefined;
  #reasons: Attributes[string];
  /** The list in the latest request. */
  #tools: unknown;

  /** @param keepsTools whether definitions of tools may be recorded. Otherwise, they are not kept in memory */
  asked(request: ApiRequest, keepsTools: boolean): void {
    this.inferences++;
    this.#model ??= modelOf(request);
    if (keepsTools) this.#tools = field(request.body, 'tools');
  }

  answered(operation: Operation, result: unknown): void {
    this.tools += operation.toolCalls?.(result).length ?? 0;
    const { [ATTR.GEN_AI_RESPONSE_FINISH_REASONS]: reasons } = operation.resultAttributes(result, undefined);
    this.#reasons = reasons ?? this.#reasons;
  }

  get attributes(): Attributes {
    const attributes: Attributes = {};
    define(attributes, ATTR.GEN_AI_REQUEST_MODEL, this.#model);
    define(attributes, ATTR.GEN_AI_RESPONSE_FINISH_REASONS, this.#reasons);
    return attributes;
  }

  get toolDefinitions(): ReturnType<typeof readToolDefinitions> {
    return readToolDefinitions({ tools: this.#tools });
  }
}
