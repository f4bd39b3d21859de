import { keepNewest } from '../../util/keep-newest.ts';
import { MAX_REPEATED } from '../../util/payload.ts';

/** What each response that answers the user has heard so far. A transcript often comes after its response has begun, or even ended. */
export class SpeechAnswers {
  /** Items that no response answers yet. */
  #unanswered: string[] = [];
  /** What the responses have heard, by items whose transcripts have not come. Later ones than the end are ignored. */
  readonly #heard = new Map<string, object[]>();

  committed(itemId: string | undefined): void {
    if (itemId !== undefined && this.#unanswered.length < MAX_REPEATED) this.#unanswered.push(itemId);
  }

  begun(heard: object[]): void {
    for (const itemId of this.#unanswered) this.#heard.set(itemId, heard);
    this.#unanswered = [];
    // A session without transcription never takes them.
    keepNewest(this.#heard);
  }

  /** What the response that answers the item has heard; `undefined` if none has begun. */
  take(itemId: string | undefined): object[] | undefined {
    const heard = this.#heard.get(itemId ?? '');
    if (itemId === undefined) return undefined;
    this.#heard.delete(itemId);
    if (heard === undefined) this.#unanswered = this.#unanswered.filter((id) => id !== itemId);
    return heard;
  }
}
