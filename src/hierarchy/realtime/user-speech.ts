import { defined } from '../../operations/attributes.ts';
import { realtimeTranscription } from '../../operations/realtime.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { EVENT_OPENAI_REALTIME_SPEECH } from '../../semconv/events.ts';
import { Keeper, textLimits } from '../../telemetry/content/kept-content.ts';
import { placeAttributes } from '../../telemetry/place-attributes.ts';
import { OperationRecord } from '../../telemetry/record.ts';
import { keepNewest } from '../../util/bounded-map.ts';
import { field, MAX_REPEATED, stringField, textField } from '../../util/payload.ts';
import { readItemResults } from '../dialects/responses.ts';
import { requestTo } from '../dialects/shared-readers.ts';
import type { RealtimeSession } from './realtime-session.ts';

export interface AddedInput {
  /** Missing until the transcript comes, which is often after the response has begun. */
  item: unknown;
}

/** A part of the user's speech that is an item of the conversation. Its transcript may follow. */
interface SpokenItem {
  readonly endTime: number;
  /** Set once the item is committed, if content is recorded. */
  said: AddedInput | undefined;
}

export class UserSpeech {
  readonly #session: RealtimeSession;
  /** The items that were said or added since the last response. Empty if content is not recorded. */
  readonly #input: AddedInput[] = [];
  /** Limits the content of the items in `#input`: no response may ever take them. */
  readonly #keeper: Keeper;
  /** When the program began to send audio that is not committed yet, and how many seconds it had sent before that. */
  #sendingSince: number | undefined;
  #sentBefore = 0;
  /** When speech began: in milliseconds of audio as the server counts them, and by our clock. */
  #started: { readonly ms: number | undefined; readonly time: number } | undefined;
  /** When the last speech ended. Set until a response answers that speech. */
  #end: number | undefined;
  /** When the program committed audio, as it must at the end of a turn that the server does not detect. */
  #committing: number | undefined;
  readonly #spoken = new Map<string, SpokenItem>();

  constructor(session: RealtimeSession) {
    this.#session = session;
    this.#keeper = new Keeper(textLimits(session.telemetry.settings));
  }

  itemBrought(item: unknown): void {
    const { conversation, start, endpoint, facts, time, context } = this.#session;
    const { toolCalls } = start.tracker;
    if (field(item, 'type') === 'message' && field(item, 'role') === 'user')
      conversation.count({ userMessages: 1 });
    if (toolCalls.areAwaited) {
      const answering = { origin: endpoint.origin, conversationId: facts.id, context };
      const answered = toolCalls.answer(readItemResults({ input: [item] }), answering);
      answered.sent(time, context);
      answered.accepted();
    }
    this.#say(item);
  }

  #say(item: unknown): AddedInput | undefined {
    if (!this.#session.content) return undefined;
    const dropped = this.#input.length < MAX_REPEATED ? undefined : this.#input.shift();
    const said = { item: this.#keeper.keep(item, dropped?.item) };
    this.#input.push(said);
    return said;
  }

  audioSent(bytes: number): void {
    this.#session.counts.heardSeconds += bytes / this.#session.facts.inputRate;
    this.#sendingSince ??= this.#session.clock.now();
  }

  speechStarted(startMs: number | undefined): void {
    this.#started = { ms: startMs, time: this.#session.time };
  }

  speechStopped(itemId: string | undefined, endMs: number | undefined): void {
    const { time } = this.#session;
    const { ms, time: startTime } = this.#started ?? {};
    const isReported = ms !== undefined && endMs !== undefined && endMs >= ms;
    this.#ended(itemId, startTime, isReported ? (endMs - ms) / 1e3 : undefined, time);
    this.#started = undefined;
    this.#end = time;
  }

  committing(): void {
    this.#committing = this.#session.time;
  }

  /**
   * Called when the server has made an item of the audio. If the server does not detect turns, the speech
   * ended when the program committed the audio.
   */
  committed(itemId: string | undefined): void {
    const committing = this.#committing;
    const seconds = this.#session.counts.heardSeconds - this.#sentBefore;
    if (committing !== undefined && itemId !== undefined && !this.#spoken.has(itemId))
      this.#ended(itemId, this.#sendingSince, seconds, committing);
    const item = this.#spokenItem(itemId, this.#session.time);
    if (item !== undefined) item.said ??= this.#say(undefined);
    this.#committing = undefined;
    this.cleared();
  }

  cleared(): void {
    this.#sendingSince = undefined;
    this.#sentBefore = this.#session.counts.heardSeconds;
  }

  #ended(
    itemId: string | undefined,
    startTime: number | undefined,
    seconds: number | undefined,
    time: number,
  ): void {
    if (itemId === undefined || this.#session.claims(`speech of ${itemId}`))
      this.#session.conversation.count({ userMessages: 1 });
    const attributes = defined({
      [ATTR.OPENAI_ITEM_ID]: itemId,
      [ATTR.OPENAI_AUDIO_DURATION]: seconds,
      // Times before and after the clock was set can overlap by less than a millisecond.
      [ATTR.OPENAI_REALTIME_SPEECH_TIME]:
        startTime === undefined ? undefined : Math.max(time - startTime, 0) / 1e3,
    });
    this.#session.record?.addEvent(EVENT_OPENAI_REALTIME_SPEECH, attributes, time);
    this.#spokenItem(itemId, time);
  }

  #spokenItem(itemId: string | undefined, endTime: number): SpokenItem | undefined {
    const known = this.#spoken.get(itemId ?? '');
    if (known !== undefined || itemId === undefined) return known;
    const item = { endTime, said: undefined };
    this.#spoken.set(itemId, item);
    // Without transcription, no event removes these items.
    keepNewest(this.#spoken);
    return item;
  }

  transcribed(event: unknown): void {
    const { telemetry, endpoint, context: parent, time: endTime, facts, place: within } = this.#session;
    const itemId = stringField(event, 'item_id');
    const item = this.#spoken.get(itemId ?? '');
    this.#spoken.delete(itemId ?? '');
    const text = textField(event, 'transcript');
    const message = { type: 'message', role: 'user', content: [{ type: 'input_text', text }] };
    if (item?.said !== undefined)
      item.said.item = text === undefined ? undefined : this.#keeper.keep(message, item.said.item);
    else if (text !== undefined) this.#say(message);
    if (itemId !== undefined && !this.#session.claims(`transcript of ${itemId}`)) return;
    const attributes = defined({ ...placeAttributes(within), [ATTR.OPENAI_ITEM_ID]: itemId });
    const record = new OperationRecord(telemetry, {
      operation: realtimeTranscription,
      request: requestTo('/realtime', { model: facts.transcriptionModel }),
      endpoint,
      startTime: item?.endTime ?? endTime,
      place: { parent, attributes },
    });
    record.end({ result: event }, endTime);
    this.#session.conversation.count({ spent: record.spent });
  }

  /** What was said or added since the last response. If `takes`, the next response does not get it again. */
  said(takes: boolean): readonly AddedInput[] {
    if (!takes) return [...this.#input];
    this.#keeper.forget();
    return this.#input.splice(0);
  }

  takeEnd(): number | undefined {
    const end = this.#end;
    this.#end = undefined;
    return end;
  }
}
