// Runs programs one after the other and returns what each came to. Knows nothing of tracing but what it is handed.
import { describe } from './describe.mjs';
import { pause } from './requests.mjs';

/** A program that takes longer hangs. */
const LONGEST = 15_000;

/** Thrown by a program when its version of the SDK, or the runtime, lacks what it is about. */
class Absent extends Error {}

/**
 * @param stages one for each program: its `name`, the `baseURL` and `control` address of its server, and whether
 *   garbage is to be `collect`ed at its end
 * @param programs by name
 * @param tracing `within(name, run)` runs below a span, `open(name)` counts what has not ended, and `handOver(target)`
 *   instruments where modules cannot be hooked; plain runs have none
 * @returns by name: `result`, or what was `absent` or `thrown`, and the `rejections` nobody handled
 */
export async function runPrograms({ stages, programs, tracing, collectGarbage }) {
  const unhandled = [];
  listenForRejections((error) => unhandled.push(error));
  const outcomes = {};
  for (const stage of stages) {
    const world = surroundings(stage, collectGarbage, tracing);
    const run = () => outcomeOf(() => programs[stage.name](world));
    const outcome = await (tracing === undefined ? run() : tracing.within(stage.name, run));
    await pause(5);
    if (stage.collect)
      await collect(collectGarbage, () => tracing === undefined || tracing.open(stage.name) === 0);
    outcomes[stage.name] = {
      ...outcome,
      rejections: unhandled.splice(0).map((error) => describe(error)),
      ...(tracing && { open: tracing.open(stage.name) }),
    };
  }
  return outcomes;
}

async function outcomeOf(run) {
  let timer;
  const hanging = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('The program hangs.')), LONGEST);
  });
  try {
    return { result: describe(await Promise.race([run(), hanging])) };
  } catch (error) {
    if (error instanceof Absent) return { absent: error.message };
    return { thrown: String(error?.stack ?? error) };
  } finally {
    clearTimeout(timer);
  }
}

/** What every program is handed. */
function surroundings({ baseURL, control }, collectGarbage, tracing) {
  return {
    /** For `new OpenAI()`. */
    options: { apiKey: 'sk-test', baseURL, maxRetries: 0 },
    /** Says that there is no such thing here; the program ends. */
    absent(what) {
      throw new Absent(what);
    },
    /** How many requests the server saw the client leave, once it saw that many. */
    async cancelled(count = 1) {
      const response = await fetch(`${control}?cancelled=${count}`);
      return (await response.json()).cancelled;
    },
    /** Waits until the server has got that many requests. */
    async received(count) {
      await fetch(`${control}?received=${count}`);
    },
    collectGarbage,
    /** Instruments what the client does not lead to, where modules cannot be hooked. */
    handOver: (target) => tracing?.handOver?.(target),
  };
}

/** Bun sometimes needs more than 50 turns. */
async function collect(collectGarbage, done) {
  const turns = collectGarbage === undefined ? 3 : 500;
  for (let turn = 0; turn < turns && (turn < 3 || !done()); turn++) {
    collectGarbage?.();
    await pause(2);
  }
}

function listenForRejections(listener) {
  if (typeof globalThis.process?.on === 'function') process.on('unhandledRejection', listener);
  else
    globalThis.addEventListener('unhandledrejection', (event) => {
      event.preventDefault();
      listener(event.reason);
    });
}
