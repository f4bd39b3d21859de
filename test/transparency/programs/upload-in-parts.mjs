import OpenAI, * as openai from 'openai';

export default async ({ options, absent }) => {
  const { uploads } = new OpenAI(options);
  if (uploads === undefined) return absent('uploads');
  const upload = await uploads.create({
    bytes: 4,
    filename: 'a.txt',
    mime_type: 'text/plain',
    purpose: 'assistants',
  });
  const data = await openai.toFile(new TextEncoder().encode('abcd'), 'part');
  const part = await uploads.parts.create(upload.id, { data });
  return { upload, part, done: await uploads.complete(upload.id, { part_ids: [part.id] }) };
};
