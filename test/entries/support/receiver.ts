import { afterAll, beforeAll } from 'vitest';
import { type OtlpReceiver, startOtlpReceiver } from '../../support/lanes/otlp.ts';

type Receiver = Pick<OtlpReceiver, 'url' | 'httpUrl'> & OtlpReceiver['received'];

/** An OTLP receiver for each group of tests, emptied by whoever looks at it. */
export function useReceiver(): () => Receiver {
  let receiver: OtlpReceiver | undefined;
  beforeAll(async () => {
    receiver = await startOtlpReceiver();
  });
  afterAll(() => receiver?.close());
  return () => {
    if (receiver === undefined) throw new Error('The receiver is not running.');
    const { url, httpUrl, received } = receiver;
    for (const names of Object.values(received)) names.length = 0;
    return { url, httpUrl, ...received };
  };
}
