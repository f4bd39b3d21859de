import { hasWritable, ProcessWide } from '../util/process-wide.ts';

/** Whether a call has passed a seam, of whichever copy of this package. */
export const seenCalls: ProcessWide<{ any: boolean }> = new ProcessWide({
  name: 'seen-calls',
  shape: 1,
  accepts: (value) => hasWritable(value, ['any']),
  create: () => ({ any: false }),
});
