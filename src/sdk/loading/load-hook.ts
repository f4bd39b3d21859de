import { readFileSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';
import { guard } from '../../util/guard.ts';
import { processStateKey } from '../../util/process-state.ts';
import { announcementOf, hookedFile, versionOfHooked } from './hooked-files.ts';

/**
 * The hook that appends the announcement to files. It makes Node load every file more slowly, so it is paused while the
 * client of `openai` requires its two hundred other files.
 */
export class LoadHook {
  /** If no listener wants copies of the OpenTelemetry API, their files are left unchanged. */
  announcesApi = false;
  readonly #register: typeof module.registerHooks = module.registerHooks;
  #registered: module.ModuleHooks | undefined;

  constructor() {
    this.resume();
  }

  resume(): void {
    const { load } = this;
    this.#registered ??= this.#register({ load });
  }

  readonly load: module.LoadHookSync = (url, context, nextLoad) => {
    const result = nextLoad(url, context);
    if (hookedFile(url) === undefined) return result;
    const announced = guard('instrumenting a module', withAnnouncement, url, result, this.announcesApi);
    guard('pausing the module hooks', () => {
      if (announced !== undefined && leadsToNoOther(url, context)) this.#rest();
    });
    return announced ?? result;
  };

  /** Pauses until `resume` or the end of the synchronous code: a file that throws never calls `resume`. */
  #rest(): void {
    this.#registered?.deregister();
    this.#registered = undefined;
    void Promise.resolve().then(() => this.resume());
  }
}

/** The client of openai 5 or later, once required, loads no other hooked file. */
function leadsToNoOther(url: string, { conditions }: module.LoadHookContext): boolean {
  return url.endsWith('/client.js') && conditions.includes('require');
}

export function withAnnouncement(
  url: string,
  result: module.LoadFnOutput,
  announcesApi: boolean,
): module.LoadFnOutput | undefined {
  const file = url.startsWith('file:') ? fileURLToPath(url) : url;
  // Other packages may have files of the same name.
  if (versionOfHooked(file) === undefined) return undefined;
  if (hookedFile(file)?.defines === 'api' && !announcesApi) return undefined;
  const source = result.source == null ? readFileSync(file, 'utf8') : sourceText(result.source);
  // The hooks of another copy of this package have changed the file already.
  if (source.includes(JSON.stringify(processStateKey()))) return undefined;
  return { ...result, source: source + announcementOf(file, processStateKey()) };
}

function sourceText(source: string | ArrayBuffer | NodeJS.TypedArray): string {
  return typeof source === 'string' ? source : new TextDecoder().decode(source);
}
