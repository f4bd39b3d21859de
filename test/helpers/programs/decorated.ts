/** A class whose methods are traced by decorators. Compiled before it is run, and run by `decorator.test.ts`. */
import { traced } from 'opentelemetry-instrumentation-openai/client';

export class Tutor {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  @traced('lesson')
  async teach(subject: string, _pages: number): Promise<string> {
    return `${this.#name} teaches ${subject}. ${this.explain()}`;
  }

  @traced({ prompt: 'explain', project: 'school' })
  explain(): string {
    return 'Look.';
  }

  @traced()
  *count(to: number): Generator<number> {
    for (let value = 1; value <= to; value++) yield value;
  }

  @traced
  grade(points: number): string {
    return 'CB'[points - 1] ?? 'A';
  }

  @traced()
  static create(name: string): Tutor {
    return new Tutor(name);
  }
}
