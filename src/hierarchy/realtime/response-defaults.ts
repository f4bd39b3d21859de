import { readResponseTools } from '../../operations/response/tool-definitions.ts';
import { LimitedJson } from '../../telemetry/content/limited-json.ts';
import { KeptText, type TextLimits, TextRoom } from '../../telemetry/kept-text.ts';
import { asCount, field, names } from '../../util/payload.ts';

/**
 * What a session sets for the responses that do not set it themselves. The parameters have the names of the older version
 * of the API, which give way to those of the newer one.
 *
 * @param limits of content; `undefined` if it is not recorded
 */
export function readResponseDefaults(session: unknown, limits: TextLimits | undefined): object {
  const tokens = field(session, 'max_output_tokens') ?? field(session, 'max_response_output_tokens');
  const modalities = field(session, 'output_modalities') ?? field(session, 'modalities');
  const defaults: Record<string, unknown> = {};
  // Without a number, there is no limit any more.
  if (tokens !== undefined) defaults.max_response_output_tokens = asCount(tokens);
  if (Array.isArray(modalities)) defaults.modalities = names(modalities);
  if (limits === undefined) return defaults;
  const instructions = field(session, 'instructions');
  if (typeof instructions === 'string') {
    const kept = new KeptText();
    kept.add(instructions, new TextRoom(limits.text, limits.span));
    const original_length = kept.isCut ? kept.length : undefined;
    defaults.instructions = [{ content: [{ type: 'output_text', text: kept.text, original_length }] }];
  }
  if (Array.isArray(field(session, 'tools'))) defaults.tools = keptTools(session, limits);
  return defaults;
}

/** Those that do not fit are kept without their content, to be counted as omitted. */
function keptTools(session: unknown, { text, span }: TextLimits): unknown[] {
  const json = new LimitedJson(text, span);
  return readResponseTools(session).map((tool) => {
    const written = json.write(tool);
    return written === undefined ? { type: tool.type } : JSON.parse(written);
  });
}
