import { propagation } from '@opentelemetry/api';
import { notice } from '../diagnostics/report.ts';
import { asObject, field, objectField } from '../util/payload.ts';
import type { Call } from './call.ts';
import { isPlain } from './reflect.ts';

/**
 * Most that the API takes: pairs, and characters of each half.
 *
 * @see https://platform.openai.com/docs/api-reference/runs/createRun#runs-createrun-metadata
 */
const MOST_PAIRS = 16;
const LONGEST_KEY = 64;
const LONGEST_VALUE = 512;

/**
 * The request options with the trace context of the call among the metadata of what is created, in the format of
 * the propagator that is registered, where the call's observer wants that. What the program passed stays as it
 * is, and so does all metadata of its own. Baggage never travels: it is the program's, not the trace's.
 */
export function addTraceContext(call: Call, options: unknown): unknown {
  if (!call.propagates) return options;
  const body = objectField(options, 'body');
  const metadata = field(body, 'metadata') ?? {};
  // guard ` || !isPlain(metadata)`: metadata that is more than its fields loses the rest
  if (!isPlain(body) || !isPlain(metadata)) return options;
  const carrier = traceContextOf(call);
  const names = Object.keys(carrier);
  // guard ` || names.some((name) => Object.hasOwn(metadata, name))`: a context that the program has put there itself is lost
  if (names.length === 0 || names.some((name) => Object.hasOwn(metadata, name))) return options;
  if (Object.keys(metadata).length + names.length > MOST_PAIRS) {
    notice('metadata_full');
    return options;
  }
  return { ...asObject(options), body: { ...body, metadata: { ...metadata, ...carrier } } };
}

function traceContextOf({ context }: Call): Readonly<Record<string, string>> {
  const carrier: Record<string, string> = {};
  propagation.inject(propagation.deleteBaggage(context), carrier, {
    set(fields, name, value) {
      const fits = name.length <= LONGEST_KEY && value !== '' && value.length <= LONGEST_VALUE;
      // guard `if (fits) `: the API refuses the request
      if (fits) fields[name] = value;
    },
  });
  return carrier;
}
