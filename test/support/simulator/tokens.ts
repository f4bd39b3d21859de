/** Words with the space before them; put together again they are the text. */
export function words(text: string): readonly string[] {
  return text.match(/\s*\S+(?:\s+$)?|\s+/gu) ?? [];
}

/** Words and single signs, about as a model's tokens; put together again they are the text. */
export function tokens(text: string): readonly string[] {
  return text.match(/\s*[\p{L}\p{N}_]+|\s*./gsu) ?? [];
}

/** About how many tokens a text is, where nobody scripted a number: four characters each. */
export function countTokens(text: string): number {
  return Math.ceil(text.length / 4);
}
