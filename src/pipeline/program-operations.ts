import type { Context } from '@opentelemetry/api';
import type { OperationKind } from '../telemetry/operation.ts';
import { type LocalPlace, ProgramOperation, type ProgramResult } from '../telemetry/program-operation.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { clockIn, now } from '../util/clock.ts';
import { activeContext } from '../util/context.ts';
import { guard } from '../util/guard.ts';

/**
 * Starts the record of what the program, or a helper of the SDK, does without a request.
 *
 * @param find finds its place; the default is below the active span
 */
export function startOperation<Request>(
  telemetry: Telemetry,
  operation: OperationKind<Request, ProgramResult>,
  request: Request,
  find: (context: Context, startTime: number) => LocalPlace | undefined,
): ProgramOperation<Request> | undefined {
  return guard('starting a span', () => {
    const context = activeContext();
    const clock = clockIn(context);
    const startTime = now(clock);
    const place = guard('placing a span', find, context, startTime) ?? { parent: context };
    return new ProgramOperation(telemetry, { operation, request, place, startTime, clock });
  });
}
