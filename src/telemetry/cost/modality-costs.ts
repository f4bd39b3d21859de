import type { Attributes } from '@opentelemetry/api';
import {
  ATTR_OPENAI_USAGE_AUDIO_CACHE_READ_INPUT_COST,
  ATTR_OPENAI_USAGE_AUDIO_INPUT_COST,
  ATTR_OPENAI_USAGE_AUDIO_OUTPUT_COST,
  ATTR_OPENAI_USAGE_IMAGE_CACHE_READ_INPUT_COST,
  ATTR_OPENAI_USAGE_IMAGE_INPUT_COST,
  ATTR_OPENAI_USAGE_IMAGE_OUTPUT_COST,
  ATTR_OPENAI_USAGE_TEXT_CACHE_READ_INPUT_COST,
  ATTR_OPENAI_USAGE_TEXT_INPUT_COST,
  ATTR_OPENAI_USAGE_TEXT_OUTPUT_COST,
} from '../../semconv/attributes.ts';
import { addCosts, type CostPart } from './prices.ts';

/** The attributes that have the cost of a part: cached tokens are part of the input, as in the usage. */
const PART_ATTRIBUTES: Readonly<Record<CostPart, readonly string[]>> = {
  'text.input': [ATTR_OPENAI_USAGE_TEXT_INPUT_COST],
  'text.cached': [ATTR_OPENAI_USAGE_TEXT_INPUT_COST, ATTR_OPENAI_USAGE_TEXT_CACHE_READ_INPUT_COST],
  'text.output': [ATTR_OPENAI_USAGE_TEXT_OUTPUT_COST],
  'audio.input': [ATTR_OPENAI_USAGE_AUDIO_INPUT_COST],
  'audio.cached': [ATTR_OPENAI_USAGE_AUDIO_INPUT_COST, ATTR_OPENAI_USAGE_AUDIO_CACHE_READ_INPUT_COST],
  'audio.output': [ATTR_OPENAI_USAGE_AUDIO_OUTPUT_COST],
  'image.input': [ATTR_OPENAI_USAGE_IMAGE_INPUT_COST],
  'image.cached': [ATTR_OPENAI_USAGE_IMAGE_INPUT_COST, ATTR_OPENAI_USAGE_IMAGE_CACHE_READ_INPUT_COST],
  'image.output': [ATTR_OPENAI_USAGE_IMAGE_OUTPUT_COST],
};

/** Adds the cost of a part of a usage. */
export function addPartCost(attributes: Attributes, part: CostPart, cost: number): void {
  for (const name of PART_ATTRIBUTES[part]) {
    const known = attributes[name];
    attributes[name] = addCosts(typeof known === 'number' ? known : 0, cost);
  }
}
