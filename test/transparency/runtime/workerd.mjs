// A Worker: is sent what to run, and answers what came of it.
import { startInstrumented } from './client.mjs';
import { programs } from './programs.mjs';
import { runPrograms } from './run.mjs';

export default {
  async fetch(request) {
    const { stages, instrumented } = await request.json();
    const tracing = instrumented ? startInstrumented() : undefined;
    const outcomes = await runPrograms({ stages, programs, tracing });
    return Response.json({ outcomes, telemetry: await tracing?.finish() });
  },
};
