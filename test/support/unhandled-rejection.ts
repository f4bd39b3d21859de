/** The next rejection that nobody handles, which the test runner does not see. */
export function unhandledRejection(): Promise<unknown> {
  const others = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  return new Promise((resolve) => {
    process.once('unhandledRejection', (error) => {
      for (const each of others) process.on('unhandledRejection', each);
      resolve(error);
    });
  });
}
