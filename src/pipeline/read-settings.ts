import { type OpenAIInstrumentationConfig, resolveSettings, type Settings } from '../config/config.ts';
import { unknownOptions } from '../config/unknown-names.ts';
import { notice, noticeAgain } from '../diagnostics/report.ts';

/**
 * The settings of an observer. What is wrong with them, and content that they record, are findings.
 *
 * @param noticeWithheld receives what keeps content from being recorded
 */
export function readSettings(
  config: OpenAIInstrumentationConfig,
  noticeWithheld: typeof notice = noticeAgain,
): Settings {
  const settings = resolveSettings(config, (problem, withholdsContent) =>
    (withholdsContent ? noticeWithheld : notice)('option_not_accepted', problem),
  );
  // Looked at closer only if needed: the code for that is loaded with its first use.
  const isPlain = Object.keys(config).every((name) => name === 'enabled' || Object.hasOwn(settings, name));
  if (!isPlain || config.events !== undefined)
    for (const problem of unknownOptions(config)) notice('option_not_accepted', problem);
  const { captureMessageContent } = settings;
  if (captureMessageContent !== 'NO_CONTENT') notice('content_recorded', captureMessageContent);
  return settings;
}
