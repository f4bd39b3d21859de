import { type Context, ROOT_CONTEXT } from '@opentelemetry/api';
import type { BoundedMap } from '../../bounded-map.ts';
import type { Place } from '../../telemetry/hierarchy.ts';
import { type CallerTrace, contextOf } from '../../telemetry/metadata.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { type RecordedToolCall, recordToolCall } from '../../telemetry/tool-span.ts';
import type { Conversations } from '../conversations.ts';
import type { ToolCallContent } from '../model.ts';
import { clamp } from '../timing.ts';
import type { ItemCall, ItemTimes } from './items.ts';

const MOST_CONTENTS = 1_000;

/** The response that a tool call belongs to. */
export interface AskingResponse {
  readonly responseId: string | undefined;
  /** What the response's own span stands below, itself where it is a root; where it is elsewhere, what answers it tells. */
  readonly parent: CallerTrace | undefined;
  readonly place: Place;
  readonly vectorStoreIds: readonly string[];
  readonly startTime: number;
  readonly endTime: number;
}

export interface PendingCall {
  readonly asked: ItemCall;
  readonly response: AskingResponse;
}

/**
 * Draws the tool calls of responses, beside them: hosted ones within the response that made them, the
 * program's own from the response that asked to the request that answered.
 */
export class ResponseToolCalls {
  readonly #telemetry: Telemetry;
  /** Calls that the program has been asked for, by their ids. One that is never answered is never drawn. */
  readonly #pending: BoundedMap<string, PendingCall>;
  /** What they are given, of the newest: it may be long, and there are programs that ask for calls and answer none. */
  readonly #contents: BoundedMap<string, ToolCallContent>;
  /** Those that were: who fetches their response again does not ask again. */
  readonly #answered: BoundedMap<string, true>;

  constructor(telemetry: Telemetry, conversations: Conversations) {
    this.#telemetry = telemetry;
    const { maxConversations } = telemetry.settings;
    this.#pending = conversations.remember(maxConversations);
    this.#contents = conversations.remember(MOST_CONTENTS);
    this.#answered = conversations.remember(maxConversations);
  }

  /** Takes the tool calls of a response that has ended. */
  asked(calls: readonly ItemCall[], response: AskingResponse, times: ItemTimes): void {
    for (const asked of calls) {
      if (asked.asksProgram) this.#keep(asked, response);
      else this.#drawHosted(asked, response, times);
    }
  }

  /** Takes the calls of a response that another process may have created: who answers them draws them. */
  seen(calls: readonly ItemCall[], response: AskingResponse): void {
    for (const asked of calls) {
      const { id } = asked.call;
      if (!asked.asksProgram || this.#answered.get(id) !== undefined) continue;
      if (this.#pending.get(id) === undefined) this.#keep(asked, response);
    }
  }

  #keep(asked: ItemCall, response: AskingResponse): void {
    const { content, ...call } = asked.call;
    this.#pending.set(call.id, { asked: { ...asked, call: { ...call, content: undefined } }, response });
    if (content !== undefined) this.#contents.set(call.id, content);
  }

  /**
   * Takes what a request brings for calls that were asked for before.
   *
   * @param parent the span that the request's own span stands below
   */
  answered(outputs: ReadonlyMap<string, unknown>, time: number, parent: Context): void {
    for (const [id, output] of outputs) {
      const pending = this.#pending.get(id);
      if (pending === undefined) continue;
      this.#pending.delete(id);
      this.#answered.set(id, true);
      const { asked, response } = pending;
      const content = this.#contents.get(id);
      this.#contents.delete(id);
      this.#draw(
        {
          ...asked,
          call: {
            ...asked.call,
            content: content === undefined ? undefined : { ...content, result: output },
          },
        },
        response,
        { startTime: response.endTime, endTime: Math.max(time, response.endTime), timedHere: true },
        parent,
      );
    }
  }

  /** The first of the calls that is not answered, which is drawn where the program runs it and not by its answer. */
  taken(ids: readonly string[], conversationId: string): PendingCall | undefined {
    for (const id of ids) {
      const pending = this.#pending.get(id);
      if (pending?.response.place.conversationId !== conversationId) continue;
      this.#pending.delete(id);
      this.#contents.delete(id);
      return pending;
    }
    return undefined;
  }

  #drawHosted(asked: ItemCall, response: AskingResponse, times: ItemTimes): void {
    const { startTime, endTime } = response;
    const seen = times.of(asked.itemId);
    const start = clamp(seen?.startTime ?? startTime, startTime, endTime);
    this.#draw(asked, response, {
      startTime: start,
      endTime: clamp(seen?.endTime ?? endTime, start, endTime),
    });
  }

  #draw(
    asked: ItemCall,
    response: AskingResponse,
    times: { startTime: number; endTime: number; timedHere?: boolean },
    answering = ROOT_CONTEXT,
  ): void {
    const recorded: RecordedToolCall = {
      call: asked.call,
      stepId: undefined,
      responseId: response.responseId,
      itemId: asked.itemId,
      vectorStoreIds: response.vectorStoreIds,
      failure: asked.failure,
      ...times,
    };
    recordToolCall(this.#telemetry, recorded, {
      parent: response.parent === undefined ? answering : contextOf(response.parent),
      place: response.place,
    });
  }
}
