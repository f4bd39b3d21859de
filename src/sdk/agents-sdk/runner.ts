import { type Context, createContextKey } from '@opentelemetry/api';
import { activeContext, runIn } from '../../util/context.ts';
import { guard } from '../../util/guard.ts';
import { ownValue } from '../../util/own-data.ts';
import { field, stringField } from '../../util/payload.ts';
import { PatchedClass } from '../patches.ts';

/** The context key for the options of the innermost run of `@openai/agents`, which may name a session. */
const RUN_OPTIONS: symbol = createContextKey('opentelemetry-instrumentation-openai agents run');

/** Patches the `Runner` of `@openai/agents` to learn a run's options: traces do not name the session. */
export class RunnerClass extends PatchedClass {
  protected patch(): void {
    this.patches.wrap(this.prototype, 'run', (original) => ({
      run(...args) {
        const within = guard('preparing an agents run', contextOfRun, args[2]);
        const run = (): unknown => original.apply(this, args);
        return within === undefined ? run() : runIn(within, run);
      },
    }));
  }
}

function contextOfRun(options: unknown): Context | undefined {
  const active = activeContext();
  const names =
    ownValue(options, 'session') !== undefined || ownValue(options, 'conversationId') !== undefined;
  // A run inside another run is not part of the outer run's session.
  return names || active.getValue(RUN_OPTIONS) !== undefined
    ? active.setValue(RUN_OPTIONS, options)
    : undefined;
}

/**
 * The id of the session, or else of the conversation, that the innermost run names. A session of the
 * Conversations API gets its id when `@openai/agents` creates the conversation, before the trace starts.
 */
export function sessionIn(within: Context): string | undefined {
  const options = within.getValue(RUN_OPTIONS);
  const session = ownValue(options, 'session');
  // A session that compacts another session has no id of its own.
  const id =
    stringField(session, 'sessionId') ?? stringField(field(session, 'underlyingSession'), 'sessionId');
  return id ?? (ownValue(options, 'conversationId') as string | undefined);
}
