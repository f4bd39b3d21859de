import { readViewParameters, VIEW_USAGE } from './view-parameters.ts';

interface ViewOutput {
  write(text: string): unknown;
}

/**
 * The command `view`: a page from a file, or a live page.
 *
 * @returns the exit code: 0 if it did what was asked for, 1 if it could not, 2 for wrong parameters
 */
export async function runView(
  parameters: readonly string[],
  output: ViewOutput,
  errors: ViewOutput,
): Promise<number> {
  const wanted = readViewParameters(parameters);
  if ('problem' in wanted) {
    errors.write(`${wanted.problem}\n${VIEW_USAGE}`);
    return 2;
  }
  if (wanted.help) {
    output.write(VIEW_USAGE);
    return 0;
  }
  if (wanted.file !== undefined && !wanted.watch) {
    const { view } = await import('./page-maker.ts');
    return view(wanted.file, wanted.page, output, errors);
  }
  const { viewLive } = await import('./live/live-view.ts');
  return viewLive(wanted, output, errors);
}
