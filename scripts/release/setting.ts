/** The fields of package.json that are read or written here. */
export interface Manifest {
  readonly name: string;
  readonly repository?: { readonly type: string; readonly url: string };
  readonly homepage?: string;
  readonly bugs?: { readonly url: string };
  readonly [field: string]: unknown;
}

/** The file to send to `data/registry` of OpenTelemetry's website. */
export const REGISTRY_ENTRY =
  '.github/opentelemetry-registry/instrumentation-js-opentelemetry-instrumentation-openai.yml';

const ADDRESS = /^(?:git\+)?https:\/\/github\.com\/([\w.-]+)\/([\w.-]+?)(?:\.git)?\/?$/;
/** Finds placeholders for names. */
const PLACEHOLDER =
  /^(?:<.*|example.*|name|org|organi[sz]ation|owner|placeholder|repo(?:sitory)?|todo|user(?:name)?|your\b.*)$/i;

interface Place {
  readonly owner: string;
  /** The address of the repository. */
  readonly page: string;
}

function placeOf(address: string | undefined): Place | undefined {
  const [, owner = '', name = ''] = ADDRESS.exec(address ?? '') ?? [];
  if (owner === '' || [owner, name].some((part) => PLACEHOLDER.test(part))) return undefined;
  return { owner, page: `https://github.com/${owner}/${name}` };
}

/** The address of the repository, once it is set. */
export function pageOf({ repository }: Manifest): string | undefined {
  return placeOf(repository?.url)?.page;
}

/** Adds the fields that follow from the address to a manifest, after its license. */
export function withRepository(manifest: Manifest, address: string): Manifest {
  const { repository: _, homepage: __, bugs: ___, ...others } = manifest;
  const fields = fieldsOf(placeOf(address)?.page ?? address);
  const entries = Object.entries(others).flatMap(([name, value]) =>
    name === 'license' ? [[name, value], ...Object.entries(fields)] : [[name, value]],
  );
  return Object.fromEntries(entries) as Manifest;
}

function fieldsOf(page: string) {
  return {
    homepage: `${page}#readme`,
    bugs: { url: `${page}/issues` },
    repository: { type: 'git', url: `git+${page}.git` },
  };
}

/** The problems to fix before a release. */
export function problemsOf(manifest: Manifest, entry: string, released: string | undefined): string[] {
  const place = placeOf(manifest.repository?.url);
  if (place === undefined)
    return ['Set the repository: npm run repository -- https://github.com/<owner>/<name>'];
  const fields = Object.entries(fieldsOf(place.page));
  const differing = fields
    .filter(([name, value]) => JSON.stringify(manifest[name]) !== JSON.stringify(value))
    .map(([name]) => `package.json: ${name}`);
  const [, createdAt = ''] = /^createdAt: (\S+)$/m.exec(entry) ?? [];
  if (entry !== registryEntry(manifest, createdAt)) differing.push(REGISTRY_ENTRY);
  const problems = differing.map(
    (what) => `${what} differs from the repository: npm run repository -- ${place.page}`,
  );
  if (released !== undefined && place.page !== `https://github.com/${released}`)
    problems.push(`The release runs in ${released}, but package.json says ${place.page}.`);
  return problems;
}

/** The entry for OpenTelemetry's registry, by its template. It has no address until the repository is set. */
export function registryEntry({ name, repository }: Manifest, createdAt: string): string {
  const { owner = '<owner>', page = '<repository>' } = placeOf(repository?.url) ?? {};
  return `# cSpell:ignore openai
title: Instrumentation of OpenAI's Node SDK, with the hierarchy of conversations
registryType: instrumentation
language: js
tags:
  - openai
  - genai
  - llm
  - agents
  - instrumentation
  - js
urls:
  repo: ${page}
  docs: ${page}/tree/main/docs
license: Apache 2.0
description: >-
  Records every call of the openai package as spans and metrics of the GenAI conventions, and joins the calls of a
  conversation, of a run or of an agent into one tree.
authors:
  - name: ${owner}
    url: https://github.com/${owner}
createdAt: ${createdAt}
isNative: false
isFirstParty: false
package:
  registry: npm
  name: ${name}
`;
}
