import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

interface Form {
  readonly name: string;
  readonly description: string;
  readonly labels: readonly string[];
  readonly body: readonly {
    readonly type: string;
    readonly id?: string;
    readonly attributes: { readonly label?: string; readonly options?: readonly string[] };
  }[];
}

const TYPES = ['checkboxes', 'dropdown', 'input', 'markdown', 'textarea'];
const FORMS = globSync('.github/ISSUE_TEMPLATE/*.yml').filter((file) => !file.endsWith('config.yml'));
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

test('there are forms for what is wrong and what is missing, and no blank issues', () => {
  expect(FORMS.map((file) => file.replace(/.*\//, '')).toSorted()).toEqual(['bug.yml', 'feature.yml']);
  const config = parse(readFileSync('.github/ISSUE_TEMPLATE/config.yml', 'utf8'));
  expect(config).toEqual({
    blank_issues_enabled: false,
    contact_links: [
      {
        name: expect.any(String),
        url: expect.stringMatching(/\/security\/advisories\/new$/),
        about: expect.any(String),
      },
      { name: expect.any(String), url: expect.stringMatching(/\/discussions$/), about: expect.any(String) },
    ],
  });
});

test.each(FORMS)('%s is one that GitHub accepts', (file) => {
  const { name, description, labels, body } = parse(readFileSync(file, 'utf8')) as Form;
  expect([name, description].every((text) => text.length > 3)).toBe(true);
  expect(labels).toHaveLength(1);
  const questions = body.filter(({ type }) => type !== 'markdown');
  expect(questions.length).toBeGreaterThan(0);
  expect(body.filter(({ type }) => !TYPES.includes(type))).toEqual([]);
  expect(questions.filter(({ id = '' }) => !/^[\w-]+$/.test(id))).toEqual([]);
  for (const unique of [questions.map(({ id }) => id), questions.map(({ attributes }) => attributes.label)])
    expect(new Set(unique).size).toBe(questions.length);
  const choices = questions.filter(({ type }) => type === 'dropdown');
  expect(choices.filter(({ attributes }) => new Set(attributes.options).size < 2)).toEqual([]);
});

test('the form of pull requests names existing scripts', () => {
  const named = readFileSync('.github/pull_request_template.md', 'utf8').matchAll(/npm run (\w+)/g);
  const names = [...named].map(([, name = '']) => name);
  expect(names).toContain('check');
  expect(names.filter((name) => !(name in scripts))).toEqual([]);
});
