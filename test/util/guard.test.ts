import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { collectWarnings } from '../support/warnings.ts';

/** What is reported is remembered for the life of the process: each test has a guard of its own. */
type Guard = typeof import('../../src/util/guard.ts');
let guards: Guard;
let warnings: string[];

beforeEach(async () => {
  vi.resetModules();
  guards = await import('../../src/util/guard.ts');
  warnings = collectWarnings();
});

function fail(error: unknown): never {
  throw error;
}

describe('a guarded piece of the instrumentation', () => {
  test('returns its result', () => {
    expect(guards.guard('adding', (a: number, b: number) => a + b, 1, 2)).toBe(3);
    expect(warnings).toEqual([]);
  });

  test('that throws gives nothing, and is reported once for each place', () => {
    expect(guards.guard('reading', fail, new TypeError('x'))).toBeUndefined();
    expect(guards.guard('reading', fail, new TypeError('y'))).toBeUndefined();
    expect(guards.guard('writing', fail, 'z')).toBeUndefined();
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toMatch(/reading failed.*: TypeError\n\s+at .*guard.test/);
    expect(warnings[1]).toMatch(/writing failed.*: string$/);
  });

  test('is reported without control characters, which could change a terminal', () => {
    guards.log('warn', 'a model named \u001b[2J');
    expect(warnings[0]).toMatch(/a model named ␛\[2J$/);
  });

  test('is reported without the error message, which may quote the program', () => {
    guards.guard('reading', fail, new Error('secret\n    secret too'));
    guards.guard('writing', fail, 'secret');
    guards.guard('asking', fail, new Error('It failed.\n    at secret (file.js:1:1)'));
    expect(warnings.join()).not.toContain('secret');
    expect(warnings[2]).toMatch(/Error\n\s+at .*guard.test/);
  });

  test('may throw a value that cannot be described', async () => {
    const unreadable = new Error('secret');
    Object.defineProperty(unreadable, 'message', { get: () => fail(new Error('secret')) });
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const errors = [
      Object.assign(new Error('secret'), { stack: null }),
      Object.assign(new Error('secret'), { stack: { frames: ['secret'] } }),
      Object.assign(new Error('secret'), { constructor: undefined }),
      unreadable,
      proxy,
    ];
    for (const [index, error] of errors.entries())
      expect(guards.guard(`reading ${index}`, fail, error)).toBeUndefined();
    await expect(guards.guardAsync('waiting', async () => fail(proxy))).resolves.toBeUndefined();
    expect(warnings).toHaveLength(errors.length + 1);
    expect(warnings.join()).not.toContain('secret');
  });

  test('that rejects ends there', async () => {
    await expect(guards.guardAsync('waiting', async () => fail(new Error('x')))).resolves.toBeUndefined();
    await expect(guards.guardAsync('waiting', () => fail(new Error('x')))).resolves.toBeUndefined();
    expect(warnings).toHaveLength(1);
  });
});

test('a program whose logger throws is not affected', () => {
  const warn = (): never => fail(new Error('x'));
  const logger: DiagLogger = { error: warn, warn, info: warn, debug: warn, verbose: warn };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  expect(() => guards.guard('reading', fail, new Error('x'))).not.toThrow();
});

test('warnings are logged once, up to a limit', () => {
  for (let round = 0; round < 2; round++)
    for (let key = 0; key < 500; key++) guards.warnOnce(`key ${key}`, `message ${key}`);
  expect(warnings).toHaveLength(100);
  expect(warnings[0]).toBe('opentelemetry-instrumentation-openai: message 0');
});
