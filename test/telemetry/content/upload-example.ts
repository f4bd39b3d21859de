import { ContentStore } from '../../../src/export.ts';

/** @param presign returns an address that takes one PUT, of S3, Google Cloud Storage or a compatible service */
const storeAt = (presign: (key: string) => Promise<string>) =>
  new ContentStore({
    put: async (key, bytes, contentType) => {
      const headers = { 'content-type': contentType };
      const { status } = await fetch(await presign(key), { method: 'PUT', headers, body: bytes.slice() });
      if (status >= 300) throw new Error(`The store answered ${status}.`);
    },
    baseUrl: 's3://bucket/content/',
  });

// The example of docs/privacy.md ends here.
export function example(presign: (key: string) => Promise<string>): ContentStore {
  return storeAt(presign);
}
