import { field, MAX_READ, objectField, stringField } from '../util/payload.ts';

/** The start and end times of the items of a streamed response. */
export class ItemTimes {
  /** Created lazily: most responses are not streamed. */
  #times: Map<string, { startTime: number; endTime: number | undefined }> | undefined;

  add(event: unknown, time: number): void {
    const type = field(event, 'type');
    if (type !== 'response.output_item.added' && type !== 'response.output_item.done') return;
    const id = stringField(objectField(event, 'item'), 'id');
    if (id === undefined) return;
    this.#times ??= new Map();
    const known = this.#times.get(id);
    if (known === undefined) {
      if (this.#times.size < MAX_READ) this.#times.set(id, { startTime: time, endTime: undefined });
    } else if (type === 'response.output_item.done') known.endTime ??= time;
  }

  of(id: string | undefined): { startTime: number; endTime: number | undefined } | undefined {
    return id === undefined ? undefined : this.#times?.get(id);
  }
}
