import type { Attributes } from '@opentelemetry/api';
import type { ModelPrices } from '../../config/model-prices.ts';
import { ATTR_GEN_AI_PROVIDER_NAME, ATTR_SERVER_ADDRESS } from '../../semconv/attributes.ts';
import type { Spending } from './prices.ts';

/** They bill audio at a higher price than text, so text prices do not apply to it. */
const SELLS_OPENAI: ReadonlySet<unknown> = new Set(['openai', 'azure.ai.openai']);

/** Each call of these chat models searches the web, for a fee. */
const SEARCHES_ALWAYS = /-search-(?:preview|api)/;

/** OpenAI's regional endpoints charge 10 % more for models released since GPT-5.4. */
const REGIONAL = /^[^.]+\.api\.openai\.com$/;
const WITHOUT_REGIONAL_PRICE =
  /^(?:ft:)?(?:gpt-[34]|gpt-5(?![.\d])|gpt-5\.[0-3]|o[134]|codex|computer-use|gpt-(?:audio|image-1|realtime)|text-|tts-|whisper)/;

/**
 * Whether the list prices of a model include all that is billed. A cost that lacks a part would be wrong.
 *
 * @param request the attributes of the request
 */
export function includesAll(
  prices: ModelPrices,
  model: string,
  request: Attributes,
  spending: Spending,
): boolean {
  const { usage, webSearches = 0, fileSearches = 0 } = spending;
  if (webSearches > 0 && prices.web_searches_kcount === undefined) return false;
  if (fileSearches > 0 && prices.storage_searches_kcount === undefined) return false;
  if (!SELLS_OPENAI.has(request[ATTR_GEN_AI_PROVIDER_NAME])) return true;
  if (SEARCHES_ALWAYS.test(model) && prices.requests_kcount === undefined) return false;
  if (REGIONAL.test(String(request[ATTR_SERVER_ADDRESS])) && !WITHOUT_REGIONAL_PRICE.test(model))
    return false;
  const { audioInputTokens = 0, audioOutputTokens = 0 } = usage?.modalities ?? {};
  if (audioInputTokens > 0 && prices.input_audio_mtok === undefined) return false;
  return audioOutputTokens === 0 || prices.output_audio_mtok !== undefined;
}
